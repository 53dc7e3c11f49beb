package autogen

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	atlas "ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/schema"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/migrate"
	"github.com/trellis-go/trellis/platform/module"
)

// relational is an engine whose schemas atlas can read and compare.
type relational struct {
	name string
	open func(schema.ExecQuerier) (atlas.Driver, error)
	// create makes a scratch database, and what drops it.
	create func(context.Context) (database.Config, func(context.Context) error, error)
	// prepare makes changes such that their statements can be run; nil where all can.
	prepare func([]schema.Change) []schema.Change
	online  bool // indexes are made while the table is written
}

// Name is that of the driver.
func (e *relational) Name() string { return e.name }

// Compare makes both schemas and compares them.
func (e *relational) Compare(ctx context.Context, files fs.FS, modules []module.Module) (*Difference, error) {
	var difference *Difference
	err := e.scratch(ctx, func(migrated *scratch) error {
		if err := migrate.New(migrated.manager, files, slog.New(slog.DiscardHandler)).Up(ctx); err != nil {
			return err
		}
		return e.scratch(ctx, func(modelled *scratch) error {
			if err := modelled.db.Writer(ctx).AutoMigrate(modelsOf(modules)...); err != nil {
				return fmt.Errorf("making the tables of the models: %w", err)
			}
			var err error
			difference, err = e.compare(ctx, migrated, modelled, modules)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("comparing models and migrations on %s: %w", e.name, err)
	}
	return difference, nil
}

// scratch is a database that goes when it was used.
type scratch struct {
	manager *database.Manager
	db      *database.DB
}

func (e *relational) scratch(ctx context.Context, use func(*scratch) error) (err error) {
	const name = "scratch"
	cfg, drop, err := e.create(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop(context.WithoutCancel(ctx))) }()
	manager, err := database.Open(database.Configs{name: cfg}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, manager.Close(context.WithoutCancel(ctx))) }()
	db, err := manager.DB(name)
	if err != nil {
		return err
	}
	if err := manager.Start(ctx); err != nil {
		return err
	}
	return use(&scratch{manager, db})
}

func (e *relational) compare(ctx context.Context, migrated, modelled *scratch, modules []module.Module) (*Difference, error) {
	driver, have, err := e.inspect(ctx, migrated, modules)
	if err != nil {
		return nil, err
	}
	_, want, err := e.inspect(ctx, modelled, modules)
	if err != nil {
		return nil, err
	}
	normalize(have, want)
	difference := &Difference{}
	up, err := driver.SchemaDiff(have, want)
	if err != nil {
		return nil, err
	}
	difference.describe(up)
	if difference.Up, err = e.statements(ctx, driver, difference, up); err != nil {
		return nil, err
	}
	// The way back by comparing the other way: a plan's own has none for a rebuilt table.
	down, err := driver.SchemaDiff(want, have)
	if err != nil {
		return nil, err
	}
	difference.Down, err = e.statements(ctx, driver, difference, down)
	return difference, err
}

// inspect reads the modules' tables.
func (e *relational) inspect(ctx context.Context, s *scratch, modules []module.Module) (atlas.Driver, *schema.Schema, error) {
	pool, err := s.db.Reader(ctx).DB() // on SQLite the writer has one connection, and atlas asks within its questions
	if err != nil {
		return nil, nil, err
	}
	driver, err := e.open(pool)
	if err != nil {
		return nil, nil, err
	}
	found, err := driver.InspectSchema(ctx, "", &schema.InspectOptions{Exclude: []string{migrate.Table}})
	if err != nil {
		return nil, nil, err
	}
	found.Name = "" // that of the scratch database
	var tables []*schema.Table
	for _, table := range found.Tables {
		if owned(table.Name, modules) {
			tables = append(tables, table)
		}
	}
	found.Tables = tables
	return driver, found, nil
}

// statements plans changes, and notes when they take a rebuild.
func (e *relational) statements(
	ctx context.Context, driver atlas.Driver, difference *Difference, changes []schema.Change,
) ([]string, error) {
	if e.prepare != nil {
		changes = e.prepare(changes)
	}
	unqualified := ""
	plan, err := driver.PlanChanges(ctx, "diff", changes, func(o *atlas.PlanOptions) {
		o.SchemaQualifier, o.Indent = &unqualified, "    "
	})
	if err != nil {
		return nil, err
	}
	var statements []string
	for _, change := range plan.Changes {
		switch change.Cmd {
		case "PRAGMA foreign_keys = off", "PRAGMA foreign_keys = on":
			difference.Rebuilds = true // and the file says it around all of its statements
		default:
			statements = append(statements, change.Cmd+e.unlocked(change.Source))
		}
	}
	return statements, nil
}

// unlocked lets writers go on while nothing but indexes of a table change.
func (e *relational) unlocked(source schema.Change) string {
	modify, ok := source.(*schema.ModifyTable)
	if !ok || !e.online || len(modify.Changes) == 0 {
		return ""
	}
	for _, change := range modify.Changes {
		switch change.(type) {
		case *schema.AddIndex, *schema.DropIndex:
		default:
			return ""
		}
	}
	return ", ALGORITHM=INPLACE, LOCK=NONE"
}
