package autogen

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/migrate/ddl"
	"github.com/trellis-go/trellis/platform/migrate/script"
	"github.com/trellis-go/trellis/platform/module"
)

// Oracle compares without any server: it reads from the migrations what they would make, and from the models what the
// platform's dialect would make of them.
func Oracle() Engine { return oracle{} }

type oracle struct{}

// Name is that of the driver.
func (oracle) Name() string { return "oracle" }

// Compare reads both schemas and compares them.
func (oracle) Compare(ctx context.Context, files fs.FS, modules []module.Module) (*Difference, error) {
	difference, err := compareOracle(ctx, files, modules)
	if err != nil {
		return nil, fmt.Errorf("comparing models and migrations on oracle: %w", err)
	}
	return difference, nil
}

func compareOracle(ctx context.Context, files fs.FS, modules []module.Module) (*Difference, error) {
	have, err := migrated(files, modules)
	if err != nil {
		return nil, err
	}
	// Never reached: a handle is made without its database.
	const name = "scratch"
	manager, err := database.Open(database.Configs{name: {Driver: "oracle", DSN: "oracle://nobody@localhost/nowhere"}},
		slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer func() { _ = manager.Close(context.WithoutCancel(ctx)) }() // it has no connection
	db, err := manager.DB(name)
	if err != nil {
		return nil, err
	}
	handle := db.Writer(ctx)
	want, err := modelled(handle, modelsOf(modules))
	if err != nil {
		return nil, err
	}
	quote := func(name string) string {
		var quoted strings.Builder
		handle.QuoteTo(&quoted, name)
		return quoted.String()
	}
	up, down := ddl.Compare(have, want, quote), ddl.Compare(want, have, quote)
	return &Difference{
		Up: up.Statements, Down: down.Statements, Destructive: up.Destructive, Warnings: up.Warnings,
	}, nil
}

// migrated is what the migrations make of the modules' tables.
func migrated(files fs.FS, modules []module.Module) (ddl.Schema, error) {
	names, err := fs.Glob(files, "oracle/*.sql") // in the order of their numbers
	if err != nil {
		return nil, err
	}
	have := ddl.Schema{}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		read, err := script.Parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("migrating: %s: %w", path.Base(name), err)
		}
		for i, statement := range read.Up {
			if err := have.Apply(statement.SQL); err != nil {
				return nil, fmt.Errorf("migrating: %s: statement %d (line %d): %w", path.Base(name), i+1, statement.Line, err)
			}
		}
	}
	for name := range have {
		if !owned(name, modules) {
			delete(have, name)
		}
	}
	return have, nil
}

// modelled is what the models describe.
func modelled(handle *gorm.DB, models []any) (ddl.Schema, error) {
	want, indexes := ddl.Schema{}, map[string]string{}
	for _, model := range models {
		statement := &gorm.Statement{DB: handle}
		if err := statement.Parse(model); err != nil {
			return nil, fmt.Errorf("reading the model %T: %w", model, err)
		}
		table := statement.Schema.Table
		want[table] = tableOf(handle, statement.Schema)
		for name := range want[table].Indexes {
			if other, taken := indexes[name]; taken {
				return nil, fmt.Errorf("the index %s is of %s and of %s: on Oracle the names of indexes are the schema's", name, other, table)
			}
			indexes[name] = table
		}
	}
	return want, fits(want)
}

func tableOf(handle *gorm.DB, model *schema.Schema) *ddl.Table {
	table := ddl.NewTable()
	table.Primary = model.PrimaryFieldDBNames
	for _, name := range model.DBNames {
		field := model.FieldsByDBName[name]
		if field.IgnoreMigration {
			continue
		}
		table.Columns = append(table.Columns, ddl.Column{
			Name: name, Type: ddl.Type(handle.DataTypeOf(field)), Null: !field.NotNull && !field.PrimaryKey, Default: defaultOf(field),
		})
	}
	for _, index := range model.ParseIndexes() {
		columns := make([]string, len(index.Fields))
		for i, field := range index.Fields {
			columns[i] = field.DBName
			if strings.EqualFold(field.Sort, "desc") {
				columns[i] += " desc"
			}
		}
		table.Indexes[index.Name] = ddl.Index{Unique: index.Class == "UNIQUE", Columns: columns}
	}
	for name, unique := range model.ParseUniqueConstraints() {
		table.Indexes[name] = ddl.Index{Unique: true, Columns: []string{unique.Field.DBName}}
	}
	for name, check := range model.ParseCheckConstraints() {
		table.Checks[name] = "(" + ddl.Default(check.Constraint) + ")"
	}
	table.Foreign = foreignOf(model)
	return table
}

// foreignOf are the foreign keys, in the order of their names.
func foreignOf(model *schema.Schema) []ddl.Foreign {
	var keys []ddl.Foreign
	for _, relation := range model.Relationships.Relations {
		constraint := relation.ParseConstraint()
		if constraint == nil || constraint.Schema != model {
			continue
		}
		key := ddl.Foreign{Name: constraint.Name, Table: constraint.ReferenceSchema.Table}
		for i := range constraint.ForeignKeys {
			key.Columns = append(key.Columns, constraint.ForeignKeys[i].DBName)
			key.Referred = append(key.Referred, constraint.References[i].DBName)
		}
		if action := strings.ToUpper(constraint.OnDelete); action == "CASCADE" || action == "SET NULL" {
			key.OnDelete = action
		}
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b ddl.Foreign) int { return strings.Compare(a.Name, b.Name) })
	return keys
}

// defaultOf is a field's default as an expression of Oracle's.
func defaultOf(field *schema.Field) string {
	switch value := field.DefaultValueInterface.(type) {
	case nil:
		if !field.HasDefaultValue || field.DefaultValue == "(-)" || field.AutoIncrement {
			return ""
		}
		return ddl.Default(field.DefaultValue)
	case bool:
		if value {
			return "1"
		}
		return "0"
	case string:
		if value == "" {
			return "CHR(0)" // as the platform stores the empty text
		}
		return "'" + strings.ReplaceAll(value, "'", "''") + "'"
	default:
		return fmt.Sprint(value)
	}
}

// mostName is how many bytes a name may have, since 12.2.
const mostName = 128

// fits finds names that are too long.
func fits(want ddl.Schema) error {
	for table, t := range want {
		names := []string{table}
		for _, column := range t.Columns {
			names = append(names, column.Name)
		}
		for index := range t.Indexes {
			names = append(names, index)
		}
		for _, key := range t.Foreign {
			names = append(names, key.Name)
		}
		for _, name := range names {
			if len(name) > mostName {
				return fmt.Errorf("the name %s of the table %s has %d bytes: Oracle takes %d", name, table, len(name), mostName)
			}
		}
	}
	return nil
}
