// Package lint reads migrations and says what in them destroys data, keeps others waiting, or cannot be taken back.
//
// A file that was looked through keeps a finding quiet with a comment, for one rule, with the reason:
//
//	-- lint: allow destructive: the column was never written
package lint

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/trellis-go/trellis/platform/migrate/script"
)

// The rules.
const (
	Destructive = "destructive" // data or a name that a running program uses is gone
	NotNull     = "not-null"    // rows that exist have no value for it
	Locking     = "locking"     // writers wait while the table is copied or read, on a server
	OneDDL      = "one-ddl"     // the engine cannot undo the first statement when the second fails
	Down        = "down"        // it cannot be taken back
	Files       = "files"       // an engine lacks the file
	Syntax      = "syntax"      // goose would refuse it
	Allow       = "allow"       // an exception without rule or reason
)

// Finding is one thing to look at.
type Finding struct {
	File string // engine/name.sql
	Line int
	Rule string
	Text string
}

// String is the finding in one line: file:line: rule: text.
func (f Finding) String() string { return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Rule, f.Text) }

// Check reads every file of the folder of each engine, in the order of their versions, and gives what is to be looked at
// by file and line. Of transactional, those engines that have a folder must have the same files.
func Check(files fs.FS, transactional []string) ([]Finding, error) {
	names, err := fs.Glob(files, "*/*.sql")
	if err != nil {
		return nil, err
	}
	byEngine := map[string][]string{}
	for _, name := range names {
		byEngine[path.Dir(name)] = append(byEngine[path.Dir(name)], path.Base(name))
	}
	found := missing(byEngine, transactional)
	for engine, names := range byEngine {
		tables := schema{}
		for _, name := range names {
			text, err := fs.ReadFile(files, path.Join(engine, name))
			if err != nil {
				return nil, err
			}
			checked := &file{engine: engine, name: path.Join(engine, name), tables: tables}
			found = append(found, checked.check(string(text))...)
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return cmp.Or(cmp.Compare(a.File, b.File), a.Line-b.Line) })
	return found, nil
}

// missing finds the files that one engine has and another lacks.
func missing(byEngine map[string][]string, transactional []string) []Finding {
	var found []Finding
	for _, engine := range transactional {
		for _, other := range transactional {
			if len(byEngine[other]) == 0 {
				continue
			}
			for _, name := range byEngine[engine] {
				if !slices.Contains(byEngine[other], name) {
					found = append(found, Finding{path.Join(engine, name), 1, Files, "there is no " + path.Join(other, name)})
				}
			}
		}
	}
	return found
}

// file is one that is being checked.
type file struct {
	engine, name string
	tables       schema // as the files before left it
	found        []Finding
}

func (f *file) add(line int, rule, text string, args ...any) {
	f.found = append(f.found, Finding{f.name, line, rule, fmt.Sprintf(text, args...)})
}

func (f *file) check(text string) []Finding {
	read, err := script.Parse(text)
	if err != nil {
		f.add(1, Syntax, "%v", err)
		return f.found
	}
	if len(read.Up) > 0 && len(read.Down) == 0 {
		f.add(1, Down, "nothing takes it back: write what does below -- +goose Down")
	}
	rebuilt := rebuilds(read.Up)
	changes := 0
	for _, statement := range read.Up {
		sql := plain(statement.SQL)
		if ddl.MatchString(sql) {
			if changes++; changes == 2 && commits[f.engine] != "" {
				f.add(statement.Line, OneDDL, "%s at every such statement: when this one fails, those before it stay", commits[f.engine])
			}
		}
		f.statement(statement.Line, sql, rebuilt)
	}
	return f.allow(read.Comments)
}

// commits names the engines that cannot take a change of the schema back.
var commits = map[string]string{
	"mysql": "MySQL commits", oracle: "Oracle commits", "clickhouse": "ClickHouse, which has no transactions, commits",
}

var (
	ddl       = regexp.MustCompile(`(?i)^(create|alter|drop|rename|truncate) `)
	exception = regexp.MustCompile(`^lint: *allow +([a-z-]+) *: *(\S.*)$`)
)

// allow takes out what comments allow, and finds those that do not say why.
func (f *file) allow(comments []script.Comment) []Finding {
	allowed := map[string]bool{}
	for _, comment := range comments {
		if !strings.HasPrefix(comment.Text, "lint:") {
			continue
		}
		if parts := exception.FindStringSubmatch(comment.Text); parts != nil {
			allowed[parts[1]] = true
		} else {
			f.add(comment.Line, Allow, "write -- lint: allow <rule>: <reason>")
		}
	}
	return slices.DeleteFunc(f.found, func(one Finding) bool { return allowed[one.Rule] })
}
