package database_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

// logged runs use on a database with a log, and gives the log.
func logged(t *testing.T, slow time.Duration, use func(db *database.DB)) string {
	t.Helper()
	var book logBook
	cfg := testkit.EmptySQLite(t)
	cfg.SlowQuery = slow
	m, err := database.Open(database.Configs{"primary": cfg}, book.logger())
	require.NoError(t, err)
	require.NoError(t, m.Start(t.Context()))
	use(primary(t, m))
	require.NoError(t, m.Close(t.Context()))
	return book.String()
}

func TestASlowQueryIsLoggedWithoutItsValues(t *testing.T) {
	log := logged(t, time.Nanosecond, func(db *database.DB) {
		require.NoError(t, db.Writer(t.Context()).Exec("CREATE TABLE counters (id TEXT, n INTEGER)").Error)
		require.NoError(t, add(t.Context(), db, "hunter2"))
	})
	assert.Contains(t, log, `level=WARN msg="slow query" database=primary took=`)
	assert.Contains(t, log, "INSERT INTO `counters`")
	assert.NotContains(t, log, "hunter2")
}

func TestErrorsAndQuickQueriesAreNotLogged(t *testing.T) {
	log := logged(t, time.Hour, func(db *database.DB) {
		require.Error(t, add(t.Context(), db, "a"))
		require.NoError(t, db.Reader(t.Context()).Exec("SELECT 1").Error)
	})
	assert.NotContains(t, log, "slow query")
	assert.NotContains(t, log, "no such table")
}

func TestWhatGormSaysGoesToTheLog(t *testing.T) {
	log := logged(t, time.Hour, func(db *database.DB) {
		logger := db.Reader(t.Context()).Logger
		logger.LogMode(1).Info(t.Context(), "a remark %d", 1)
		logger.Warn(t.Context(), "a warning")
		logger.Error(t.Context(), "a complaint")
	})
	assert.Contains(t, log, `level=DEBUG msg="a remark %d" database=primary args=[1]`)
	assert.Contains(t, log, `level=WARN msg="a warning"`)
	assert.Contains(t, log, `level=ERROR msg="a complaint"`)
}
