package ddl

import (
	"regexp"
	"strconv"
	"strings"
)

// add adds a column. Rows that exist get what MySQL would give them when there is no default, the empty text or 0; for a
// time there is no such value, and there rows make it fail.
func (w *writer) add(table string, column Column) {
	filled := column
	if !column.Null && column.Default == "" {
		if filled.Default = zero(column.Type); filled.Default == "" {
			w.warn("%s.%s is NOT NULL, and rows that exist have no value for it: give it a default", table, column.Name)
		}
	}
	w.write("ALTER TABLE %s ADD (%s %s)", w.quote(table), w.quote(column.Name), definitionOf(filled))
	if filled.Default != column.Default {
		w.write("ALTER TABLE %s MODIFY (%s DEFAULT NULL)", w.quote(table), w.quote(column.Name))
	}
}

// zero is the value of a type that stands for none.
func zero(kind string) string {
	switch base(kind) {
	case "VARCHAR2", "CLOB", "CHAR":
		return "CHR(0)" // as the platform stores the empty text
	case "NUMBER", "BINARY_DOUBLE", "BINARY_FLOAT", "FLOAT":
		return "0"
	default:
		return ""
	}
}

// modify says of a column what differs, and nothing else: Oracle refuses to make NOT NULL what is it already.
func (w *writer) modify(table string, from, to Column) {
	text := ""
	if from.Type != to.Type {
		text += " " + to.Type
		w.warn("the type of %s.%s changes: see that every value fits", table, to.Name)
	}
	if from.Default != to.Default {
		text += " DEFAULT " + defaulted(to)
	}
	if from.Null != to.Null {
		text += w.nulls(table, to)
	}
	w.write("ALTER TABLE %s MODIFY (%s%s)", w.quote(table), w.quote(to.Name), text)
}

func defaulted(column Column) string {
	if column.Default == "" {
		return "NULL"
	}
	return column.Default
}

func (w *writer) nulls(table string, to Column) string {
	if to.Null {
		return " NULL"
	}
	w.warn("%s.%s becomes NOT NULL: give rows without a value one first", table, to.Name)
	return " NOT NULL"
}

// replace gives a column a type that Oracle does not change to while there are rows: a new column takes the values and
// then the name.
func (w *writer) replace(table string, from, to Column) {
	w.warn("the type of %s.%s changes: see that every value fits", table, to.Name)
	next := to
	next.Name, next.Null, next.Default = "new_"+to.Name, true, ""
	name := w.quote(table)
	w.write("ALTER TABLE %s ADD (%s %s)", name, w.quote(next.Name), definitionOf(next))
	w.write("UPDATE %s SET %s = %s", name, w.quote(next.Name), w.quote(from.Name))
	w.write("ALTER TABLE %s DROP COLUMN %s", name, w.quote(from.Name))
	w.write("ALTER TABLE %s RENAME COLUMN %s TO %s", name, w.quote(next.Name), w.quote(to.Name))
	next.Name = to.Name
	if next != to {
		text := ""
		if to.Default != "" {
			text = " DEFAULT " + to.Default
		}
		if !to.Null {
			text += " NOT NULL"
		}
		w.write("ALTER TABLE %s MODIFY (%s%s)", name, w.quote(to.Name), text)
	}
}

var sizes = regexp.MustCompile(`\d+`)

func base(kind string) string {
	name, _, _ := strings.Cut(kind, "(")
	return name
}

// modifiable tells whether Oracle changes the one type to the other in a column with rows, if their values fit.
func modifiable(from, to string) bool {
	if from == to {
		return true
	}
	if base(from) != base(to) {
		return false
	}
	switch base(from) {
	case "VARCHAR2", "RAW":
		return true
	case "NUMBER", "TIMESTAMP":
		before, after := digits(from), digits(to)
		return after[1] >= before[1] && after[0]-after[1] >= before[0]-before[1]
	default:
		return false
	}
}

// digits are the size of a type and those of it behind the point.
func digits(kind string) [2]int {
	var found [2]int
	for i, size := range sizes.FindAllString(kind, 2) {
		found[i], _ = strconv.Atoi(size)
	}
	return found
}
