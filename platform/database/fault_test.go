package database_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/test/testkit"
)

// kill ends the session that ctx's transaction runs in, from another one, and returns when it is gone.
func kill(ctx context.Context, t *testing.T, db *database.DB) {
	t.Helper()
	var id int
	require.NoError(t, db.Writer(ctx).Raw("SELECT CONNECTION_ID()").Scan(&id).Error)
	server := testkit.MySQLServer(t)
	_, err := server.ExecContext(t.Context(), "KILL CONNECTION ?", id)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		var sessions int
		row := server.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = ?", id)
		return row.Scan(&sessions) == nil && sessions == 0
	}, 10*time.Second, time.Millisecond)
}

func TestWhoLosesTheConnectionThatHasTheLockIsStopped(t *testing.T) {
	t.Parallel() // it waits until that is asked for
	db := primary(t, testkit.Start(t, database.Configs{"primary": testkit.EmptyMySQL(t)}))
	err := db.Exclusive(t.Context(), func(ctx context.Context, pool *sql.DB) error {
		var holder int64
		require.NoError(t, pool.QueryRowContext(ctx, "SELECT id FROM information_schema.processlist "+
			"WHERE db = DATABASE() AND command = 'Sleep' ORDER BY id DESC LIMIT 1").Scan(&holder))
		_, err := pool.ExecContext(ctx, "KILL ?", holder)
		require.NoError(t, err)
		<-ctx.Done()
		return ctx.Err()
	})
	require.ErrorContains(t, err, "the turn at the database was lost to another process")
	require.NoError(t, db.Exclusive(t.Context(), func(context.Context, *sql.DB) error { return nil }))
}

func TestATransactionWhoseConnectionBreaksIsRepeated(t *testing.T) {
	testkit.Shows(t, testkit.Failure)
	db := onMySQL(t)
	runs, hooks := 0, 0
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		runs++
		database.AfterCommit(ctx, func(context.Context) { hooks++ })
		require.NoError(t, add(ctx, db, "before"))
		if runs == 1 {
			kill(ctx, t, db)
		}
		return add(ctx, db, "after")
	})
	require.NoError(t, err)
	assert.Equal(t, 2, runs)
	assert.Equal(t, 1, hooks, "the hook of the run that failed is dropped")
	assert.Equal(t, []string{"after", "before"}, ids(t, db))
}

func TestATransactionWhoseConnectionKeepsBreakingGivesUpAsUnavailable(t *testing.T) {
	db := onMySQL(t)
	runs := 0
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		runs++
		kill(ctx, t, db)
		return add(ctx, db, "a")
	})
	require.ErrorIs(t, err, database.ErrUnavailable)
	assert.Equal(t, 8, runs)
	assert.Empty(t, ids(t, db))
}

func TestASwallowedBrokenConnectionStillRepeatsTheTransaction(t *testing.T) {
	db := onMySQL(t)
	runs := 0
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		runs++
		require.NoError(t, add(ctx, db, "before"))
		if runs == 1 {
			kill(ctx, t, db)
		}
		_ = add(ctx, db, "after")
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"after", "before"}, ids(t, db))
}

// crossed runs two transactions that lock two rows in opposite order and meet in the middle, the first time.
func crossed(t *testing.T, db *database.DB, second func(ctx context.Context, id string) error) {
	t.Helper()
	require.NoError(t, add(t.Context(), db, "x"))
	require.NoError(t, add(t.Context(), db, "y"))
	var (
		meet, group sync.WaitGroup
		runs        atomic.Int32
	)
	meet.Add(2)
	for _, order := range [][2]string{{"x", "y"}, {"y", "x"}} {
		group.Go(func() {
			var once sync.Once
			assert.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
				runs.Add(1)
				if err := increment(ctx, db, order[0]); err != nil {
					return err
				}
				once.Do(func() { meet.Done(); meet.Wait() })
				return second(ctx, order[1])
			}))
		})
	}
	group.Wait()
	assert.EqualValues(t, 3, runs.Load(), "one of them was the victim, and ran again")
	var rows []counter
	require.NoError(t, db.Reader(t.Context()).Order("id").Find(&rows).Error)
	assert.Equal(t, []counter{{"x", 2}, {"y", 2}}, rows)
}

func increment(ctx context.Context, db *database.DB, id string) error {
	return db.Writer(ctx).Exec("UPDATE counters SET n = n + 1 WHERE id = ?", id).Error
}

func TestADeadlockIsRepeated(t *testing.T) {
	testkit.Shows(t, testkit.Failure)
	db := onMySQL(t)
	crossed(t, db, func(ctx context.Context, id string) error { return increment(ctx, db, id) })
}

// After a deadlock the server takes further statements as ones outside of a transaction.
func TestASwallowedDeadlockNeitherWritesOnNorCommits(t *testing.T) {
	db := onMySQL(t)
	crossed(t, db, func(ctx context.Context, id string) error {
		if increment(ctx, db, id) != nil {
			require.ErrorIs(t, add(ctx, db, "outside"), database.ErrBusy)
		}
		return nil
	})
}

