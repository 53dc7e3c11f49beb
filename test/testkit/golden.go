package testkit

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	ora "github.com/sijms/go-ora/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// statements are the texts of the golden files by name: each distinct statement once, with the kinds of its values.
type statements map[string]string

// add checks what was sent, and takes in what is new.
func (s statements) add(t *testing.T, sent []Statement) {
	t.Helper()
	for _, statement := range sent {
		for _, fault := range Faults(statement) {
			assert.Fail(t, fault, statement.SQL)
		}
		text := statement.SQL + "\n"
		if kinds := kindsOf(statement.Args); kinds != "" {
			text = "-- " + kinds + "\n" + text
		}
		s[fileOf(statement.SQL, text)] = text
	}
}

// fileOf names a file after what the statement does, and to which table.
func fileOf(sql, text string) string {
	name := key(sql)
	if name == "" {
		name = strings.ToLower(strings.Join(strings.Fields(sql)[:min(2, len(strings.Fields(sql)))], " "))
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(text))
	return fmt.Sprintf("%s_%08x.sql", strings.ReplaceAll(name, " ", "_"), sum.Sum32())
}

// kindsOf lists the kinds of the values, or counts them when they are many.
func kindsOf(args []any) string {
	kinds := make([]string, len(args))
	for i, arg := range args {
		switch arg.(type) {
		case nil:
			kinds[i] = "null"
		case string:
			kinds[i] = "text"
		case int64, float64:
			kinds[i] = "number"
		case ora.TimeStamp:
			kinds[i] = "timestamp"
		case ora.Clob:
			kinds[i] = "clob"
		case []byte:
			kinds[i] = "bytes"
		default:
			kinds[i] = fmt.Sprintf("%T", arg)
		}
	}
	if len(kinds) <= 12 {
		return strings.Join(kinds, ", ")
	}
	slices.Sort(kinds)
	var counts []string
	for begin := 0; begin < len(kinds); {
		end := begin
		for end < len(kinds) && kinds[end] == kinds[begin] {
			end++
		}
		counts = append(counts, fmt.Sprintf("%d × %s", end-begin, kinds[begin]))
		begin = end
	}
	return strings.Join(counts, ", ")
}

// compare compares with the files of a folder, or writes them. Files of statements that were not sent are an error when
// everything ran.
func (s statements) compare(t *testing.T, folder string, everything bool) {
	t.Helper()
	there, err := filepath.Glob(filepath.Join(folder, "*.sql"))
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.MkdirAll(folder, 0o750))
		for name, text := range s {
			require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
		}
	}
	for name, text := range s {
		want, err := os.ReadFile(filepath.Join(folder, name))
		if assert.NoError(t, err, "a statement that was not reviewed for Oracle: run with -update, and read it\n%s", text) {
			assert.Equal(t, string(want), text, name)
		}
	}
	for _, file := range there {
		if _, sent := s[filepath.Base(file)]; !sent && everything {
			if *update {
				assert.NoError(t, os.Remove(file))
			} else {
				assert.Fail(t, "a statement that is not sent any more: run with -update", file)
			}
		}
	}
}

var (
	oracleText   = regexp.MustCompile(`'(?:[^']|'')*'`)
	oracleBind   = regexp.MustCompile(`:(\d+)`)
	oracleName   = regexp.MustCompile(`[A-Za-z_][\w$#]*`)
	oracleNested = regexp.MustCompile(`\([^()]*\)`)
)

// forbidden is what other engines have and Oracle has not, or not in this way: a grammar may pass it.
var forbidden = map[string]*regexp.Regexp{
	"there is no LIMIT":                        regexp.MustCompile(`(?i)\blimit\s`),
	"there is no ON CONFLICT or ON DUPLICATE":  regexp.MustCompile(`(?i)\bon (?:conflict|duplicate)\b`),
	"there are no backticks":                   regexp.MustCompile("`"),
	"there is no ?":                            regexp.MustCompile(`\?`),
	"there is no TRUE or FALSE":                regexp.MustCompile(`(?i)\b(?:true|false)\b`),
	"there is no RETURNING that is asked for":  regexp.MustCompile(`(?i)\breturning\b`),
	"a table has no AS before its other name":  regexp.MustCompile(`(?i)\b(?:from|join)\s+\S+\s+as\b`),
	"FOR UPDATE does not go with FETCH":        regexp.MustCompile(`(?i)\bfetch next .*\bfor update\b`),
	"FOR UPDATE without WAIT waits for ever":   regexp.MustCompile(`(?i)\bfor update$`),
	"a semicolon ends a statement in files":    regexp.MustCompile(`;\s*$`),
	"several rows of VALUES are for 23ai":      regexp.MustCompile(`(?i)\bvalues\s*\([^()]*\)\s*,`),
	"the row value comparison is not Oracle's": regexp.MustCompile(`(?i)\(\w+\s*,\s*\w+\)\s*[<>]`),
}

// Faults are the reasons why Oracle would refuse a statement, as far as they can be told without one: the values do not
// fit its placeholders, it is too long, or it says what only other engines understand.
func Faults(statement Statement) []string {
	var faults []string
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Sprintf(format, args...))
		}
	}
	fault(strings.Contains(statement.SQL, "''"), "'' is NULL: bind the empty text")
	sql := oracleText.ReplaceAllString(statement.SQL, "'text'")
	binds := map[string]bool{}
	for i, bind := range oracleBind.FindAllStringSubmatch(sql, -1) {
		binds[bind[1]] = true
		fault(bind[1] != fmt.Sprint(i+1), "the placeholder %d is :%s", i+1, bind[1])
	}
	fault(len(binds) != len(statement.Args), "%d placeholders have %d values", len(binds), len(statement.Args))
	fault(len(statement.Args) > 65535, "%d values are too many", len(statement.Args))
	for _, name := range oracleName.FindAllString(sql, -1) {
		fault(len(name) > 128, "the name %s is too long", name)
	}
	for list := range strings.SplitSeq(sql, "(") {
		values, _, _ := strings.Cut(list, ")")
		fault(strings.HasPrefix(values, ":") && strings.Count(values, ",") >= 1000 && strings.Contains(strings.ToUpper(sql), "IN ("),
			"a list has %d values: 1000 are the most", strings.Count(values, ",")+1)
	}
	flat := sql
	for oracleNested.MatchString(flat) { // what is in parentheses is a statement of its own
		flat = oracleNested.ReplaceAllString(flat, "")
	}
	for reason, pattern := range forbidden {
		text := sql
		if strings.HasPrefix(reason, "FOR UPDATE") {
			text = flat
		}
		fault(pattern.MatchString(text), "%s", reason)
	}
	slices.Sort(faults)
	return faults
}

// Updates tells whether golden files are to be written: a test binary was given -update.
func Updates() bool { return *update }
