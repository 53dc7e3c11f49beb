// Package testkit gives tests of modules and of the platform real databases: a fresh, migrated one for each test, gone
// when it ends.
//
//	func TestSave(t *testing.T) {
//		m := testkit.Database(t) // SQLite: nothing to install, about a millisecond
//		db, err := m.DB("primary")
//		…
//	}
//
//	func TestRepository(t *testing.T) {
//		testkit.EachEngine(t, func(t *testing.T, m *database.Manager) { … }) // SQLite, and MySQL where there is one
//	}
//
// It may be used by everything, so it knows no module.
package testkit

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/migrate"
)

// Name is under which every database of this package is configured.
const Name = "primary"

const setUpTimeout = 30 * time.Second

// template is the file of an SQLite database with the program's migrations, made once in a process.
var template = sync.OnceValues(func() ([]byte, error) { return sqliteImage(migrations.Files) })

// Database is a manager with one fresh SQLite database, named primary, that has the program's migrations.
func Database(t testing.TB) *database.Manager {
	t.Helper()
	RunsOn(t, "sqlite", Live)
	return Start(t, database.Configs{Name: {Driver: "sqlite", DSN: config.DSN(migratedFile(t))}})
}

// Migrated is Database with migrations of the test's own; files has a folder sqlite.
func Migrated(t testing.TB, files fs.FS) *database.Manager {
	t.Helper()
	return MigratedOn(t, EmptySQLite(t), files)
}

// MigratedOn is Migrated on a database of the test's choice, which it configures as primary.
func MigratedOn(t testing.TB, cfg database.Config, files fs.FS) *database.Manager {
	t.Helper()
	m := Start(t, database.Configs{Name: cfg})
	require.NoError(t, migrate.New(m, files, Quiet()).Up(t.Context()))
	return m
}

// EmptySQLite configures an SQLite database that does not exist yet.
func EmptySQLite(t testing.TB) database.Config {
	t.Helper()
	RunsOn(t, "sqlite", Live)
	return database.Config{Driver: "sqlite", DSN: config.DSN(filepath.Join(t.TempDir(), "test.db"))}
}

// Start opens and starts a manager, and closes it when the test ends.
func Start(t testing.TB, cfgs database.Configs) *database.Manager {
	t.Helper()
	return through(t, cfgs, nil)
}

// through is Start with something between the manager and its databases.
func through(t testing.TB, cfgs database.Configs, around database.Around) *database.Manager {
	t.Helper()
	m, err := database.OpenThrough(cfgs, Quiet(), around)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), setUpTimeout)
		defer cancel()
		require.NoError(t, m.Close(ctx))
	})
	require.NoError(t, m.Start(t.Context()))
	return m
}

// Quiet is a logger that says nothing.
func Quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// ID is the i-th id of a kind, four hexadecimal digits: a UUID that is the same in every run.
func ID(kind string, i int) string { return fmt.Sprintf("00000000-0000-7000-%s-%012d", kind, i) }

// sqliteImage migrates a database and gives its file, whole: closing the last connection puts the log into it.
func sqliteImage(files fs.FS) (image []byte, err error) {
	folder, err := os.MkdirTemp("", "trellis-template-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	dsn := filepath.Join(folder, "template.db")
	m, err := database.Open(database.Configs{Name: {Driver: "sqlite", DSN: config.DSN(dsn)}}, Quiet())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), setUpTimeout)
	defer cancel()
	if err := m.Start(ctx); err != nil {
		return nil, err
	}
	if err := migrate.New(m, files, Quiet()).Up(ctx); err != nil {
		return nil, err
	}
	if err := m.Close(ctx); err != nil {
		return nil, err
	}
	return os.ReadFile(dsn)
}

// migratedFile is a fresh SQLite database with the program's migrations.
func migratedFile(t testing.TB) string {
	t.Helper()
	image, err := template()
	require.NoError(t, err, "migrating the template")
	file := filepath.Join(t.TempDir(), "test.db")
	require.NoError(t, os.WriteFile(file, image, 0o600))
	return file
}
