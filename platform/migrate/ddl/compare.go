package ddl

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Changes is what brings one schema to another.
type Changes struct {
	Statements  []string // without semicolons, in an order in which they can be run
	Destructive []string // what is lost
	Warnings    []string // what is to be looked at before
}

// Compare finds what brings the schema have to the schema want. quote writes a name as the server takes it.
func Compare(have, want Schema, quote func(name string) string) Changes {
	w := &writer{have: have, want: want, quote: quote}
	var kept, added, dropped []string
	for name := range want {
		if have[name] == nil {
			added = append(added, name)
		} else {
			kept = append(kept, name)
		}
	}
	for name := range have {
		if want[name] == nil {
			dropped = append(dropped, name)
		}
	}
	for _, names := range [][]string{kept, added, dropped} {
		slices.Sort(names)
	}
	// Whatever refers to a column or a table goes before it, and comes after it.
	w.each(kept, w.dropForeign)
	w.each(kept, w.dropIndexes)
	w.each(kept, w.columns)
	w.each(kept, w.primary)
	w.each(added, w.create)
	w.each(kept, w.addIndexes)
	w.each(added, w.addIndexes)
	w.each(kept, w.addForeign)
	w.each(added, w.addForeign)
	w.drop(dropped)
	if len(added) > 0 && len(dropped) > 0 {
		w.warn("a table goes and another comes: if it only has a new name, write ALTER TABLE … RENAME TO")
	}
	return w.Changes
}

// drop drops tables, those first that nothing refers to. Where they refer to each other in a circle it is broken first.
func (w *writer) drop(tables []string) {
	for len(tables) > 0 {
		i := slices.IndexFunc(tables, func(name string) bool { return !w.referred(name, tables) })
		if i < 0 {
			i = 0
			for _, other := range tables {
				for _, key := range w.have[other].Foreign {
					if key.Table == tables[i] && other != tables[i] {
						w.write("ALTER TABLE %s DROP CONSTRAINT %s", w.quote(other), w.quote(key.Name))
					}
				}
			}
		}
		w.write("DROP TABLE %s", w.quote(tables[i]))
		w.Destructive = append(w.Destructive, fmt.Sprintf("the table %s is dropped", tables[i]))
		tables = slices.Delete(tables, i, i+1)
	}
}

// referred tells whether another of the tables refers to this one.
func (w *writer) referred(name string, tables []string) bool {
	return slices.ContainsFunc(tables, func(other string) bool {
		return other != name && slices.ContainsFunc(w.have[other].Foreign, func(key Foreign) bool { return key.Table == name })
	})
}

// writer writes changes.
type writer struct {
	Changes
	have, want Schema
	quote      func(string) string
}

func (w *writer) write(format string, args ...any) {
	w.Statements = append(w.Statements, fmt.Sprintf(format, args...))
}

func (w *writer) warn(format string, args ...any) {
	w.Warnings = append(w.Warnings, fmt.Sprintf(format, args...))
}

func (w *writer) each(tables []string, do func(name string, have, want *Table)) {
	for _, name := range tables {
		do(name, w.have[name], w.want[name])
	}
}

func (w *writer) list(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		name, desc := strings.CutSuffix(name, " desc")
		quoted[i] = w.quote(name)
		if desc {
			quoted[i] += " DESC"
		}
	}
	return strings.Join(quoted, ", ")
}

// same tells whether two foreign keys say the same, whatever their names are.
func same(a, b Foreign) bool {
	return a.Table == b.Table && a.OnDelete == b.OnDelete && slices.Equal(a.Columns, b.Columns) &&
		(slices.Equal(a.Referred, b.Referred) || len(a.Referred) == 0 || len(b.Referred) == 0)
}

func has(keys []Foreign, key Foreign) bool {
	return slices.ContainsFunc(keys, func(other Foreign) bool { return same(key, other) })
}

func (w *writer) dropForeign(name string, have, want *Table) {
	for _, key := range have.Foreign {
		switch {
		case has(want.Foreign, key):
		case key.Name == "":
			w.warn("the foreign key of %s (%s) has a name that the server gave: drop it by hand", name, strings.Join(key.Columns, ", "))
		default:
			w.write("ALTER TABLE %s DROP CONSTRAINT %s", w.quote(name), w.quote(key.Name))
		}
	}
	for _, check := range slices.Sorted(maps.Keys(have.Checks)) {
		if have.Checks[check] != want.Checks[check] {
			w.write("ALTER TABLE %s DROP CONSTRAINT %s", w.quote(name), w.quote(check))
		}
	}
}

