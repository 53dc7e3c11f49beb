//go:build integration

package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMigrationsAreShownBeforeTheyRun(t *testing.T) {
	folder := t.TempDir()
	code, out, errs := run(t, folder, nil, "migrate", "up", "--dry-run")
	require.Equal(t, 0, code, errs)
	assert.Contains(t, out, "-- primary: 20261124090000_create_catalog.sql up, in a transaction\nCREATE TABLE catalog_products (")
	_, out, _ = run(t, folder, nil, "migrate", "status")
	assert.Contains(t, out, "pending")

	code, _, errs = run(t, folder, nil, "migrate", "to", "20261124090000", "--database", "primary")
	require.Equal(t, 0, code, errs)
	code, out, errs = run(t, folder, nil, "migrate", "to", "0", "--dry-run")
	require.Equal(t, 0, code, errs)
	assert.Contains(t, out, "DROP TABLE catalog_products;")
}

func TestAMistakeOnTheCommandLineHasItsOwnExitCode(t *testing.T) {
	for _, args := range [][]string{{"to", "7"}, {"to", "x"}, {"to"}, {"up", "now"}, {"status", "--database", "nope"},
		{"create", "notes", "--dir", "nowhere"}, {"create"}, {"create", "Bad Name"}, {"lint", "--dir", "nowhere"}} {
		code, _, errs := run(t, sources(t), nil, append([]string{"migrate"}, args...)...)
		assert.Equal(t, 2, code, "%v: %s", args, errs)
	}
}

// sources is a folder with empty ones for migrations.
func sources(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, engine := range []string{"sqlite", "mysql"} {
		require.NoError(t, os.MkdirAll(filepath.Join(folder, "migrations", engine), 0o750))
	}
	return folder
}

func TestAMigrationIsCreatedForEachEngineAndLinted(t *testing.T) {
	folder := sources(t)
	code, out, errs := run(t, folder, nil, "migrate", "create", "add_notes")
	require.Equal(t, 0, code, errs)
	assert.Regexp(t, `^migrations/sqlite/\d{14}_add_notes.sql\nmigrations/mysql/\d{14}_add_notes.sql\n$`, out)
	code, _, errs = run(t, folder, nil, "migrate", "lint")
	require.Equal(t, 0, code, errs)

	file := filepath.Join(folder, strings.Fields(out)[1])
	require.NoError(t, os.WriteFile(file, []byte("-- +goose Up\nDROP TABLE a;\n-- +goose Down\nSELECT 1;\n"), 0o600))
	code, out, _ = run(t, folder, nil, "migrate", "lint")
	assert.Equal(t, 1, code)
	assert.Regexp(t, `^migrations/mysql/\d{14}_add_notes.sql:2: destructive: the table a is dropped\n$`, out)
}

func TestTheServersCommandComparesTheSourcesItIsCalledIn(t *testing.T) {
	code, out, errs := run(t, "../..", nil, "migrate", "check", "--engines", "sqlite")
	require.Equal(t, 0, code, errs)
	assert.Equal(t, "models and migrations agree on sqlite\n", out)

	empty := sources(t)
	code, out, errs = run(t, "../..", nil, "migrate", "diff", "create_all", "--dir", filepath.Join(empty, "migrations"), "--engines", "sqlite")
	require.Equal(t, 0, code, errs)
	assert.FileExists(t, strings.TrimSpace(out))

	code, _, errs = run(t, "../..", nil, "migrate", "diff", "--engines")
	assert.Equal(t, 2, code)
	assert.Equal(t, "error: flag needs an argument: --engines\n", errs)
	code, _, errs = run(t, t.TempDir(), nil, "migrate", "check")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "run it in a checkout, with Go installed")
}
