package sqlfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/migrate/script"
	"github.com/trellis-go/trellis/platform/migrate/sqlfile"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 999, time.FixedZone("", 3600))

// folder makes a folder of migrations with one for each engine.
func folder(t *testing.T, engines ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, engine := range engines {
		require.NoError(t, os.Mkdir(filepath.Join(dir, engine), 0o750))
	}
	return dir
}

func TestCreateWritesOneFileOfTheSameNameForEachEngine(t *testing.T) {
	dir := folder(t, "sqlite", "mysql")
	written, err := sqlfile.Create(dir, "add_notes", noon, map[string]string{"sqlite": sqlfile.Empty, "mysql": "x"})
	require.NoError(t, err)
	assert.Equal(t, []string{
		filepath.Join(dir, "sqlite", "20261124110000_add_notes.sql"), filepath.Join(dir, "mysql", "20261124110000_add_notes.sql"),
	}, written)
	content, err := os.ReadFile(written[0])
	require.NoError(t, err)
	read, err := script.Parse(string(content))
	require.NoError(t, err)
	assert.True(t, read.HasDown)
	content, err = os.ReadFile(written[1])
	require.NoError(t, err)
	assert.Equal(t, "x", string(content))
}

func TestANewFileComesAfterEveryOtherWhateverTheClockSays(t *testing.T) {
	dir := folder(t, "sqlite")
	for _, name := range []string{"20270101000000_later.sql", "readme.sql", "20261399000000_odd.sql"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "sqlite", name), nil, 0o600))
	}
	written, err := sqlfile.Create(dir, "next", noon, map[string]string{"sqlite": ""})
	require.NoError(t, err)
	assert.Equal(t, "20270101000001_next.sql", filepath.Base(written[0]))
}

func TestCreateRefusesNamesThatWouldNotSort(t *testing.T) {
	for _, name := range []string{"", "Add", "add-notes", "../x", "add__notes", "1st", "a b", "note_", strings.Repeat("a", 61)} {
		_, err := sqlfile.Create(folder(t, "sqlite"), name, noon, map[string]string{"sqlite": ""})
		assert.ErrorIs(t, err, sqlfile.ErrName, name)
	}
}

func TestCreateWritesAllOrNothing(t *testing.T) {
	dir := folder(t, "sqlite")
	_, err := sqlfile.Create(dir, "add_notes", noon, map[string]string{"sqlite": "", "mysql": ""})
	require.Error(t, err)
	left, err := os.ReadDir(filepath.Join(dir, "sqlite"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestTheEnginesAreThoseWithAFolder(t *testing.T) {
	engines, err := sqlfile.Engines(folder(t, "mysql", "sqlite", "clickhouse"))
	require.NoError(t, err)
	assert.Equal(t, []string{"sqlite", "mysql"}, engines)
	_, err = sqlfile.Engines(t.TempDir())
	assert.ErrorContains(t, err, "--dir")
}
