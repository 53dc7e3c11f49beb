package inbox_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/inbox"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// eachEngine runs a specification on a database that has a table for effects.
func eachEngine(t *testing.T, run func(t *testing.T, db *database.DB)) {
	t.Helper()
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		db, err := m.DB(testkit.Name)
		require.NoError(t, err)
		require.NoError(t, db.Writer(t.Context()).Exec("CREATE TABLE effects (n INTEGER)").Error)
		run(t, db)
	})
}

func effect(db *database.DB) func(context.Context) error {
	return func(ctx context.Context) error { return db.Writer(ctx).Exec("INSERT INTO effects VALUES (1)").Error }
}

func effects(t *testing.T, db *database.DB) int64 {
	t.Helper()
	var n int64
	require.NoError(t, db.Reader(t.Context()).Table("effects").Count(&n).Error)
	return n
}

func TestAnEffectHappensOnceForEachSubscription(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		for _, want := range []bool{true, false} {
			for _, subscription := range []string{"stock", "mail"} {
				handled, err := inbox.Once(t.Context(), db, subscription, "event-1", effect(db))
				require.NoError(t, err)
				assert.Equal(t, want, handled)
			}
		}
		assert.EqualValues(t, 2, effects(t, db))
	})
}

func TestAFailedHandlerLeavesNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		failed := errors.New("no")
		_, err := inbox.Once(t.Context(), db, "stock", "event-1", func(ctx context.Context) error {
			require.NoError(t, effect(db)(ctx))
			return failed
		})
		require.ErrorIs(t, err, failed)
		assert.Zero(t, effects(t, db))
		handled, err := inbox.Once(t.Context(), db, "stock", "event-1", effect(db))
		require.NoError(t, err)
		assert.True(t, handled)
	})
}

func TestOfTwoDeliveriesAtOnceOneHasTheEffect(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				_, err := inbox.Once(t.Context(), db, "stock", "event-1", effect(db))
				assert.NoError(t, err)
			})
		}
		all.Wait()
		assert.EqualValues(t, 1, effects(t, db))
	})
}

func TestOldReceiptsAreSweptAFewAtATime(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		for _, event := range []string{"1", "2", "3"} {
			_, err := inbox.Once(t.Context(), db, "stock", event, effect(db))
			require.NoError(t, err)
		}
		for _, want := range []int{2, 1, 0} {
			found, err := inbox.Sweep(t.Context(), db, time.Now().Add(time.Second), 2)
			require.NoError(t, err)
			assert.Equal(t, want, found)
		}
		_, err := inbox.Once(t.Context(), db, "stock", "4", effect(db))
		require.NoError(t, err)
		found, err := inbox.Sweep(t.Context(), db, time.Now().Add(-time.Hour), 2)
		require.NoError(t, err)
		assert.Zero(t, found, "it is new")
	})
}
