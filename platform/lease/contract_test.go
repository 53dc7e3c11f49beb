package lease_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/lease"
	"github.com/trellis-go/trellis/test/testkit"
)

// TestContract goes through every statement on every engine.
func TestContract(t *testing.T) {
	testkit.Contract(t, testkit.Suite{"a lease is acquired, kept, given back and passed on": func(t *testing.T, m *database.Manager) {
		db, err := m.DB(testkit.Name)
		require.NoError(t, err)
		now := time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)
		at := func() time.Time { return now }
		one, two := lease.New(db, "relay", time.Minute, at), lease.New(db, "relay", time.Minute, at)
		assert.True(t, acquire(t, one))
		assert.False(t, acquire(t, two))
		require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
			held, err := one.Keep(ctx)
			assert.True(t, held)
			return err
		}))
		assert.True(t, still(t, one.Release))
		assert.True(t, acquire(t, two))
		assert.False(t, still(t, one.Keep))
	}})
}
