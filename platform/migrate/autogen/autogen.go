// Package autogen writes the migration that is missing: it compares the schema that the migrations make with the one that
// the modules' models describe, on each transactional engine.
//
//	engine := autogen.SQLite()
//	difference, err := engine.Compare(ctx, migrations.Files, modules)
//	if !difference.Empty() { text := difference.File() }
//
// Both schemas are made in scratch databases of the real engine, the one by the migrations and the other by gorm from the
// models, and are read back, so that only what the engine itself takes for different is a difference. What gorm cannot
// say about a column stays as the migrations have it: see normalize.go.
//
// Tables that no module owns by its name are left alone, also when nothing describes them; cmd/schema gives those of the
// platform as modules, too. A column or table with a new name is one that goes and one that comes; the file says so.
//
// It needs much of a library that a server does not: only cmd/schema imports it.
package autogen

import (
	"context"
	"io/fs"
	"slices"
	"strings"

	"github.com/trellis-go/trellis/platform/module"
)

// Engine compares on one kind of database.
type Engine interface {
	// Name is that of the driver, and of the folder of its migrations.
	Name() string
	// Compare gives what brings a database with these migrations to the modules' models. files has a folder Name().
	Compare(ctx context.Context, files fs.FS, modules []module.Module) (*Difference, error)
}

// Difference is a migration as it would have to be written.
type Difference struct {
	Up, Down []string // statements, without semicolons
	// Rebuilds says that SQLite has to make tables anew, with foreign keys off, which it does only outside of a transaction.
	Rebuilds bool
	// Destructive lists what is lost by going up.
	Destructive []string
	// Warnings are for who reads the file before it is run.
	Warnings []string
}

// Empty says that models and migrations agree.
func (d *Difference) Empty() bool { return len(d.Up) == 0 }

// File is the difference as a file of migrations.
func (d *Difference) File() string {
	var text strings.Builder
	line := func(parts ...string) { text.WriteString(strings.Join(parts, "") + "\n") }
	for _, warning := range d.Warnings {
		line("-- warning: ", warning)
	}
	line("-- +goose Up")
	if d.Rebuilds {
		line("-- +goose NO TRANSACTION")
	}
	for _, lost := range d.Destructive {
		line("-- destructive: ", lost)
	}
	for _, statement := range d.section(d.Up) {
		line(statement)
	}
	line()
	line("-- +goose Down")
	for _, statement := range d.section(d.Down) {
		line(statement)
	}
	return text.String()
}

// section makes one direction of the file. Where goose is not to open a transaction the file has its own, so that nothing
// stays behind when a statement fails.
func (d *Difference) section(statements []string) []string {
	var lines []string
	for _, statement := range statements {
		if strings.Contains(statement, ";") {
			lines = append(lines, "-- +goose StatementBegin", statement+";", "-- +goose StatementEnd")
		} else {
			lines = append(lines, statement+";")
		}
	}
	if !d.Rebuilds || len(lines) == 0 {
		return lines
	}
	const off, on = "PRAGMA foreign_keys = off;", "PRAGMA foreign_keys = on;"
	return slices.Concat([]string{off, "BEGIN IMMEDIATE;"}, lines, []string{"COMMIT;", on})
}

// owned tells whether a table belongs to one of the modules: it begins with the module's name.
func owned(table string, modules []module.Module) bool {
	return slices.ContainsFunc(modules, func(m module.Module) bool { return strings.HasPrefix(table, m.Name+"_") })
}

func modelsOf(modules []module.Module) []any {
	var models []any
	for _, m := range modules {
		models = append(models, m.Models...)
	}
	return models
}
