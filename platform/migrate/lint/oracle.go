package lint

import "regexp"

const oracle = "oracle"

var (
	inParentheses = regexp.MustCompile(`(?i)^(add|modify|drop) \((.*)\)[^()]*$`)
	saysType      = regexp.MustCompile(`(?i)^(?:not null|null|default)\b`)
	saysNull      = regexp.MustCompile(`(?i)\b(?:not )?null\b`)
	onlineWord    = regexp.MustCompile(`(?i)\bonline\b`)
	unchecked     = regexp.MustCompile(`(?i)\bnovalidate\b`)
)

// changes are those of one ALTER TABLE. Oracle has several of a kind in parentheses.
func (f *file) changes(text string) []string {
	parts := inParentheses.FindStringSubmatch(text)
	if parts == nil || f.engine != oracle {
		return list(text)
	}
	var all []string
	for _, one := range list(parts[2]) {
		all = append(all, parts[1]+" "+one)
	}
	return all
}

// oracleColumn is a column after a MODIFY, which leaves what it does not say.
func oracleColumn(before column, definition string) column {
	after := columnOf(definition)
	if saysType.MatchString(definition) {
		after.kind, after.size = before.kind, before.size
	}
	if !saysNull.MatchString(definition) {
		after.required = before.required
	}
	after.fresh = before.fresh
	return after
}
