//go:build integration

package integration

import (
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
	for _, args := range [][]string{{"to", "7"}, {"to", "x"}, {"to"}, {"up", "now"}, {"status", "--database", "nope"}} {
		code, _, errs := run(t, t.TempDir(), nil, append([]string{"migrate"}, args...)...)
		assert.Equal(t, 2, code, "%v: %s", args, errs)
	}
}
