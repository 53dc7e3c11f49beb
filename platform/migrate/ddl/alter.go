package ddl

import (
	"fmt"
	"slices"
)

// alterTable reads what follows ALTER TABLE.
func (s Schema) alterTable(r *reader) error {
	name, table, err := s.table(r)
	if err != nil {
		return err
	}
	for !r.done() && err == nil {
		switch {
		case r.takes("ADD"):
			err = r.each(func() error { return r.element(table, name) })
		case r.takes("MODIFY"):
			err = r.each(func() error { return r.modify(table) })
		case r.takes("RENAME", "TO"):
			err = s.renameTable(r, name)
		case r.takes("RENAME", "COLUMN"):
			err = r.renameColumn(table)
		case r.takes("DROP"):
			err = r.drop(table)
		default:
			err = fmt.Errorf("a change cannot be read %s", r.place())
		}
	}
	if err != nil {
		return fmt.Errorf("the table %s: %w", name, err)
	}
	return nil
}

// each reads one thing, or several in parentheses.
func (r *reader) each(read func() error) error {
	if !r.takes("(") {
		return read()
	}
	for {
		if err := read(); err != nil {
			return err
		}
		if r.takes(")") {
			return nil
		}
		if err := r.must(","); err != nil {
			return err
		}
	}
}

// modify changes what is said of a column, and leaves the rest.
func (r *reader) modify(table *Table) error {
	d, err := r.column()
	if err != nil {
		return err
	}
	column, found := table.Column(d.column.Name)
	if !found {
		return fmt.Errorf("there is no column %s", d.column.Name)
	}
	if d.typed {
		column.Type = d.column.Type
	}
	if d.defaulted {
		column.Default = d.column.Default
	}
	if d.null != nil {
		column.Null = *d.null
	}
	return nil
}

func (r *reader) renameColumn(table *Table) error {
	from, err := r.name()
	if err == nil {
		err = r.must("TO")
	}
	if err != nil {
		return err
	}
	to, err := r.name()
	if err != nil {
		return err
	}
	if _, found := table.Column(from); !found {
		return fmt.Errorf("there is no column %s", from)
	}
	table.rename(from, to)
	return nil
}

// drop reads what is dropped of a table.
func (r *reader) drop(table *Table) error {
	switch {
	case r.takes("PRIMARY", "KEY"):
		table.Primary = nil
		return nil
	case r.takes("CONSTRAINT"):
		name, err := r.name()
		if err != nil {
			return err
		}
		return table.dropConstraint(name)
	case r.sees("("):
		names, err := r.names()
		for _, name := range names {
			table.drop(name)
		}
		return err
	}
	r.takes("COLUMN")
	name, err := r.name()
	if err != nil {
		return err
	}
	if _, found := table.Column(name); !found {
		return fmt.Errorf("there is no column %s", name)
	}
	table.drop(name)
	return nil
}

func (t *Table) dropConstraint(name string) error {
	before := len(t.Foreign) + len(t.Checks) + len(t.Indexes)
	t.Foreign = slices.DeleteFunc(t.Foreign, func(key Foreign) bool { return key.Name == name })
	delete(t.Checks, name)
	delete(t.Indexes, name)
	if len(t.Foreign)+len(t.Checks)+len(t.Indexes) == before {
		return fmt.Errorf("there is no constraint %s", name)
	}
	return nil
}

func (s Schema) renameTable(r *reader, from string) error {
	to, err := r.name()
	if err != nil {
		return err
	}
	s[to] = s[from]
	delete(s, from)
	for _, table := range s {
		for i := range table.Foreign {
			if table.Foreign[i].Table == from {
				table.Foreign[i].Table = to
			}
		}
	}
	return nil
}

// rename reads what follows RENAME: another way to give a table another name.
func (s Schema) rename(r *reader) error {
	name, _, err := s.table(r)
	if err != nil {
		return err
	}
	if err := r.must("TO"); err != nil {
		return err
	}
	return s.renameTable(r, name)
}

// alterIndex reads what follows ALTER INDEX: only another name matters.
func (s Schema) alterIndex(r *reader) error {
	name, err := r.name()
	if err != nil || !r.takes("RENAME", "TO") {
		return err
	}
	to, err := r.name()
	if err != nil {
		return err
	}
	table, found := s.index(name)
	if !found {
		return fmt.Errorf("there is no index %s", name)
	}
	table.Indexes[to] = table.Indexes[name]
	delete(table.Indexes, name)
	return nil
}
