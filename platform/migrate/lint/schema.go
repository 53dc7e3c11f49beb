package lint

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// schema is the tables by name, as far as their statements tell.
type schema map[string]*table

type table struct {
	file    string // that created it
	columns map[string]column
}

type column struct {
	kind     string // in small letters, without size
	size     []int
	unsigned bool
	required bool // NOT NULL
	fresh    bool // added by the file that is being checked
	filled   bool // there is a value for rows that exist: a default, or the engine makes one
}

var (
	typePattern  = regexp.MustCompile(`^(\w+)(?: \(([\d, ]+)\))?`)
	isRequired   = regexp.MustCompile(`(?i)\b(not null|primary key)\b`)
	isFilled     = regexp.MustCompile(`(?i)\b(default|auto_increment|autoincrement|generated|as)\b`)
	noColumn     = regexp.MustCompile(`(?i)^(primary|unique|index|key|constraint|foreign|check|fulltext|spatial|partition|period|system)\b`)
	integers     = []string{"tinyint", "smallint", "mediumint", "int", "bigint"}
	texts        = map[string]int{"tinytext": 255, "text": 65535, "mediumtext": 1<<24 - 1, "longtext": 1<<32 - 1, "clob": 1<<32 - 1}
	sameAs       = map[string]string{"integer": "int", "bool": "tinyint", "boolean": "tinyint", "numeric": "decimal", "number": "decimal"}
	unsignedWord = regexp.MustCompile(`(?i)\bunsigned\b`)
)

// columnOf reads a definition without its name.
func columnOf(definition string) column {
	parts := typePattern.FindStringSubmatch(definition)
	if parts == nil {
		return column{}
	}
	c := column{
		kind: strings.ToLower(parts[1]), unsigned: unsignedWord.MatchString(definition),
		required: isRequired.MatchString(definition), filled: isFilled.MatchString(definition),
	}
	if same, ok := sameAs[c.kind]; ok {
		c.kind = same
	}
	for size := range strings.SplitSeq(parts[2], ",") {
		if n, err := strconv.Atoi(strings.TrimSpace(size)); err == nil {
			c.size = append(c.size, n)
		}
	}
	return c
}

// columnsOf reads what stands in the parentheses of CREATE TABLE.
func columnsOf(body string) map[string]column {
	columns := map[string]column{}
	for _, part := range list(body) {
		name, definition, _ := strings.Cut(part, " ")
		if !noColumn.MatchString(part) {
			columns[name] = columnOf(definition)
		}
	}
	return columns
}

// narrows tells whether a value of one column may not fit into the other.
func narrows(from, to column) bool {
	rank, least := slices.Index(integers, to.kind), slices.Index(integers, from.kind)
	switch {
	case from.unsigned != to.unsigned:
		return true
	case rank >= 0 && least >= 0:
		return rank < least
	case from.length() > 0 && to.length() > 0:
		return to.length() < from.length()
	case from.kind != to.kind:
		return true
	case from.kind == "decimal":
		return to.at(1) < from.at(1) || to.at(0)-to.at(1) < from.at(0)-from.at(1)
	default:
		return to.at(0) < from.at(0)
	}
}

// length is how much text fits, 0 for what is no text.
func (c column) length() int {
	if strings.HasSuffix(c.kind, "char") || strings.HasSuffix(c.kind, "char2") {
		return max(c.at(0), 1)
	}
	return texts[c.kind]
}

func (c column) at(i int) int {
	if i < len(c.size) {
		return c.size[i]
	}
	return 0
}
