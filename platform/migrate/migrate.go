// Package migrate brings the schema of every database that has one to the version that the program's migrations describe.
//
//	migrator := migrate.New(manager, migrations.Files, logger)
//	err := migrator.Up(ctx)
//
// A database takes the goose files of the folder that is named as its driver. Each file is applied once, in a transaction
// unless it begins with -- +goose NO TRANSACTION; files with an earlier number that arrive later, from a branch merged
// late, are applied too. On SQLite a file that fails leaves nothing behind. MySQL and Oracle commit at every DDL statement, so there
// what came before the failed statement stays, and is to be mended by hand: keep to one DDL statement a file where that
// matters. ClickHouse has no transactions at all. The error names the database, the file, and the statement.
//
// Any number of processes may run it at once: they take turns at each database, and those who come late find nothing
// left to do. Connections to the same physical database count as one.
package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"

	"github.com/pressly/goose/v3"
	goosedb "github.com/pressly/goose/v3/database"

	"github.com/trellis-go/trellis/platform/database"
)

// Table is where a database keeps the versions that were applied.
const Table = goose.DefaultTablename

// schema is what has one: a *database.DB or a *database.ClickHouse.
type schema interface {
	database.Connection
	// Target says which physical database it is.
	Target() string
	// Tables are the names of its tables.
	Tables(ctx context.Context) ([]string, error)
	// Exclusive runs fn alone among all processes, with connections for maintenance.
	Exclusive(ctx context.Context, fn func(ctx context.Context, pool *sql.DB) error) error
}

// Migrator applies migrations to the databases of one manager.
type Migrator struct {
	manager *database.Manager
	files   fs.FS
	logger  *slog.Logger
	only    []schema // nil: all
}

// New makes a migrator of the manager's databases. files has one folder for each driver.
func New(manager *database.Manager, files fs.FS, logger *slog.Logger) *Migrator {
	return &Migrator{manager: manager, files: files, logger: logger}
}

// Only is the migrator of the database with that name alone; of every database when the name is empty.
func (m *Migrator) Only(name string) (*Migrator, error) {
	if name == "" {
		return m, nil
	}
	db, err := database.Lookup[schema](m.manager, name)
	if err != nil {
		return nil, err
	}
	one := *m
	one.only = []schema{db}
	return &one, nil
}

// Up applies everything that is pending.
func (m *Migrator) Up(ctx context.Context) error { return m.Apply(ctx, Up()) }

// Apply makes a change to one database after the other. It goes on to the next when one fails, and returns all errors.
func (m *Migrator) Apply(ctx context.Context, change Change) error {
	var failed []error
	for _, db := range m.databases() {
		failed = append(failed, m.run(ctx, db, func(ctx context.Context, t *target) error {
			current, err := t.state(ctx)
			if err != nil {
				return err
			}
			for _, move := range change(current) {
				if _, err := t.provider.ApplyVersion(ctx, move.version, move.up); err != nil {
					return t.progress.explain(err)
				}
			}
			return nil
		}))
	}
	return errors.Join(failed...)
}

// databases is each physical database once.
func (m *Migrator) databases() []schema {
	if m.only != nil {
		return slices.Clone(m.only)
	}
	seen := map[[2]string]bool{}
	return slices.DeleteFunc(database.All[schema](m.manager), func(db schema) bool {
		key := [2]string{db.Driver(), db.Target()}
		again := seen[key]
		seen[key] = true
		return again
	})
}

// target is a database while it is migrated.
type target struct {
	db       schema
	pool     *sql.DB
	folder   fs.FS
	store    goosedb.Store
	provider *goose.Provider
	progress *progress
}

// run does one thing at one database, alone among all processes. It does nothing where there are no files.
func (m *Migrator) run(ctx context.Context, db schema, do func(context.Context, *target) error) error {
	folder, err := fs.Sub(m.files, db.Driver())
	if err != nil {
		return fmt.Errorf("migrating the database %s: %w", db.Name(), err)
	}
	if names, err := fs.Glob(folder, "*.sql"); err != nil || len(names) == 0 {
		return err
	}
	store, err := storeOf(db)
	if err != nil {
		return err
	}
	err = db.Exclusive(ctx, func(ctx context.Context, pool *sql.DB) error {
		progress := &progress{logger: m.logger.With(slog.String("database", db.Name()))}
		provider, err := goose.NewProvider("", pool, folder, goose.WithStore(store), goose.WithDisableGlobalRegistry(true),
			goose.WithVerbose(true), goose.WithSlog(slog.New(progress)))
		if err != nil {
			return err
		}
		return do(ctx, &target{db, pool, folder, store, provider, progress})
	})
	if err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	return nil
}

// storeOf knows how each engine keeps the versions.
func storeOf(db schema) (goosedb.Store, error) {
	switch db.Driver() {
	case "oracle":
		return oracleStore{}, nil
	case "clickhouse":
		return goosedb.NewStoreFromQuerier(Table, clickhouse{})
	}
	dialects := map[string]goose.Dialect{
		"mysql":  goose.DialectMySQL,
		"sqlite": goose.DialectSQLite3,
	}
	dialect, known := dialects[db.Driver()]
	if !known {
		return nil, fmt.Errorf("migrating the database %s: its driver %s has no migrations", db.Name(), db.Driver())
	}
	return goosedb.NewStore(dialect, Table)
}
