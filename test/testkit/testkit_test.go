package testkit_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/migrate"
	"github.com/trellis-go/trellis/test/testkit"
)

func handle(t *testing.T, m *database.Manager) *database.DB {
	t.Helper()
	db, err := m.DB(testkit.Name)
	require.NoError(t, err)
	return db
}

func TestEachDatabaseIsMigratedAndItsOwn(t *testing.T) {
	one, two := testkit.Database(t), testkit.Database(t)
	for _, m := range []*database.Manager{one, two} {
		pending, err := migrate.New(m, migrations.Files, testkit.Quiet()).Pending(t.Context())
		require.NoError(t, err)
		assert.Zero(t, pending)
		assert.NoError(t, handle(t, m).Writer(t.Context()).Exec("CREATE TABLE of_the_test (id INTEGER)").Error)
	}
}

func TestEachEngineRunsOnEveryEngineThatIsThere(t *testing.T) {
	own := fstest.MapFS{
		"sqlite/1_own.sql": {Data: []byte("-- +goose Up\nCREATE TABLE own (id INTEGER);\n")},
		"mysql/1_own.sql":  {Data: []byte("-- +goose Up\nCREATE TABLE own (id INTEGER);\n")},
	}
	testkit.EachEngineWith(t, own, func(t *testing.T, m *database.Manager) {
		assert.NoError(t, handle(t, m).Reader(t.Context()).Exec("SELECT id FROM own").Error)
	})
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) { assert.NoError(t, handle(t, m).Ping(t.Context())) })
}

func BenchmarkDatabase(b *testing.B) {
	for b.Loop() {
		testkit.Database(b)
	}
}
