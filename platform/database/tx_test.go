package database_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

var errOurs = errors.New("ours")

func TestInTxCommitsWhenTheFunctionSucceeds(t *testing.T) {
	testkit.Shows(t, testkit.Transactions)
	eachEngine(t, func(t *testing.T, db *database.DB) {
		require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error { return add(ctx, db, "a") }))
		assert.Equal(t, []string{"a"}, ids(t, db))
	})
}

func TestInTxRollsBackWhenTheFunctionFails(t *testing.T) {
	testkit.Shows(t, testkit.Transactions)
	eachEngine(t, func(t *testing.T, db *database.DB) {
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, add(ctx, db, "a"))
			return errOurs
		})
		assert.Same(t, errOurs, err)
		assert.Empty(t, ids(t, db))
	})
}

func TestInTxRollsBackAndPanicsOnWhenTheFunctionPanics(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		assert.PanicsWithValue(t, "ours", func() {
			_ = db.InTx(t.Context(), func(ctx context.Context) error {
				require.NoError(t, add(ctx, db, "a"))
				panic("ours")
			})
		})
		assert.Empty(t, ids(t, db))
		assert.NoError(t, add(t.Context(), db, "b"), "the connection is free again")
	})
}

func TestInTxRollsBackWhenItsContextEnds(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.InTx(ctx, func(ctx context.Context) error {
			require.NoError(t, add(ctx, db, "a"))
			cancel()
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
		assert.Empty(t, ids(t, db))
	})
}

func TestInTxDoesNotBeginWithAnEndedContext(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := db.InTx(ctx, func(context.Context) error { panic("it ran") })
		assert.ErrorIs(t, err, context.Canceled)
	})
}

func TestBothHandlesBelongToTheTransaction(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, add(ctx, db, "a"))
			var found counter
			require.NoError(t, db.Reader(ctx).Take(&found, "id = ?", "a").Error, "a reader sees the own write")
			assert.Empty(t, ids(t, db), "nobody else does")
			return nil
		})
		require.NoError(t, err)
	})
}

func TestANestedInTxJoins(t *testing.T) {
	testkit.Shows(t, testkit.Transactions)
	eachEngine(t, func(t *testing.T, db *database.DB) {
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, db.InTx(ctx, func(ctx context.Context) error { return add(ctx, db, "inner") }))
			assert.Empty(t, ids(t, db), "the inner one does not commit")
			return errOurs
		})
		require.ErrorIs(t, err, errOurs)
		assert.Empty(t, ids(t, db))
	})
}

func TestAFailedNestedInTxRollsBackAllOfItEvenWhenItsErrorIsSwallowed(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, add(ctx, db, "outer"))
			_ = db.InTx(ctx, func(ctx context.Context) error {
				require.NoError(t, add(ctx, db, "half of the inner one"))
				return errOurs
			})
			return nil
		})
		require.ErrorIs(t, err, errOurs)
		assert.Empty(t, ids(t, db))
	})
}

func TestAPanicOfANestedInTxRollsBackAllOfItEvenWhenItIsRecovered(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, add(ctx, db, "outer"))
			assert.Panics(t, func() { _ = db.InTx(ctx, func(context.Context) error { panic("ours") }) })
			return nil
		})
		require.ErrorContains(t, err, "panicked")
		assert.Empty(t, ids(t, db))
	})
}

func TestATransactionNeverSpansDatabases(t *testing.T) {
	m := testkit.Start(t, database.Configs{"one": testkit.EmptySQLite(t), "two": testkit.EmptySQLite(t)})
	one, err := m.DB("one")
	require.NoError(t, err)
	two, err := m.DB("two")
	require.NoError(t, err)

	t.Run("InTx fails", func(t *testing.T) {
		err := one.InTx(t.Context(), func(ctx context.Context) error {
			return two.InTx(ctx, func(context.Context) error { panic("it ran") })
		})
		assert.ErrorContains(t, err, "two was to be written inside a transaction on one")
	})
	t.Run("Writer fails", func(t *testing.T) {
		err := one.InTx(t.Context(), func(ctx context.Context) error {
			return two.Writer(ctx).Exec("CREATE TABLE t (id TEXT)").Error
		})
		assert.ErrorContains(t, err, "two was to be written inside a transaction on one")
	})
	t.Run("Reader reads", func(t *testing.T) {
		err := one.InTx(t.Context(), func(ctx context.Context) error { return two.Reader(ctx).Exec("SELECT 1").Error })
		assert.NoError(t, err)
	})
}

