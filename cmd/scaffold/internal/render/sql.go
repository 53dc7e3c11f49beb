package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// dialect is how an engine names its types.
type dialect struct {
	types     map[string]string
	varchar   string // with the size
	inline    bool   // indexes stand in CREATE TABLE and ALTER TABLE
	options   string // behind a table
	addColumn string
	dropOne   string

	online       string // behind an index, for the table to be written while it is made
	digits       bool   // a bool is 0 or 1
	defaultFirst bool
}

var dialects = map[string]dialect{
	"sqlite": {
		types: map[string]string{
			spec.Text: "TEXT", spec.Int: "INTEGER", spec.Bool: "NUMERIC", spec.UUID: "TEXT", spec.Time: "DATETIME", "currency": "TEXT",
		},
		varchar: "TEXT", addColumn: "ADD COLUMN %s", dropOne: "DROP COLUMN %s",
	},
	"mysql": {
		types: map[string]string{
			spec.Text: "TEXT", spec.Int: "BIGINT", spec.Bool: "BOOLEAN", spec.UUID: "CHAR(36)", spec.Time: "DATETIME(6)", "currency": "CHAR(3)",
		},
		varchar: "VARCHAR(%d)", inline: true, options: " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
		addColumn: "ADD COLUMN %s", dropOne: "DROP COLUMN %s",
	},
	"oracle": {
		types: map[string]string{
			spec.Text: "CLOB", spec.Int: "NUMBER(19)", spec.Bool: "NUMBER(1)", spec.UUID: "VARCHAR2(36 CHAR)",
			spec.Time: "TIMESTAMP(6)", "currency": "VARCHAR2(3 CHAR)",
		},
		varchar: "VARCHAR2(%d CHAR)", addColumn: "ADD (%s)", dropOne: "DROP (%s)", online: " ONLINE", digits: true, defaultFirst: true,
	},
}

type column struct{ name, kind, rest string }

// columns are those of one field.
func (d dialect) columns(f field) []column {
	null := " NOT NULL"
	if f.Default != "" {
		null = d.fallback(f)
	}
	if f.Optional {
		null = ""
	}
	names := f.Columns(f.module)
	switch f.Type {
	case spec.Money:
		return []column{{names[0], d.types[spec.Int], null}, {names[1], d.types["currency"], null}}
	case spec.String:
		return []column{{names[0], d.sized(f.Size), null}}
	case spec.Enum:
		return []column{{names[0], d.sized(enumSize), null}}
	default:
		return []column{{names[0], d.types[f.Type], null}}
	}
}

func (d dialect) sized(size int) string {
	if strings.Contains(d.varchar, "%") {
		return fmt.Sprintf(d.varchar, size)
	}
	return d.varchar
}

// fallback is what rows have that are there already. Oracle wants it first.
func (d dialect) fallback(f field) string {
	value := f.Default
	switch {
	case f.Type == spec.Enum:
		value = "'" + value + "'"
	case f.Type == spec.Bool && d.digits:
		value = map[string]string{"true": "1", "false": "0"}[value]
	}
	if d.defaultFirst {
		return " DEFAULT " + value + " NOT NULL"
	}
	return " NOT NULL DEFAULT " + value
}

type sqlIndex struct {
	name, columns string
	unique        bool
}

func (f field) sqlIndex() (sqlIndex, bool) {
	switch {
	case f.Unique:
		return sqlIndex{f.indexName(), f.Column(), true}, true
	case f.Index && f.Sorted():
		return sqlIndex{f.indexName(), f.Column() + ", id", false}, true
	case f.Index:
		return sqlIndex{f.indexName(), f.Column() + ", created_at, id", false}, true
	default:
		return sqlIndex{}, false
	}
}

// ownerIndex finds what belongs to a user, in the order in which it is listed.
func ownerIndex(m spec.Module) sqlIndex {
	return sqlIndex{m.Table() + "_owner_id", "owner_id, created_at, id", false}
}

// CreateTable is the migration that makes a module's table on an engine.
func CreateTable(engine string, m spec.Module) string {
	up, down := tableSQL(engine, m)
	return oneDDL(engine, up, "table is new; where it stops half-way, drop it and run it again") +
		"-- +goose Up\n" + up + "\n-- +goose Down\n" + down
}

// oneDDL is the exception from the rule of the linter that an engine which commits at every statement has one in a file.
func oneDDL(engine, up, reason string) string {
	if engine == "sqlite" || strings.Count(up, ";\n") < 2 {
		return ""
	}
	return "-- lint: allow one-ddl: the " + reason + "\n"
}

// DropTable is the migration that takes it away again.
func DropTable(engine string, m spec.Module) string {
	up, down := tableSQL(engine, m)
	return "-- lint: allow destructive: the module " + m.Package() + " was removed\n-- +goose Up\n" + down + "\n-- +goose Down\n" + up
}

func tableSQL(engine string, m spec.Module) (up, down string) {
	d := dialects[engine]
	v := newView(m, Options{})
	columns := []column{{"id", d.types[spec.UUID], " NOT NULL PRIMARY KEY"}}
	indexes := []sqlIndex{}
	if m.Owner != "" {
		columns = append(columns, column{"owner_id", d.types[spec.UUID], " NOT NULL"})
		indexes = append(indexes, ownerIndex(m))
	}
	for _, f := range v.Fields {
		columns = append(columns, d.columns(f)...)
		if index, has := f.sqlIndex(); has {
			indexes = append(indexes, index)
		}
	}
	columns = append(columns, column{"version", d.types[spec.Int], " NOT NULL"},
		column{"created_at", d.types[spec.Time], " NOT NULL"}, column{"updated_at", d.types[spec.Time], " NOT NULL"})
	indexes = append(indexes, sqlIndex{m.Table() + "_created_at", "created_at, id", false})
	lines := align(columns)
	var after strings.Builder
	for _, index := range indexes {
		if d.inline {
			lines = append(lines, "    "+index.inline())
		} else {
			after.WriteString(index.statement(m.Table(), ""))
		}
	}
	up = fmt.Sprintf("CREATE TABLE %s (\n%s\n)%s;\n%s", m.Table(), strings.Join(lines, ",\n"), d.options, after.String())
	return up, "DROP TABLE " + m.Table() + ";\n"
}

