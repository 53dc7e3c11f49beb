// Package migrate brings the schema of every SQL database to the version that the program's migrations describe.
//
//	migrator := migrate.New(manager, migrations.Files, logger)
//	err := migrator.Up(ctx)
//
// A database takes the goose files of the folder that is named as its driver. Each file is applied once, in a transaction
// unless it begins with -- +goose NO TRANSACTION; files with an earlier number that arrive later, from a branch merged
// late, are applied too. On SQLite a file that fails leaves nothing behind. MySQL commits at every DDL statement, so there
// what came before the failed statement stays, and is to be mended by hand: keep to one DDL statement a file where that
// matters. The error names the database, the file, and the statement.
//
// Any number of processes may run it at once: they take turns at each database, and those who come late find nothing
// left to do. Connections to the same physical database count as one.
package migrate

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/trellis-go/trellis/platform/database"
)

// Migrator applies migrations to the SQL databases of one manager.
type Migrator struct {
	manager *database.Manager
	files   fs.FS
	logger  *slog.Logger
}

// Status is one migration at one database.
type Status struct {
	Database string    // the first name, in the alphabet, under which the database is configured
	Version  int64     // the number that the file's name begins with
	Name     string    // of the file
	Applied  time.Time // when, in UTC; zero when it is pending
}

// Pending says that the migration was not applied yet.
func (s Status) Pending() bool { return s.Applied.IsZero() }

// New makes a migrator of the manager's SQL databases. files has one folder for each driver.
func New(manager *database.Manager, files fs.FS, logger *slog.Logger) *Migrator {
	return &Migrator{manager: manager, files: files, logger: logger}
}

// Up applies everything that is pending, one database after the other. It goes on to the next when one fails, and
// returns all errors.
func (m *Migrator) Up(ctx context.Context) error {
	var failed []error
	for _, db := range m.databases() {
		failed = append(failed, m.run(ctx, db, func(ctx context.Context, provider *goose.Provider) error {
			_, err := provider.Up(ctx)
			return err
		}))
	}
	return errors.Join(failed...)
}

// Down takes back the migration of the database with that name that was applied last; nothing when none is.
func (m *Migrator) Down(ctx context.Context, name string) error {
	db, err := m.manager.DB(name)
	if err != nil {
		return err
	}
	return m.run(ctx, db, func(ctx context.Context, provider *goose.Provider) error {
		_, err := down(ctx, provider)
		return err
	})
}

// Redo takes back the last migration of the database with that name and applies it again, to try out a file that is being
// written.
func (m *Migrator) Redo(ctx context.Context, name string) error {
	db, err := m.manager.DB(name)
	if err != nil {
		return err
	}
	return m.run(ctx, db, func(ctx context.Context, provider *goose.Provider) error {
		last, err := down(ctx, provider)
		if err != nil || last == nil {
			return err
		}
		_, err = provider.ApplyVersion(ctx, last.Source.Version, true)
		return err
	})
}

// down takes back the last migration and gives it, or nil when none is applied.
func down(ctx context.Context, provider *goose.Provider) (*goose.MigrationResult, error) {
	result, err := provider.Down(ctx)
	if errors.Is(err, goose.ErrNoNextVersion) {
		return nil, nil //nolint:nilnil // nothing to take back is neither
	}
	return result, err
}

// Status lists every migration of every database, by database and version.
func (m *Migrator) Status(ctx context.Context) ([]Status, error) {
	var all []Status
	for _, db := range m.databases() {
		err := m.run(ctx, db, func(ctx context.Context, provider *goose.Provider) error {
			list, err := provider.Status(ctx)
			for _, one := range list {
				all = append(all, Status{
					Database: db.Name(), Version: one.Source.Version, Name: path.Base(one.Source.Path),
					Applied: one.AppliedAt.UTC(),
				})
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Pending counts the migrations that are not applied, of all databases. It waits for a process that is applying them:
// ask at start-up, not in a health check.
func (m *Migrator) Pending(ctx context.Context) (int, error) {
	all, err := m.Status(ctx)
	pending := 0
	for _, one := range all {
		if one.Pending() {
			pending++
		}
	}
	return pending, err
}

// databases is each physical database once.
func (m *Migrator) databases() []*database.DB {
	seen := map[[2]string]bool{}
	return slices.DeleteFunc(m.manager.SQL(), func(db *database.DB) bool {
		key := [2]string{db.Driver(), db.Target()}
		again := seen[key]
		seen[key] = true
		return again
	})
}

// run does one thing at one database, alone among all processes.
func (m *Migrator) run(
	ctx context.Context, db *database.DB, do func(context.Context, *goose.Provider) error,
) error {
	folder, err := fs.Sub(m.files, db.Driver())
	if err != nil {
		return fmt.Errorf("migrating the database %s: %w", db.Name(), err)
	}
	dialect, err := dialectOf(db)
	if err != nil {
		return err
	}
	err = db.Exclusive(ctx, func(ctx context.Context, pool *sql.DB) error {
		progress := &progress{logger: m.logger.With(slog.String("database", db.Name()))}
		provider, err := goose.NewProvider(dialect, pool, folder, goose.WithDisableGlobalRegistry(true),
			goose.WithAllowOutofOrder(true), goose.WithVerbose(true), goose.WithSlog(slog.New(progress)))
		if errors.Is(err, goose.ErrNoMigrations) {
			return nil
		}
		if err != nil {
			return err
		}
		return progress.explain(do(ctx, provider))
	})
	if err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	return nil
}

func dialectOf(db *database.DB) (goose.Dialect, error) {
	dialects := map[string]goose.Dialect{
		"mysql":  goose.DialectMySQL,
		"sqlite": goose.DialectSQLite3,
	}
	dialect, known := dialects[db.Driver()]
	if !known {
		return "", fmt.Errorf("migrating the database %s: its driver %s has no migrations", db.Name(), db.Driver())
	}
	return dialect, nil
}

// progress listens to what goose says while it works, to log what was applied, and to know which statement failed: its
// error does not say.
type progress struct {
	logger    *slog.Logger
	file      string
	statement string
	count     int
}

// Enabled takes everything.
func (p *progress) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs changes nothing: goose does not use it.
func (p *progress) WithAttrs([]slog.Attr) slog.Handler { return p }

// WithGroup changes nothing: goose does not use it.
func (p *progress) WithGroup(string) slog.Handler { return p }

// Handle takes one thing that goose says.
func (p *progress) Handle(ctx context.Context, record slog.Record) error {
	said := map[string]slog.Value{}
	record.Attrs(func(attr slog.Attr) bool {
		said[attr.Key] = attr.Value
		return true
	})
	switch record.Message {
	case "executing statement":
		if file := said["source"].String(); file != p.file {
			p.file, p.count = file, 0
		}
		p.count++
		p.statement = said["statement"].String()
	case "migration completed":
		p.logger.InfoContext(ctx, "migration applied", slog.String("file", said["source"].String()),
			slog.String("direction", said["direction"].String()))
		p.file, p.count = "", 0
	}
	return nil
}

// explain adds the file and the statement to an error of goose.
func (p *progress) explain(err error) error {
	var partial *goose.PartialError
	if !errors.As(err, &partial) {
		return err
	}
	file := path.Base(partial.Failed.Source.Path)
	if file != p.file {
		return fmt.Errorf("%s: %w", file, partial.Err)
	}
	first, _, _ := strings.Cut(strings.TrimSpace(p.statement), "\n")
	return fmt.Errorf("%s: statement %d (%s): %w", file, p.count, cmp.Or(first, "empty"), partial.Err)
}
