package main

import (
	"database/sql"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

// call runs a command of server migrate in the folder that the test is in.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), append([]string{"migrate"}, args...), &out, &errs)
	return code, out.String(), errs.String()
}

// inFolder puts the test into an empty folder, with the configuration of tests.
func inFolder(t *testing.T, folders ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("TRELLIS_ENV", "test")
	for _, folder := range folders {
		require.NoError(t, os.MkdirAll(folder, 0o750))
	}
}

func must(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := call(t, args...)
	require.Equal(t, 0, code, errs)
	return out
}

// firstMigration is the oldest of those of SQLite, and its version.
func firstMigration(t *testing.T) (file, version string) {
	t.Helper()
	files, err := fs.Glob(migrations.Files, "sqlite/*.sql")
	require.NoError(t, err)
	file = path.Base(files[0])
	version, _, _ = strings.Cut(file, "_")
	return file, version
}

func TestMigrateGoesToVersionsAndShowsWhatItWouldDo(t *testing.T) {
	inFolder(t)
	assert.Contains(t, must(t, "up", "--dry-run"), "_create_outbox.sql up, in a transaction\nCREATE TABLE lease_holders (")
	assert.Contains(t, must(t, "status"), "pending")
	first, version := firstMigration(t)
	must(t, "to", version)
	assert.NotRegexp(t, version+` +pending`, must(t, "status"))
	assert.Contains(t, must(t, "redo", "--dry-run"), first+" down, in a transaction\nDROP TABLE")
	must(t, "redo")
	must(t, "down", "--database", "primary")
	assert.Equal(t, "-- nothing to do\n", must(t, "down", "--dry-run"))
	must(t, "up")
	must(t, "to", "0")
	assert.Contains(t, must(t, "status"), "pending")
}

func TestStatusMarksWhatIsOutOfOrderAndWhatHasNoFile(t *testing.T) {
	inFolder(t)
	must(t, "up")
	m := testkit.Start(t, database.Configs{testkit.Name: {Driver: "sqlite", DSN: config.DSN(filepath.Join("data", "trellis.db"))}})
	db, err := m.DB(testkit.Name)
	require.NoError(t, err)
	for _, statement := range []string{
		"DELETE FROM goose_db_version WHERE version_id > 0",
		"INSERT INTO goose_db_version (version_id, is_applied) VALUES (29990101000000, @applied)",
	} {
		require.NoError(t, db.Writer(t.Context()).Exec(statement, sql.Named("applied", true)).Error)
	}
	status := must(t, "status")
	first, version := firstMigration(t)
	assert.Regexp(t, version+` +pending, out of order +`+first, status)
	assert.Regexp(t, `29990101000000 .*\(no file has this version\)`, status)
}

func TestCreateAndLintWorkOnTheFolderOfMigrations(t *testing.T) {
	inFolder(t, "migrations/sqlite", "migrations/mysql")
	created := strings.Fields(must(t, "create", "add_notes"))
	require.Len(t, created, 2)
	must(t, "lint")
	require.NoError(t, os.WriteFile(created[0], []byte("-- +goose Up\nDROP TABLE a;\n-- +goose Down\nSELECT 1;\n"), 0o600))
	code, out, errs := call(t, "lint")
	assert.Equal(t, 1, code)
	assert.Equal(t, created[0]+":2: destructive: the table a is dropped\n", out)
	assert.Contains(t, errs, "1 findings")
}

func TestAMigrationOfTheWarehouseIsCreatedAlone(t *testing.T) {
	inFolder(t, "migrations/sqlite", "migrations/clickhouse")
	assert.Regexp(t, `^migrations/clickhouse/\d{14}_add_sales.sql\n$`, must(t, "create", "add_sales", "--warehouse"))
	assert.Regexp(t, `^migrations/sqlite/\d{14}_add_notes.sql\n$`, must(t, "create", "add_notes"))
	must(t, "lint")
	require.NoError(t, os.RemoveAll("migrations/clickhouse"))
	code, _, errs := call(t, "create", "add_more", "--warehouse")
	assert.Equal(t, 2, code)
	assert.Contains(t, errs, "no folder clickhouse")
}

func TestTheWarehouseIsMigratedWithTheOthers(t *testing.T) {
	inFolder(t)
	t.Setenv("TRELLIS_DATABASES_WAREHOUSE_DRIVER", "clickhouse")
	t.Setenv("TRELLIS_DATABASES_WAREHOUSE_DSN", testkit.EmptyClickHouse(t).DSN.Reveal())
	must(t, "up")
	assert.NotContains(t, must(t, "status"), "pending")
	for _, args := range [][]string{{"down"}, {"redo"}, {"to", "0"}} {
		code, _, errs := call(t, args...)
		assert.Equal(t, 2, code, "%v: %s", args, errs)
		assert.Contains(t, errs, ": primary, warehouse: choose one with --database")
	}
	assert.NotContains(t, must(t, "status"), "pending", "nothing was taken back")
	must(t, "down", "--database", "warehouse")
	must(t, "redo", "--dry-run")
}

func TestWhatIsTakenBackNeedsTheNameOfOneDatabaseOfSeveral(t *testing.T) {
	inFolder(t)
	t.Setenv("TRELLIS_DATABASES_OTHER_DRIVER", "sqlite")
	t.Setenv("TRELLIS_DATABASES_OTHER_DSN", "data/other.db")
	must(t, "up")
	for _, args := range [][]string{{"down"}, {"down", "--dry-run"}, {"redo"}, {"redo", "--dry-run"}, {"to", "0"}, {"to", "0", "--dry-run"}} {
		code, out, errs := call(t, args...)
		assert.Equal(t, 2, code, "%v: %s", args, errs)
		assert.Empty(t, out)
		assert.Contains(t, errs, ": other, primary: choose one with --database")
	}
	assert.NotContains(t, must(t, "status"), "pending", "nothing was taken back")
	must(t, "redo", "--database", "primary")
	must(t, "to", "0", "--database", "other")
	must(t, "down")
	assert.Equal(t, 1, strings.Count(must(t, "status", "--database", "primary"), "pending"))
}

func TestMistakesAreTheCallers(t *testing.T) {
	inFolder(t, "migrations/sqlite")
	for _, args := range [][]string{
		{"to", "7"}, {"to", "x"}, {"to", "-1"}, {"to"}, {"up", "now"}, {"up", "--database", "nope"}, {"status", "--nothing"},
		{"create"}, {"create", "Bad Name"}, {"create", "x", "--dir", "nowhere"}, {"lint", "--dir", "nowhere"},
	} {
		code, _, errs := call(t, args...)
		assert.Equal(t, 2, code, "%v: %s", args, errs)
	}
}

func TestADatabaseThatIsNotThereHasItsOwnExitCode(t *testing.T) {
	inFolder(t)
	t.Setenv("TRELLIS_DATABASES_PRIMARY_DRIVER", "mysql")
	t.Setenv("TRELLIS_DATABASES_PRIMARY_DSN", "root@tcp(127.0.0.1:1)/x")
	t.Setenv("TRELLIS_DATABASES_PRIMARY_CONNECT_TIMEOUT", "1ms")
	code, _, errs := call(t, "status")
	assert.Equal(t, 69, code, errs)
}

func TestDiffAndCheckNeedACheckout(t *testing.T) {
	inFolder(t)
	code, _, errs := call(t, "check")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "run it in a checkout, with Go installed")
}
