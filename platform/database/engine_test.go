package database_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

func setting(t *testing.T, db *database.DB, question string) string {
	t.Helper()
	var answer string
	require.NoError(t, db.Writer(t.Context()).Raw(question).Scan(&answer).Error)
	return answer
}

func TestAnSQLiteConnectionIsSetUp(t *testing.T) {
	testkit.Shows(t, testkit.Connect)
	db := primary(t, testkit.Migrated(t, tables()))
	assert.Equal(t, "wal", setting(t, db, "PRAGMA journal_mode"))
	assert.Equal(t, "1", setting(t, db, "PRAGMA foreign_keys"))
	assert.Equal(t, "1", setting(t, db, "PRAGMA synchronous"))
	assert.Equal(t, "5000", setting(t, db, "PRAGMA busy_timeout"))
}

func TestTheReaderOfSQLiteRefusesToWrite(t *testing.T) {
	db := primary(t, testkit.Migrated(t, tables()))
	err := db.Reader(t.Context()).Create(&counter{ID: "a"}).Error
	require.ErrorContains(t, err, "readonly")
	assert.NotErrorIs(t, err, database.ErrUnavailable, "it is a mistake of the program")
}

func TestSQLiteReadsWhileItWrites(t *testing.T) {
	db := primary(t, testkit.Migrated(t, tables()))
	require.NoError(t, add(t.Context(), db, "a"))
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, add(ctx, db, "b"))
		assert.Equal(t, []string{"a"}, ids(t, db))
		return nil
	}))
}

// Without patience about one in fifty of these meets an SQLite that is busy turning the file to WAL.
func TestManyProcessesMayCreateAnSQLiteFileAtOnce(t *testing.T) {
	for range 20 {
		cfg := testkit.EmptySQLite(t)
		var group sync.WaitGroup
		start := make(chan struct{})
		for range 16 {
			group.Go(func() {
				m, err := database.Open(database.Configs{"primary": cfg}, testkit.Quiet())
				assert.NoError(t, err)
				<-start
				assert.NoError(t, primary(t, m).Writer(t.Context()).Exec("CREATE TABLE IF NOT EXISTS t (id TEXT)").Error)
				assert.NoError(t, m.Close(t.Context()))
			})
		}
		close(start)
		group.Wait()
	}
}

func TestAFolderThatCannotBeCreatedIsUnavailable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	m, err := database.Open(database.Configs{
		"primary": {Driver: "sqlite", DSN: config.DSN(filepath.Join(file, "test.db"))},
	}, testkit.Quiet())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close(context.Background())) })
	assert.ErrorIs(t, primary(t, m).Ping(t.Context()), database.ErrUnavailable)
}

func TestAMySQLConnectionIsSetUp(t *testing.T) {
	testkit.Shows(t, testkit.Connect)
	db := onMySQL(t)
	assert.Equal(t, "utf8mb4_bin", setting(t, db, "SELECT @@collation_connection"))
	assert.Equal(t, "utf8mb4", setting(t, db, "SELECT @@character_set_client"))
	assert.Equal(t, "+00:00", setting(t, db, "SELECT @@time_zone"))
	assert.Contains(t, setting(t, db, "SELECT @@sql_mode"), "STRICT_TRANS_TABLES")
	assert.Equal(t, "10", setting(t, db, "SELECT @@innodb_lock_wait_timeout"))
}

func TestWhateverATextHoldsItIsAText(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		for _, text := range []string{`'; DROP TABLE counters; --`, `\`, `\'`, "\"`", "a\x00b", "縗\\' OR 1=1 --", "😀", "a\nb\x1a"} {
			require.NoError(t, db.Writer(t.Context()).Create(&user{text, text}).Error)
			var read user
			require.NoError(t, db.Reader(t.Context()).Take(&read, "email = ?", text).Error, "%q", text)
			assert.Equal(t, text, read.ID)
			require.NoError(t, db.Writer(t.Context()).Delete(&read).Error)
		}
	})
}

func TestTextsAreComparedExactly(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		require.NoError(t, db.Writer(t.Context()).Create(&user{"1", "Äa"}).Error)
		for _, other := range []string{"äa", "Aa", "ÄA"} {
			assert.True(t, database.IsNotFound(db.Reader(t.Context()).Take(&user{}, "email = ?", other).Error), other)
		}
	})
}

func TestLockedRowsCanBeSkipped(t *testing.T) {
	db := onMySQL(t)
	require.NoError(t, add(t.Context(), db, "a"))
	require.NoError(t, add(t.Context(), db, "b"))
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, increment(ctx, db, "a"))
		return db.InTx(t.Context(), func(ctx context.Context) error {
			var found []string
			err := db.Writer(ctx).Model(&counter{}).Scopes(database.ForUpdateSkipLocked).Pluck("id", &found).Error
			assert.Equal(t, []string{"b"}, found)
			return err
		})
	}))
}

func TestExclusiveLetsOneInAtATime(t *testing.T) {
	testkit.EachEmpty(t, func(t *testing.T, cfg database.Config) {
		var inside, total atomic.Int32
		var group sync.WaitGroup
		for range 6 {
			db := primary(t, testkit.Start(t, database.Configs{"primary": cfg}))
			group.Go(func() {
				assert.NoError(t, db.Exclusive(t.Context(), func(ctx context.Context, pool *sql.DB) error {
					assert.EqualValues(t, 1, inside.Add(1))
					defer inside.Add(-1)
					total.Add(1)
					return pool.PingContext(ctx)
				}))
			})
		}
		group.Wait()
		assert.EqualValues(t, 6, total.Load())
	})
}

func TestExclusiveWaitsForItsTurnUntilItsContextEnds(t *testing.T) {
	testkit.EachEmpty(t, func(t *testing.T, cfg database.Config) {
		t.Parallel() // it waits
		db := primary(t, testkit.Start(t, database.Configs{"primary": cfg}))
		require.NoError(t, db.Exclusive(t.Context(), func(ctx context.Context, _ *sql.DB) error {
			ctx, cancel := context.WithTimeout(ctx, 1500*time.Millisecond)
			defer cancel()
			err := db.Exclusive(ctx, func(context.Context, *sql.DB) error { panic("it got in") })
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			return nil
		}))
	})
}

func TestExclusiveGivesTheErrorOfItsFunctionAndLetsTheNextIn(t *testing.T) {
	testkit.EachEmpty(t, func(t *testing.T, cfg database.Config) {
		db := primary(t, testkit.Start(t, database.Configs{"primary": cfg}))
		fail := func(context.Context, *sql.DB) error { return errOurs }
		require.ErrorIs(t, db.Exclusive(t.Context(), fail), errOurs)
		require.ErrorIs(t, db.Exclusive(t.Context(), fail), errOurs)
	})
}