func TestHooksRunInOrderAfterTheOutermostCommit(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		var ran []string
		hook := func(name string) func(context.Context) {
			return func(context.Context) { ran = append(ran, fmt.Sprint(name, ids(t, db))) }
		}
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			database.AfterCommit(ctx, hook("first"))
			require.NoError(t, db.InTx(ctx, func(ctx context.Context) error {
				database.AfterCommit(ctx, hook("second"))
				return add(ctx, db, "a")
			}))
			database.AfterCommit(ctx, hook("third"))
			assert.Empty(t, ran)
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, []string{"first[a]", "second[a]", "third[a]"}, ran)
	})
}

func TestHooksOfARolledBackTransactionNeverRun(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		var leaked context.Context
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			leaked = ctx
			database.AfterCommit(ctx, func(context.Context) { t.Error("it ran") })
			database.AfterOutcome(ctx, func(context.Context) { t.Error("it ran") })
			return errOurs
		})
		require.ErrorIs(t, err, errOurs)
		database.AfterCommit(leaked, func(context.Context) { t.Error("it ran late") })
		database.AfterOutcome(leaked, func(context.Context) { t.Error("it ran late") })
	})
}

func TestAContextKnowsWhetherItIsInATransaction(t *testing.T) {
	db := primary(t, testkit.Migrated(t, tables()))
	assert.False(t, database.InTransaction(t.Context()))
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
		assert.True(t, database.InTransaction(ctx))
		database.AfterOutcome(ctx, func(ctx context.Context) { assert.False(t, database.InTransaction(ctx)) })
		return nil
	}))
}

func TestAHookRunsOutsideTheTransactionAndOutlivesItsContext(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.InTx(ctx, func(ctx context.Context) error {
			database.AfterCommit(ctx, func(ctx context.Context) {
				cancel()
				require.NoError(t, ctx.Err())
				assert.NoError(t, db.InTx(ctx, func(ctx context.Context) error { return add(ctx, db, "of the hook") }))
			})
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, []string{"of the hook"}, ids(t, db))
	})
}

func TestAHookThatPanicsDoesNotKeepTheOthersFromRunning(t *testing.T) {
	m := testkit.Migrated(t, tables())
	db, ran := primary(t, m), false
	assert.PanicsWithValue(t, "ours", func() {
		_ = db.InTx(t.Context(), func(ctx context.Context) error {
			database.AfterCommit(ctx, func(context.Context) { panic("ours") })
			database.AfterCommit(ctx, func(context.Context) { ran = true })
			return add(ctx, db, "a")
		})
	})
	assert.True(t, ran)
	assert.Equal(t, []string{"a"}, ids(t, db), "what is committed stays")
}

func TestAHookOutsideATransactionRunsAtOnce(t *testing.T) {
	ran := false
	database.AfterCommit(t.Context(), func(context.Context) { ran = true })
	assert.True(t, ran)
}

func TestAHookThatComesAfterTheCommitRunsAtOnceAndOutsideOfIt(t *testing.T) {
	db := primary(t, testkit.Migrated(t, tables()))
	var leaked context.Context
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error { leaked = ctx; return nil }))
	require.Error(t, add(leaked, db, "late"), "the transaction is over")
	database.AfterCommit(leaked, func(ctx context.Context) { require.NoError(t, add(ctx, db, "of the hook")) })
	assert.Equal(t, []string{"of the hook"}, ids(t, db))
}

func TestConcurrentReadModifyWritesLoseNothing(t *testing.T) {
	testkit.Shows(t, testkit.Transactions)
	eachEngine(t, func(t *testing.T, db *database.DB) {
		const writers = 50
		require.NoError(t, add(t.Context(), db, "shared"))
		var group sync.WaitGroup
		for range writers {
			group.Go(func() {
				assert.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
					var read counter
					if err := db.Writer(ctx).Scopes(database.ForUpdate).Take(&read, "id = ?", "shared").Error; err != nil {
						return err
					}
					return db.Writer(ctx).Model(&read).Update("n", read.N+1).Error
				}))
			})
		}
		group.Wait()
		var read counter
		require.NoError(t, db.Reader(t.Context()).Take(&read, "id = ?", "shared").Error)
		assert.Equal(t, writers, read.N)
	})
}

func TestAnUpdateThatChangesNothingStillCountsTheRow(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		require.NoError(t, add(t.Context(), db, "a"))
		result := db.Writer(t.Context()).Model(&counter{ID: "a"}).Update("n", 0)
		require.NoError(t, result.Error)
		assert.EqualValues(t, 1, result.RowsAffected)
	})
}
