package lint

import (
	"regexp"
	"strings"
)

var (
	renames    = regexp.MustCompile(`(?i)^rename (?:to |as |column )?(?:if exists )?(\w+)`)
	renamesKey = regexp.MustCompile(`(?i)^rename (?:index|key) `)
	adds       = regexp.MustCompile(`(?i)^add (?:column )?(?:if not exists )?(.*)$`)
	addsIndex  = regexp.MustCompile(`(?i)^add (?:unique|fulltext|spatial|index|key)\b`)
	addsKey    = regexp.MustCompile(`(?i)^add (?:constraint (?:\w+ )?)?(foreign|primary|unique)\b`)
	// without the word, the name is last: what stands before it would be the kind of something else
	drops    = regexp.MustCompile(`(?i)^drop (?:column (?:if exists )?([\w.]+).*|(?:if exists )?(\w+)(?: restrict| cascade)?)$`)
	dropsKey = regexp.MustCompile(`(?i)^drop primary key`)
	modifies = regexp.MustCompile(`(?i)^modify (?:column )?(\w+) (.*)$`)
	changes  = regexp.MustCompile(`(?i)^change (?:column )?(\w+) (\w+) (.*)$`)
	// rows or whole parts of a table go
	dropsRows = regexp.MustCompile(`(?i)^(?:delete where|(?:drop|detach|truncate) (?:partition|part)|clear column)\b`)
	copies    = regexp.MustCompile(`(?i)^(?:convert to|engine ?=|order by|default character set|character set)`)
)

// alter checks each change of one ALTER TABLE.
func (f *file) alter(line int, sql, name, changes string, rebuilt map[string]rebuild) {
	if again, ok := rebuilt[name]; ok {
		f.tables[again.table] = f.tables[name]
		delete(f.tables, name)
		return
	}
	known := f.tables[name]
	if known == nil {
		known = &table{columns: map[string]column{}}
		f.tables[name] = known
	}
	for _, change := range f.changes(changes) {
		if f.old(name) && f.server() {
			f.waits(line, sql, name, change)
		}
		if f.old(name) && dropsRows.MatchString(change) {
			f.add(line, Destructive, "rows of %s are deleted", name)
		}
		f.action(line, name, change, known)
	}
}

// action checks one change, and makes it to the table.
func (f *file) action(line int, name, change string, known *table) {
	if m := changes.FindStringSubmatch(change); m != nil {
		if m[1] != m[2] {
			f.renamed(line, name, m[1])
			known.columns[m[2]] = known.columns[m[1]]
		}
		f.modified(line, name, m[2], m[3], known)
	} else if m := modifies.FindStringSubmatch(change); m != nil {
		f.modified(line, name, m[1], m[2], known)
	} else if m := renames.FindStringSubmatch(change); m != nil && !renamesKey.MatchString(change) {
		if !known.columns[m[1]].fresh {
			f.renamed(line, name, m[1])
		}
	} else if m := drops.FindStringSubmatch(change); m != nil {
		column := m[1] + m[2]
		f.add(line, Destructive, "the column %s.%s is dropped", name, column)
		delete(known.columns, column)
	} else if m := adds.FindStringSubmatch(change); m != nil && !noColumn.MatchString(m[1]) {
		column, definition, _ := strings.Cut(m[1], " ")
		added := columnOf(definition)
		added.fresh = true
		known.columns[column] = added
		if f.old(name) {
			f.required(line, name, column, added)
		}
	}
}

func (f *file) renamed(line int, table, name string) {
	f.add(line, Destructive, "programs that still run do not find %s of %s under its new name", name, table)
}

func (f *file) modified(line int, table, name, definition string, known *table) {
	after := columnOf(definition)
	if f.engine == oracle {
		after = oracleColumn(known.columns[name], definition)
	}
	if f.old(table) {
		f.changed(line, table, name, known.columns[name], after)
	}
	known.columns[name] = after
}

// waits finds what makes writers wait for the whole table to be copied or read.
func (f *file) waits(line int, sql, name, change string) {
	switch {
	case f.engine == oracle:
		if addsKey.MatchString(change) && !unchecked.MatchString(change) {
			f.add(line, Locking, "every row of %s is checked while writers wait: say ENABLE NOVALIDATE, or allow it", name)
		}
	case addsIndex.MatchString(change):
		f.index(line, sql, name)
	case online.MatchString(sql):
		// The server refuses the statement when it would have to copy.
	case modifies.MatchString(change), changes.MatchString(change), copies.MatchString(change),
		addsKey.MatchString(change), dropsKey.MatchString(change):
		f.add(line, Locking, "%s may be copied while writers wait: say ALGORITHM=INPLACE, so that it fails instead, or allow it", name)
	}
}