func TestALockThatIsNotGrantedInTimeIsBusy(t *testing.T) {
	cfg := testkit.EmptyMySQL(t)
	cfg.DSN += "?innodb_lock_wait_timeout=1"
	db := onConfig(t, cfg)
	require.NoError(t, add(t.Context(), db, "a"))
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, increment(ctx, db, "a"))
		err := increment(t.Context(), db, "a")
		assert.ErrorIs(t, err, database.ErrBusy)
		assert.Equal(t, time.Second, problem.From(err).RetryAfter)
		return nil
	})
	require.NoError(t, err)
}

func TestASQLiteFileThatAnotherProcessKeepsLockedIsBusy(t *testing.T) {
	testkit.Shows(t, testkit.Failure)
	t.Parallel() // it waits for five seconds
	cfg := testkit.EmptySQLite(t)
	mine, theirs := onConfig(t, cfg), onConfig(t, cfg)
	err := theirs.InTx(t.Context(), func(context.Context) error {
		assert.ErrorIs(t, add(t.Context(), mine, "a"), database.ErrBusy)
		assert.Empty(t, ids(t, mine), "it can be read all the while")
		return nil
	})
	require.NoError(t, err)
}

func TestTheOutcomeOfACommitWithoutAnswerIsUnknownAndNotRepeated(t *testing.T) {
	testkit.Shows(t, testkit.Failure)
	cfg := testkit.EmptyMySQL(t)
	server, err := mysql.ParseDSN(cfg.DSN.Reveal())
	require.NoError(t, err)
	line := newLine(t, server.Addr)
	server.Addr = line.addr()
	cfg.DSN = config.DSN(server.FormatDSN())
	db := onConfig(t, cfg)

	line.cutAfter.Store("\x03COMMIT") // the command, not the word in an isolation level
	runs, told := 0, 0
	err = db.InTx(t.Context(), func(ctx context.Context) error {
		runs++
		database.AfterCommit(ctx, func(context.Context) { t.Error("the hook ran") })
		database.AfterOutcome(ctx, func(context.Context) { told++ })
		return add(ctx, db, "a")
	})
	assert.Equal(t, 1, told, "what must not miss a commit hears of one that may have happened")
	require.ErrorIs(t, err, database.ErrOutcomeUnknown)
	require.ErrorIs(t, err, database.ErrUnavailable)
	assert.Equal(t, "outcome_unknown", problem.From(err).Kind.Code)
	assert.Equal(t, 1, runs)
}

// endlessOnOracle has more rows than anybody counts.
const endlessOnOracle = "(SELECT 1 FROM DUAL CONNECT BY LEVEL < 1000000), (SELECT 1 FROM DUAL CONNECT BY LEVEL < 1000000)"

func TestAStatementThatRunsIntoItsDeadlineIsAnErrorOfTheContext(t *testing.T) {
	endless := map[string]string{
		"sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) FROM n",
		"mysql":  "SELECT SLEEP(600)",
		"oracle": "SELECT COUNT(*) FROM " + endlessOnOracle,
	}
	eachEngine(t, func(t *testing.T, db *database.DB) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		var n int
		err := db.Reader(ctx).Raw(endless[db.Driver()]).Scan(&n).Error
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, "timeout", problem.From(err).Kind.Code)
		assert.False(t, database.IsNotFound(err))
	})
}

func TestATransactionCannotGoOnAfterAStatementWasInterrupted(t *testing.T) {
	endless := map[string]string{
		"sqlite": `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
			INSERT INTO counters SELECT i, i FROM n`,
		"mysql":  "INSERT INTO counters SELECT SLEEP(2), 0",
		"oracle": "INSERT INTO counters SELECT 'x', COUNT(*) FROM " + endlessOnOracle,
	}
	eachEngine(t, func(t *testing.T, db *database.DB) {
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, add(ctx, db, "before"))
			short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
			require.Error(t, db.Writer(short).Exec(endless[db.Driver()]).Error)
			require.Error(t, add(ctx, db, "after"))
			return nil
		})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Empty(t, ids(t, db))
	})
}

func TestWaitingToRepeatEndsWithTheContext(t *testing.T) {
	db := primary(t, testkit.Migrated(t, tables()))
	ctx, cancel := context.WithCancel(t.Context())
	err := db.InTx(ctx, func(context.Context) error {
		cancel()
		return errors.Join(errOurs, database.ErrBusy)
	})
	assert.ErrorIs(t, err, context.Canceled)
}

func TestRepetitionsAreBounded(t *testing.T) {
	db := primary(t, testkit.Migrated(t, tables()))
	runs := 0
	err := db.InTx(t.Context(), func(context.Context) error { runs++; return database.ErrBusy.New("as ever") })
	require.ErrorIs(t, err, database.ErrBusy)
	assert.Equal(t, 8, runs)
}