// align writes the columns with their types below each other.
func align(columns []column) []string {
	name, kind := 0, 0
	for _, c := range columns {
		name, kind = max(name, len(c.name)), max(kind, len(c.kind))
	}
	lines := make([]string, len(columns))
	for i, c := range columns {
		lines[i] = strings.TrimRight(fmt.Sprintf("    %-*s %-*s%s", name, c.name, kind, c.kind, c.rest), " ")
	}
	return lines
}

func (i sqlIndex) word() string {
	if i.unique {
		return "UNIQUE INDEX"
	}
	return "INDEX"
}

func (i sqlIndex) inline() string { return fmt.Sprintf("%s %s (%s)", i.word(), i.name, i.columns) }

func (i sqlIndex) statement(table, options string) string {
	return fmt.Sprintf("CREATE %s %s ON %s (%s)%s;\n", i.word(), i.name, table, i.columns, options)
}

// AddField is the migration that adds a field to a module's table on an engine.
func AddField(engine string, m spec.Module, added spec.Field) string {
	d := dialects[engine]
	f := field{added, m}
	index, has := f.sqlIndex()
	var adds, drops []string
	for _, c := range d.columns(f) {
		adds = append(adds, fmt.Sprintf(d.addColumn, c.name+" "+c.kind+c.rest))
		drops = append(drops, fmt.Sprintf(d.dropOne, c.name))
	}
	slices.Reverse(drops)
	if d.inline {
		if has {
			adds = append(adds, "ADD "+index.inline())
			drops = slices.Insert(drops, 0, "DROP INDEX "+index.name)
		}
		tail := "    ALGORITHM=INPLACE, LOCK=NONE;\n"
		return "-- +goose Up\nALTER TABLE " + m.Table() + "\n    " + strings.Join(adds, ",\n    ") + ",\n" + tail +
			"\n-- +goose Down\nALTER TABLE " + m.Table() + "\n    " + strings.Join(drops, ",\n    ") + ";\n"
	}
	up, down := "", ""
	for _, add := range adds {
		up += "ALTER TABLE " + m.Table() + " " + add + ";\n"
	}
	if has {
		up += index.statement(m.Table(), d.online)
		down += "DROP INDEX " + index.name + ";\n"
	}
	for _, drop := range drops {
		down += "ALTER TABLE " + m.Table() + " " + drop + ";\n"
	}
	return oneDDL(engine, up, "column is new; where it stops half-way, drop it and run it again") +
		"-- +goose Up\n" + up + "\n-- +goose Down\n" + down
}

// RenameTable is the migration that gives a module's table, columns and indexes the names that another module's have.
func RenameTable(engine string, now, next spec.Module) string {
	up, down := renameSQL(engine, now, next), renameSQL(engine, next, now)
	return "-- lint: allow destructive: " + now.Package() + " is called " + next.Package() +
		" from here on: stop the programs that know the old name before this runs\n" +
		oneDDL(engine, up, "names are new; where it stops half-way, give the others by hand") +
		"-- +goose Up\n" + up + "\n-- +goose Down\n" + down
}

func renameSQL(engine string, from, to spec.Module) string {
	var columns, indexes [][2]string
	var made []sqlIndex
	for i, f := range from.Fields {
		a, b := field{f, from}, field{to.Fields[i], to}
		if a.Column() != b.Column() {
			columns = append(columns, [2]string{a.Column(), b.Column()})
		}
		if index, has := b.sqlIndex(); has {
			indexes = append(indexes, [2]string{a.indexName(), b.indexName()})
			made = append(made, index)
		}
	}
	if from.Owner != "" {
		indexes = append(indexes, [2]string{ownerIndex(from).name, ownerIndex(to).name})
		made = append(made, ownerIndex(to))
	}
	indexes = append(indexes, [2]string{from.Table() + "_created_at", to.Table() + "_created_at"})
	made = append(made, sqlIndex{to.Table() + "_created_at", "created_at, id", false})
	var changes []string
	for _, c := range columns {
		changes = append(changes, fmt.Sprintf("RENAME COLUMN %s TO %s", c[0], c[1]))
	}
	if engine == "mysql" {
		for _, x := range indexes {
			changes = append(changes, fmt.Sprintf("RENAME INDEX %s TO %s", x[0], x[1]))
		}
		changes = append(changes, "RENAME TO "+to.Table())
		return "ALTER TABLE " + from.Table() + "\n    " + strings.Join(changes, ",\n    ") + ";\n"
	}
	sql := "ALTER TABLE " + from.Table() + " RENAME TO " + to.Table() + ";\n"
	for _, change := range changes {
		sql += "ALTER TABLE " + to.Table() + " " + change + ";\n"
	}
	for i, x := range indexes {
		if engine == "oracle" {
			sql += fmt.Sprintf("ALTER INDEX %s RENAME TO %s;\n", x[0], x[1])
		} else {
			sql += "DROP INDEX " + x[0] + ";\n" + made[i].statement(to.Table(), "")
		}
	}
	return sql
}
