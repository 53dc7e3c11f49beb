package lint

import (
	"regexp"
	"strings"

	"github.com/trellis-go/trellis/platform/migrate/script"
)

var (
	noise = regexp.MustCompile(`--[^\n]*|/\*(?s:.*?)\*/|'(?:[^']|'')*'`)
	space = regexp.MustCompile(`\s+`)
	unit  = regexp.MustCompile(`(?i)(\d) (?:char|byte)\)`)
)

// plain is a statement in one line, without comments, quotes of names, and what stands in literals.
func plain(sql string) string {
	sql = noise.ReplaceAllStringFunc(sql, func(found string) string {
		if found[0] == '\'' {
			return "''"
		}
		return " "
	})
	sql = strings.NewReplacer("`", "", `"`, "", "(", " (", ",", ", ").Replace(sql)
	sql = space.ReplaceAllString(sql, " ")
	sql = unit.ReplaceAllString(sql, "$1)")
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(sql), ";"))
}

// list splits at the commas that are in no parentheses.
func list(text string) []string {
	var parts []string
	depth, begin := 0, 0
	for i, c := range text {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, strings.TrimSpace(text[begin:i]))
			begin = i + 1
		}
	}
	return append(parts, strings.TrimSpace(text[begin:]))
}

// rebuild is how SQLite changes a column: a new table that takes the rows, and then the name.
type rebuild struct {
	table   string
	columns []string // those that are copied
}

var (
	copying  = regexp.MustCompile(`(?i)^insert into ` + named + ` \(([^)]*)\) select .* from ` + named)
	renaming = regexp.MustCompile(`(?i)^alter table ` + named + ` rename to ` + named + `$`)
)

// rebuilds finds the tables that are rebuilt, by the name that they have meanwhile.
func rebuilds(statements []script.Statement) map[string]rebuild {
	copied, found := map[string]rebuild{}, map[string]rebuild{}
	for _, statement := range statements {
		sql := plain(statement.SQL)
		if m := copying.FindStringSubmatch(sql); m != nil {
			copied[m[1]] = rebuild{table: m[3], columns: list(m[2])}
		}
		if m := renaming.FindStringSubmatch(sql); m != nil && copied[m[1]].table == m[2] {
			found[m[1]] = copied[m[1]]
		}
	}
	return found
}
