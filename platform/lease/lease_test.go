package lease_test

import (
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
		require.NoError(t, one.Release(t.Context()), "it has none: nothing happens")
		assert.False(t, acquire(t, one))
		require.NoError(t, two.Release(t.Context()))
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
