package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/migrate/sqlfile"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// call runs a command.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), append([]string{"migrate"}, args...), &out, &errs)
	return code, out.String(), errs.String()
}

// withoutServer hides what the tests' environment says of a server.
func withoutServer(t *testing.T) {
	t.Helper()
	t.Setenv(mysqlVariable, "")
	t.Setenv(mysqlTestVariable, "")
}

// folder has one for each engine, with nothing in it.
func folder(t *testing.T, engines ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, engine := range engines {
		require.NoError(t, os.Mkdir(filepath.Join(dir, engine), 0o750))
	}
	return dir
}

func TestTheProgramsModelsAndMigrationsAgree(t *testing.T) {
	code, out, errs := call(t, "check", "--dir", "../../migrations", "--engines", "sqlite,oracle")
	assert.Equal(t, 0, code, errs)
	assert.Equal(t, "models and migrations agree on oracle, sqlite\n", out)
}

func TestCheckShowsWhatIsMissingAndDiffWritesIt(t *testing.T) {
	for name, engines := range map[string][]string{"sqlite": {"sqlite"}, "oracle": {"sqlite", "oracle"}, "mysql": {"sqlite", "mysql"}} {
		t.Run(name, func(t *testing.T) {
			if name == "mysql" {
				testkit.MySQLServer(t)
			}
			dir := folder(t, engines...)
			code, out, errs := call(t, "check", "--dir", dir)
			assert.Equal(t, 1, code)
			assert.Contains(t, strings.ReplaceAll(out, "`", ""), name+": CREATE TABLE outbox_sent (")
			assert.Contains(t, errs, "server migrate diff NAME writes what is missing")

			code, out, errs = call(t, "diff", "create_all", "--dir", dir)
			require.Equal(t, 0, code, errs)
			assert.Equal(t, len(engines), strings.Count(out, "_create_all.sql\n"))

			code, _, errs = call(t, "check", "--dir", dir)
			assert.Equal(t, 0, code, errs)
			code, out, _ = call(t, "diff", "again", "--dir", dir)
			assert.Equal(t, 0, code)
			assert.Contains(t, out, "models and migrations agree on")
			files, err := filepath.Glob(filepath.Join(dir, "*", "*.sql"))
			require.NoError(t, err)
			assert.Len(t, files, len(engines))
		})
	}
}

func TestWithoutAServerOnlyWhatCanBeIsWrittenAndThatIsAnError(t *testing.T) {
	withoutServer(t)
	dir := folder(t, "sqlite", "mysql")
	code, out, errs := call(t, "diff", "create_all", "--dir", dir)
	assert.Equal(t, 1, code)
	assert.Contains(t, out, filepath.Join(dir, "sqlite"))
	assert.NotContains(t, out, filepath.Join(dir, "mysql"))
	assert.Contains(t, errs, "mysql was not compared, for want of a server: give --mysql-dsn or TRELLIS_MIGRATE_MYSQL_DSN")

	code, _, _ = call(t, "check", "--dir", dir)
	assert.Equal(t, 1, code, "what was not compared is not in order")
	code, _, errs = call(t, "check", "--dir", dir, "--engines", "sqlite")
	assert.Equal(t, 0, code, errs)
}

func TestWhatIsLostIsSaidWhenItIsWritten(t *testing.T) {
	dir := folder(t, "sqlite")
	code, _, errs := call(t, "diff", "create_all", "--dir", dir)
	require.Equal(t, 0, code, errs)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sqlite", "29990101000000_more.sql"),
		[]byte("-- +goose Up\nALTER TABLE lease_holders ADD COLUMN note TEXT;\nALTER TABLE outbox_sent ADD COLUMN note TEXT;\n"), 0o600))
	code, _, errs = call(t, "diff", "drop_notes", "--dir", dir)
	require.Equal(t, 0, code, errs)
	assert.Contains(t, errs, "sqlite: destructive: the column lease_holders.note is dropped")
}

func TestAMistakeOnTheCommandLineHasItsOwnExitCode(t *testing.T) {
	dir := folder(t, sqlfile.Transactional...)
	for _, args := range [][]string{
		{"diff"}, {"diff", "Bad Name", "--dir", dir, "--engines", "sqlite"}, {"diff", "x", "--dir", "nowhere"}, {"check", "x"},
		{"check", "--dir", dir, "--engines", "postgres"}, {"check", "--nothing"},
		{"check", "--dir", dir, "--mysql-dsn", "nonsense:"},
	} {
		code, _, errs := call(t, args...)
		assert.Equal(t, 2, code, "%v: %s", args, errs)
	}
}

func TestAMigrationThatFailsIsAnErrorOfBoth(t *testing.T) {
	dir := folder(t, "sqlite")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sqlite", "1_broken.sql"), []byte("-- +goose Up\nDROP TABLE nothing;\n"), 0o600))
	for _, args := range [][]string{{"check"}, {"diff", "x"}} {
		code, _, errs := call(t, append(args, "--dir", dir)...)
		assert.Equal(t, 1, code)
		assert.Contains(t, errs, "1_broken.sql: statement 1")
	}
}
