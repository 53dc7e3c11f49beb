package database_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestClickHouseLetsOneInAtATime(t *testing.T) {
	testkit.EachClickHouse(t, func(t *testing.T, cfg database.Config) {
		var inside, total atomic.Int32
		var group sync.WaitGroup
		for range 4 {
			ch := warehouse(t, cfg)
			group.Go(func() {
				for range 3 {
					assert.NoError(t, ch.Exclusive(t.Context(), func(ctx context.Context, pool *sql.DB) error {
						assert.EqualValues(t, 1, inside.Add(1))
						defer inside.Add(-1)
						total.Add(1)
						return pool.PingContext(ctx)
					}))
				}
			})
		}
		group.Wait()
		assert.EqualValues(t, 12, total.Load())
		assert.Equal(t, []string{"trellis_lock_12"}, turns(t, warehouse(t, cfg)), "each had a number of its own, and one table is left")
	})
}

// turns are the tables of the lock.
func turns(t *testing.T, ch *database.ClickHouse) []string {
	t.Helper()
	tables, err := ch.Tables(t.Context())
	require.NoError(t, err)
	return slices.DeleteFunc(tables, func(name string) bool { return !strings.HasPrefix(name, "trellis_lock_") })
}

func TestClickHouseWaitsForTheTurnUntilItsContextEnds(t *testing.T) {
	ch := warehouse(t, testkit.EmptyClickHouse(t))
	require.NoError(t, ch.Exclusive(t.Context(), func(ctx context.Context, _ *sql.DB) error {
		ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		defer cancel()
		err := ch.Exclusive(ctx, func(context.Context, *sql.DB) error { panic("it got in") })
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		return nil
	}))
}

func TestATurnEndsWithAnErrorToo(t *testing.T) {
	ch := warehouse(t, testkit.EmptyClickHouse(t))
	fail := func(context.Context, *sql.DB) error { return errOurs }
	require.ErrorIs(t, ch.Exclusive(t.Context(), fail), errOurs)
	require.ErrorIs(t, ch.Exclusive(t.Context(), fail), errOurs)
}

// takenUntil leaves the turn as a process would that died.
func takenUntil(t *testing.T, ch *database.ClickHouse, number int, until time.Time) {
	t.Helper()
	require.NoError(t, ch.Exec(t.Context(),
		fmt.Sprintf("CREATE TABLE trellis_lock_%d (n UInt8) ENGINE = Memory COMMENT '%d'", number, until.Unix()), nil))
}

func TestATurnWhoseProcessDiedIsOverInTime(t *testing.T) {
	ch := warehouse(t, testkit.EmptyClickHouse(t))
	takenUntil(t, ch, 7, time.Now().Add(2*time.Second))
	ran := time.Time{}
	require.NoError(t, ch.Exclusive(t.Context(), func(context.Context, *sql.DB) error { ran = time.Now(); return nil }))
	assert.False(t, ran.IsZero())
	assert.Equal(t, []string{"trellis_lock_8"}, turns(t, ch))
}

func TestWhoLosesTheTurnIsStopped(t *testing.T) {
	t.Parallel() // it waits for the next time that the turn is prolonged
	ch := warehouse(t, testkit.EmptyClickHouse(t))
	err := ch.Exclusive(t.Context(), func(ctx context.Context, _ *sql.DB) error {
		takenUntil(t, ch, 2, time.Now().Add(time.Minute)) // as another does who believes that this one died
		<-ctx.Done()
		return ctx.Err()
	})
	require.ErrorContains(t, err, "the turn at the database was lost to another process")
	assert.Equal(t, []string{"trellis_lock_1", "trellis_lock_2"}, slices.Sorted(slices.Values(turns(t, ch))), "theirs stays")
}

func TestALongTurnIsProlonged(t *testing.T) {
	t.Parallel() // it waits for that
	ch := warehouse(t, testkit.EmptyClickHouse(t))
	until := func() string {
		comment, err := database.Value[string](t.Context(), ch, "SELECT comment FROM system.tables "+
			"WHERE database = currentDatabase() AND name = 'trellis_lock_1'", nil)
		require.NoError(t, err)
		return comment
	}
	require.NoError(t, ch.Exclusive(t.Context(), func(context.Context, *sql.DB) error {
		first := until()
		assert.Eventually(t, func() bool { return until() > first }, 20*time.Second, 20*time.Millisecond)
		return nil
	}))
	assert.Equal(t, "free", until())
}
