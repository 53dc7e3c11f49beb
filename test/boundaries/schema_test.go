package boundaries

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/migrate/autogen"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestModelsAndMigrationsAgree(t *testing.T) {
	agree := func(t *testing.T, engine autogen.Engine) {
		t.Helper()
		difference, err := engine.Compare(t.Context(), migrations.Files, owners(t))
		require.NoError(t, err)
		assert.Empty(t, difference.Up, "server migrate diff NAME writes what is missing")
	}
	t.Run("sqlite", func(t *testing.T) { agree(t, autogen.SQLite()) })
	t.Run("oracle", func(t *testing.T) { agree(t, autogen.Oracle()) })
	t.Run("mysql", func(t *testing.T) {
		testkit.MySQLServer(t)
		engine, err := autogen.MySQL(config.DSN(os.Getenv(testkit.MySQLVariable)))
		require.NoError(t, err)
		agree(t, engine)
	})
}
