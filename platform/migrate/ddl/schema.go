// Package ddl knows Oracle's statements that make and change tables, as far as migrations use them: it reads what they
// make of a schema, without a server, and writes what brings one schema to another.
//
//	schema := ddl.Schema{}
//	err := schema.Apply("ALTER TABLE shop_orders ADD (note VARCHAR2(200 CHAR))")
//	changes := ddl.Compare(schema, wanted, quote)
//
// Statements that do not concern tables and their indexes are passed over. One that does and cannot be read is an error:
// what is not understood would otherwise look like a difference, or hide one.
package ddl

import (
	"maps"
	"slices"
)

// Schema is tables by name, in small letters.
type Schema map[string]*Table

// Table is one table.
type Table struct {
	Columns []Column
	Primary []string // columns of the primary key
	Indexes map[string]Index
	Foreign []Foreign
	Checks  map[string]string // conditions of the named constraints
}

// Column is one column.
type Column struct {
	Name    string
	Type    string // in capitals, with sizes: VARCHAR2(36 CHAR)
	Null    bool
	Default string // as an expression; empty: none
}

// Index is one index, or a unique constraint.
type Index struct {
	Unique     bool
	Columns    []string
	Constraint bool // made by a constraint, and dropped with it
}

// Foreign is a foreign key.
type Foreign struct {
	Name     string // empty when the server gives it one
	Columns  []string
	Table    string
	Referred []string
	OnDelete string // CASCADE or SET NULL; empty: the row that is referred to cannot go
}

// NewTable is a table without anything.
func NewTable() *Table { return &Table{Indexes: map[string]Index{}, Checks: map[string]string{}} }

// Column finds a column.
func (t *Table) Column(name string) (*Column, bool) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		return nil, false
	}
	return &t.Columns[i], true
}

// drop takes a column out, with the indexes that it is in, as the server does.
func (t *Table) drop(name string) {
	t.Columns = slices.DeleteFunc(t.Columns, func(c Column) bool { return c.Name == name })
	maps.DeleteFunc(t.Indexes, func(_ string, index Index) bool { return slices.Contains(index.Columns, name) })
}

// rename gives a column another name everywhere.
func (t *Table) rename(from, to string) {
	in := func(columns []string) {
		for i, name := range columns {
			if name == from {
				columns[i] = to
			}
		}
	}
	if column, found := t.Column(from); found {
		column.Name = to
	}
	in(t.Primary)
	for _, index := range t.Indexes {
		in(index.Columns)
	}
	for _, key := range t.Foreign {
		in(key.Columns)
	}
}

// index finds the table that has an index.
func (s Schema) index(name string) (*Table, bool) {
	for _, table := range s {
		if _, found := table.Indexes[name]; found {
			return table, true
		}
	}
	return nil, false
}
