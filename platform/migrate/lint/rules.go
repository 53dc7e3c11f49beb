package lint

import (
	"regexp"
	"slices"
	"strings"
)

const (
	// named finds a table, and leaves out the database that stands before it.
	named = `(?:[\w$-]+\.)?(\w+)`
	// behind is what may stand behind the table before what is to happen.
	behind = `(?: on cluster \S+| wait \d+| nowait)*`
)

var (
	createTable  = regexp.MustCompile(`(?i)^create (?:or replace )?table (?:if not exists )?` + named + behind + ` \((.*)\)[^)]*$`)
	replaceTable = regexp.MustCompile(`(?i)^(?:create or )?replace table ` + named)
	createIndex  = regexp.MustCompile(`(?i)^create (?:or replace )?(?:unique |fulltext |spatial )?index .* on ` + named)
	dropTable    = regexp.MustCompile(`(?i)^drop tables? (?:if exists )?(.+)$`)
	truncate     = regexp.MustCompile(`(?i)^truncate (?:table )?(?:if exists )?` + named)
	deletes      = regexp.MustCompile(`(?i)^delete (?:low_priority |quick |ignore )*from ` + named)
	update       = regexp.MustCompile(`(?i)^update ` + named + ` set `)
	renameTable  = regexp.MustCompile(`(?i)^rename tables? (?:if exists )?` + named)
	alterTable   = regexp.MustCompile(`(?i)^alter (?:online |ignore )*table (?:if exists )?` + named + behind + ` (.*)$`)
	where        = regexp.MustCompile(`(?i)\bwhere\b`)
	some         = regexp.MustCompile(`(?i)\b(?:where|limit)\b`)
	online       = regexp.MustCompile(`(?i)\balgorithm ?= ?(inplace|instant|nocopy)\b`)
	unlocked     = regexp.MustCompile(`(?i)\block ?= ?none\b|\balgorithm ?= ?instant\b`)
)

// statement finds what is to be said of one, and brings the tables up to it.
func (f *file) statement(line int, sql string, rebuilt map[string]rebuild) {
	match := func(pattern *regexp.Regexp) (parts []string, found bool) {
		parts = pattern.FindStringSubmatch(sql)
		return parts, parts != nil
	}
	if m, ok := match(replaceTable); ok && f.old(m[1]) {
		f.add(line, Destructive, "the table %s is dropped, and made anew", m[1])
	}
	if m, ok := match(createTable); ok {
		f.create(line, m[1], columnsOf(m[2]), rebuilt)
	} else if m, ok := match(createIndex); ok && f.old(m[1]) {
		f.index(line, sql, m[1])
	} else if m, ok := match(dropTable); ok {
		f.drop(line, m[1], rebuilt)
	} else if m, ok := match(truncate); ok && f.old(m[1]) {
		f.add(line, Destructive, "every row of %s is deleted", m[1])
	} else if m, ok := match(deletes); ok && f.old(m[1]) && !some.MatchString(sql) {
		f.add(line, Destructive, "every row of %s is deleted", m[1])
	} else if m, ok := match(update); ok && f.old(m[1]) && !where.MatchString(sql) && f.server() {
		f.add(line, Locking, "every row of %s stays locked until all are changed: do it in parts", m[1])
	} else if m, ok := match(renameTable); ok {
		f.add(line, Destructive, "programs that still run do not find %s under its new name", m[1])
	} else if m, ok := match(alterTable); ok {
		f.alter(line, sql, m[1], m[2], rebuilt)
	}
}

// server tells whether others wait for a statement on the rows of a table: SQLite has one writer anyway.
func (f *file) server() bool { return f.engine == "mysql" || f.engine == oracle }

// old tells whether a table may have rows: an earlier file made it.
func (f *file) old(name string) bool {
	known := f.tables[name]
	return known == nil || known.file != f.name
}

func (f *file) create(line int, name string, columns map[string]column, rebuilt map[string]rebuild) {
	f.tables[name] = &table{file: f.name, columns: columns}
	again, ok := rebuilt[name]
	if !ok {
		return
	}
	before := f.tables[again.table]
	f.tables[name].file = ""
	for column, now := range columns {
		switch {
		case !slices.Contains(again.columns, column):
			f.required(line, again.table, column, now)
		case before != nil:
			f.changed(line, again.table, column, before.columns[column], now)
		}
	}
	if before == nil {
		return
	}
	for column := range before.columns {
		if !slices.Contains(again.columns, column) {
			f.add(line, Destructive, "the column %s.%s is dropped", again.table, column)
		}
	}
}

func (f *file) drop(line int, names string, rebuilt map[string]rebuild) {
	for _, name := range list(names) {
		name, _, _ = strings.Cut(name, " ")
		name = name[strings.LastIndex(name, ".")+1:]
		isRebuilt := false
		for _, again := range rebuilt {
			isRebuilt = isRebuilt || again.table == name
		}
		if !isRebuilt {
			f.add(line, Destructive, "the table %s is dropped", name)
		}
		delete(f.tables, name)
	}
}

func (f *file) index(line int, sql, name string) {
	if f.engine == oracle {
		if !onlineWord.MatchString(sql) {
			f.add(line, Locking, "say ONLINE, so that %s can be written while the index is made", name)
		}
		return
	}
	if f.server() && (!online.MatchString(sql) || !unlocked.MatchString(sql)) {
		f.add(line, Locking, "say ALGORITHM=INPLACE and LOCK=NONE, so that %s can be written while the index is made", name)
	}
}

// required finds a new column that rows which exist have no value for.
func (f *file) required(line int, table, name string, c column) {
	if c.required && !c.filled {
		f.add(line, NotNull, "the column %s.%s is NOT NULL, and rows that exist have no value for it: give a DEFAULT", table, name)
	}
}

// changed compares a column with what it was.
func (f *file) changed(line int, table, name string, before, after column) {
	if before.kind == "" {
		return
	}
	if narrows(before, after) {
		f.add(line, Destructive, "the column %s.%s gets a type that not every value fits into", table, name)
	}
	if after.required && !before.required {
		f.add(line, NotNull, "the column %s.%s becomes NOT NULL: rows without a value make it fail", table, name)
	}
}
