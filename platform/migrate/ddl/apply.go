package ddl

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Apply makes of the schema what a statement makes of it. Its error says what cannot be read.
func (s Schema) Apply(statement string) error {
	r := &reader{tokens: tokens(statement)}
	switch {
	case r.takes("CREATE", "TABLE"):
		return s.createTable(r)
	case r.takes("CREATE", "UNIQUE", "INDEX"):
		return s.createIndex(r, true)
	case r.takes("CREATE", "INDEX"):
		return s.createIndex(r, false)
	case r.takes("DROP", "INDEX"):
		return s.dropIndex(r)
	case r.takes("DROP", "TABLE"):
		return s.dropTable(r)
	case r.takes("ALTER", "TABLE"):
		return s.alterTable(r)
	case r.takes("ALTER", "INDEX"):
		return s.alterIndex(r)
	case r.takes("RENAME"):
		return s.rename(r)
	case r.sees("BEGIN") || r.sees("DECLARE"):
		if upper := strings.ToUpper(statement); strings.Contains(upper, "EXECUTE IMMEDIATE") || strings.Contains(upper, "DBMS_SQL") {
			return errors.New("a block that executes text cannot be read: write the statements that change tables by themselves")
		}
	}
	return nil
}

// table reads the name of a table that is there.
func (s Schema) table(r *reader) (string, *Table, error) {
	name, err := r.name()
	if err != nil {
		return "", nil, err
	}
	table, found := s[name]
	if !found {
		return "", nil, fmt.Errorf("there is no table %s", name)
	}
	return name, table, nil
}

func (s Schema) createTable(r *reader) error {
	name, err := r.name()
	if err != nil {
		return err
	}
	if s[name] != nil {
		return fmt.Errorf("there is a table %s already", name)
	}
	table := NewTable()
	if err := r.must("("); err != nil {
		return err
	}
	for {
		if err := r.element(table, name); err != nil {
			return fmt.Errorf("the table %s: %w", name, err)
		}
		if r.takes(")") {
			break
		}
		if err := r.must(","); err != nil {
			return fmt.Errorf("the table %s: %w", name, err)
		}
	}
	s[name] = table
	return nil
}

// element reads a column or a constraint of a table.
func (r *reader) element(table *Table, owner string) error {
	for _, word := range []string{"CONSTRAINT", "PRIMARY", "FOREIGN", "UNIQUE", "CHECK"} {
		if r.sees(word) {
			return r.constraint(table)
		}
	}
	d, err := r.column()
	if err != nil {
		return err
	}
	return table.add(d, owner)
}

// add adds a column.
func (t *Table) add(d definition, owner string) error {
	if _, found := t.Column(d.column.Name); found {
		return fmt.Errorf("there is a column %s already", d.column.Name)
	}
	if !d.typed {
		return fmt.Errorf("the column %s has no type", d.column.Name)
	}
	d.column.Null = d.null == nil || *d.null
	t.Columns = append(t.Columns, d.column)
	if d.primary {
		t.Primary = []string{d.column.Name}
	}
	if d.unique {
		name := d.constraint
		if name == "" {
			return fmt.Errorf("the unique constraint of %s.%s has no name: write CONSTRAINT name UNIQUE", owner, d.column.Name)
		}
		t.Indexes[name] = Index{Unique: true, Columns: []string{d.column.Name}, Constraint: true}
	}
	if d.foreign != nil {
		t.Foreign = append(t.Foreign, *d.foreign)
	}
	return nil
}

// constraint reads a constraint that stands by itself.
func (r *reader) constraint(table *Table) (err error) {
	name := ""
	if r.takes("CONSTRAINT") {
		if name, err = r.name(); err != nil {
			return err
		}
	}
	switch {
	case r.takes("PRIMARY", "KEY"):
		table.Primary, err = r.names()
		for _, key := range table.Primary {
			if column, found := table.Column(key); found {
				column.Null = false
			}
		}
	case r.takes("UNIQUE"):
		if name == "" {
			return errors.New("a unique constraint has no name: write CONSTRAINT name UNIQUE")
		}
		var columns []string
		columns, err = r.names()
		table.Indexes[name] = Index{Unique: true, Columns: columns, Constraint: true}
	case r.takes("FOREIGN", "KEY"):
		key := Foreign{Name: name}
		if key.Columns, err = r.names(); err != nil {
			return err
		}
		if err = r.must("REFERENCES"); err == nil {
			err = r.references(&key)
		}
		table.Foreign = append(table.Foreign, key)
	case r.takes("CHECK"):
		if name == "" {
			return errors.New("a check has no name: write CONSTRAINT name CHECK")
		}
		var condition []token
		condition, err = r.parenthesised()
		table.Checks[name] = text(condition)
	default:
		err = fmt.Errorf("a constraint cannot be read %s", r.place())
	}
	return err
}

func (s Schema) createIndex(r *reader, unique bool) error {
	name, err := r.name()
	if err != nil {
		return err
	}
	if err := r.must("ON"); err != nil {
		return err
	}
	_, table, err := s.table(r)
	if err != nil {
		return err
	}
	columns, err := r.names()
	if err != nil {
		return fmt.Errorf("the index %s: %w", name, err)
	}
	if _, found := s.index(name); found {
		return fmt.Errorf("there is an index %s already", name)
	}
	table.Indexes[name] = Index{Unique: unique, Columns: columns}
	return nil
}

func (s Schema) dropIndex(r *reader) error {
	name, err := r.name()
	if err != nil {
		return err
	}
	table, found := s.index(name)
	if !found {
		return fmt.Errorf("there is no index %s", name)
	}
	delete(table.Indexes, name)
	return nil
}

func (s Schema) dropTable(r *reader) error {
	name, _, err := s.table(r)
	if err != nil {
		return err
	}
	cascades := r.takes("CASCADE", "CONSTRAINTS")
	for other, table := range s {
		refers := func(key Foreign) bool { return key.Table == name && other != name }
		if !cascades && slices.ContainsFunc(table.Foreign, refers) {
			return fmt.Errorf("the table %s refers to %s", other, name)
		}
		table.Foreign = slices.DeleteFunc(table.Foreign, refers)
	}
	delete(s, name)
	return nil
}