func (w *writer) addForeign(name string, have, want *Table) {
	for _, key := range want.Foreign {
		if have == nil || !has(have.Foreign, key) {
			w.write("ALTER TABLE %s ADD %s", w.quote(name), w.foreign(key))
		}
	}
	for _, check := range slices.Sorted(maps.Keys(want.Checks)) {
		if have == nil || have.Checks[check] != want.Checks[check] {
			w.write("ALTER TABLE %s ADD CONSTRAINT %s CHECK %s", w.quote(name), w.quote(check), want.Checks[check])
		}
	}
}

func (w *writer) foreign(key Foreign) string {
	text := fmt.Sprintf("FOREIGN KEY (%s) REFERENCES %s (%s)", w.list(key.Columns), w.quote(key.Table), w.list(key.Referred))
	if key.Name != "" {
		text = fmt.Sprintf("CONSTRAINT %s %s", w.quote(key.Name), text)
	}
	if key.OnDelete != "" {
		text += " ON DELETE " + key.OnDelete
	}
	return text
}

// remade tells whether an index is dropped and made: it differs, or a column of it is made anew.
func remade(name string, have, want *Table) bool {
	before, after := have.Indexes[name], want.Indexes[name]
	if before.Unique != after.Unique || !slices.Equal(before.Columns, after.Columns) {
		return true
	}
	return slices.ContainsFunc(before.Columns, func(column string) bool {
		from, there := have.Column(column)
		to, stays := want.Column(column)
		return there && stays && !modifiable(from.Type, to.Type)
	})
}

func (w *writer) dropIndexes(name string, have, want *Table) {
	for _, index := range slices.Sorted(maps.Keys(have.Indexes)) {
		switch {
		case !remade(index, have, want):
		case have.Indexes[index].Constraint:
			w.write("ALTER TABLE %s DROP CONSTRAINT %s", w.quote(name), w.quote(index))
		default:
			w.write("DROP INDEX %s", w.quote(index))
		}
	}
}

func (w *writer) addIndexes(name string, have, want *Table) {
	for _, index := range slices.Sorted(maps.Keys(want.Indexes)) {
		if have != nil && !remade(index, have, want) {
			continue
		}
		unique, online := "", ""
		if want.Indexes[index].Unique {
			unique = "UNIQUE "
		}
		if have != nil {
			online = " ONLINE" // writers go on meanwhile
		}
		w.write("CREATE %sINDEX %s ON %s (%s)%s", unique, w.quote(index), w.quote(name), w.list(want.Indexes[index].Columns), online)
	}
}

func (w *writer) primary(name string, have, want *Table) {
	if slices.Equal(have.Primary, want.Primary) {
		return
	}
	w.warn("the primary key of %s changes: see that every row has one, and that nothing refers to it", name)
	if len(have.Primary) > 0 {
		w.write("ALTER TABLE %s DROP PRIMARY KEY", w.quote(name))
	}
	if len(want.Primary) > 0 {
		w.write("ALTER TABLE %s ADD PRIMARY KEY (%s)", w.quote(name), w.list(want.Primary))
	}
}

func (w *writer) create(name string, _, want *Table) {
	width := 0
	for _, column := range want.Columns {
		width = max(width, len(w.quote(column.Name)))
	}
	lines := make([]string, 0, len(want.Columns)+1)
	for _, column := range want.Columns {
		lines = append(lines, fmt.Sprintf("    %-*s %s", width, w.quote(column.Name), definitionOf(column)))
	}
	if len(want.Primary) > 0 {
		lines = append(lines, fmt.Sprintf("    PRIMARY KEY (%s)", w.list(want.Primary)))
	}
	w.write("CREATE TABLE %s (\n%s\n)", w.quote(name), strings.Join(lines, ",\n"))
}

// definitionOf is a column without its name.
func definitionOf(column Column) string {
	text := column.Type
	if column.Default != "" {
		text += " DEFAULT " + column.Default
	}
	if !column.Null {
		text += " NOT NULL"
	}
	return text
}

func (w *writer) columns(name string, have, want *Table) {
	var added, dropped int
	for _, column := range have.Columns {
		if _, stays := want.Column(column.Name); !stays {
			dropped++
			w.write("ALTER TABLE %s DROP COLUMN %s", w.quote(name), w.quote(column.Name))
			w.Destructive = append(w.Destructive, fmt.Sprintf("the column %s.%s is dropped", name, column.Name))
		}
	}
	for _, column := range want.Columns {
		before, there := have.Column(column.Name)
		switch {
		case !there:
			added++
			w.add(name, column)
		case !modifiable(before.Type, column.Type):
			w.replace(name, *before, column)
		case *before != column:
			w.modify(name, *before, column)
		}
	}
	if added > 0 && dropped > 0 {
		w.warn("a column of %s goes and another comes: if it only has a new name, write ALTER TABLE … RENAME COLUMN", name)
	}
}
