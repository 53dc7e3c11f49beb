package lease_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/lease"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func eachEngine(t *testing.T, run func(t *testing.T, db *database.DB)) {
	t.Helper()
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		db, err := m.DB(testkit.Name)
		require.NoError(t, err)
		run(t, db)
	})
}

func acquire(t *testing.T, l *lease.Lease) bool {
	t.Helper()
	held, err := l.Acquire(t.Context())
	require.NoError(t, err)
	return held
}

func still(t *testing.T, ask func(context.Context) (bool, error)) bool {
	t.Helper()
	held, err := ask(t.Context())
	require.NoError(t, err)
	return held
}

func TestALeaseThatAnotherHasHadIsNotKept(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		now := time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)
		at := func() time.Time { return now }
		one, two := lease.New(db, "relay", time.Minute, at), lease.New(db, "relay", time.Minute, at)
		assert.True(t, acquire(t, one))
		now = now.Add(2 * time.Minute)
		assert.True(t, still(t, one.Keep), "it ended, and nobody took it")
		now = now.Add(2 * time.Minute)
		assert.True(t, acquire(t, two))
		assert.True(t, still(t, two.Release))
		assert.False(t, still(t, one.Keep), "it is free, but another has had it")
		assert.False(t, still(t, one.Release))
		assert.True(t, acquire(t, one))
	})
}

func TestALeaseIsNotProlongedByATransactionThatIsRolledBack(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		l := lease.New(db, "relay", time.Minute, clock.System)
		assert.True(t, acquire(t, l))
		until, failed := l.Until(), errors.New("changed my mind")
		require.ErrorIs(t, db.InTx(t.Context(), func(ctx context.Context) error {
			held, err := l.Keep(ctx)
			assert.True(t, held)
			return errors.Join(err, failed)
		}), failed)
		assert.Equal(t, until, l.Until())
		assert.True(t, still(t, l.Keep))
		assert.True(t, l.Until().After(until))
	})
}

func TestOneHoldsTheLeaseUntilItEndsOrIsGivenBack(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		now := time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)
		at := func() time.Time { return now }
		one, two := lease.New(db, "relay", time.Minute, at), lease.New(db, "relay", time.Minute, at)
		assert.True(t, acquire(t, one))
		assert.False(t, acquire(t, two))
		assert.True(t, acquire(t, lease.New(db, "another", time.Minute, at)))
		now = now.Add(59 * time.Second)
		assert.True(t, acquire(t, one), "renewed")
		now = now.Add(59 * time.Second)
		assert.False(t, acquire(t, two))
		now = now.Add(2 * time.Second)
		assert.True(t, acquire(t, two), "it ended")
		assert.False(t, acquire(t, one))
		assert.False(t, still(t, one.Release), "it has none: nothing happens")
		assert.False(t, acquire(t, one))
		assert.True(t, still(t, two.Release))
		assert.True(t, two.Until().Before(time.Now()))
		assert.True(t, acquire(t, one))
	})
}

func TestOfManyWhoComeAtOnceOneIsFirst(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		var holders atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				held, err := lease.New(db, "relay", time.Minute, clock.System).Acquire(t.Context())
				assert.NoError(t, err)
				if held {
					holders.Add(1)
				}
			})
		}
		all.Wait()
		assert.EqualValues(t, 1, holders.Load())
	})
}
