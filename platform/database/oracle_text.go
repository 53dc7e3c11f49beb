package database

import (
	"fmt"
	"regexp"
	"strings"
)

// oracleMostInList is how many values an IN takes before 23ai.
const oracleMostInList = 1000

var (
	oracleBlock  = regexp.MustCompile(`(?is)^\s*(?:begin\b|declare\b|create\s+(?:or\s+replace\s+)?(?:trigger|procedure|function|package|type)\b)`)
	oracleInList = regexp.MustCompile(`(?i)([\w.$#"]+)\s+(not\s+)?in\s*\((:\d+(?:\s*,\s*:\d+)*)\)`)
)

// oracleText is a statement as the server takes it.
func oracleText(query string, binds int) (string, error) {
	if binds > oracleMostBinds {
		return "", fmt.Errorf("a statement has %d values: Oracle takes %d, do it in parts", binds, oracleMostBinds)
	}
	// A semicolon ends a statement for the tools that read files, and only within a block for the server.
	if trimmed := strings.TrimRight(query, " \t\r\n"); strings.HasSuffix(trimmed, ";") && !oracleBlock.MatchString(oracleUncommented(query)) {
		query = strings.TrimSuffix(trimmed, ";")
	}
	if binds <= oracleMostInList {
		return query, nil
	}
	return oracleInList.ReplaceAllStringFunc(query, oracleSplitIn), nil
}

// oracleUncommented leaves out the comments before a statement.
func oracleUncommented(query string) string {
	for {
		query = strings.TrimLeft(query, " \t\r\n")
		if !strings.HasPrefix(query, "--") {
			return query
		}
		_, query, _ = strings.Cut(query, "\n")
	}
}

// oracleSplitIn makes several lists of one that is too long.
func oracleSplitIn(found string) string {
	parts := oracleInList.FindStringSubmatch(found)
	operand, not, values := parts[1], parts[2], strings.Split(parts[3], ",")
	if len(values) <= oracleMostInList {
		return found
	}
	in, join := " IN (", " OR "
	if not != "" {
		in, join = " NOT IN (", " AND "
	}
	var lists []string
	for begin := 0; begin < len(values); begin += oracleMostInList {
		end := min(begin+oracleMostInList, len(values))
		lists = append(lists, operand+in+strings.Join(values[begin:end], ",")+")")
	}
	return "(" + strings.Join(lists, join) + ")"
}
