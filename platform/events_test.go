package platform_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform"
	"github.com/trellis-go/trellis/platform/inbox"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/subscription"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestWhatIsKeptForAWhileIsCountedFromItsOwnTime(t *testing.T) {
	m := testkit.Database(t)
	db, err := m.DB(testkit.Name)
	require.NoError(t, err)
	begun := time.Now()
	_, err = inbox.Once(t.Context(), db, "mail.orders", "event-1", func(context.Context) error { return nil })
	require.NoError(t, err)
	require.NoError(t, db.Writer(t.Context()).Exec("INSERT INTO outbox_sent (id, type, happened_at, sent_at) VALUES ('event-1', 'order.placed.v1', ?, ?)",
		begun.UnixMicro(), begun.UnixMicro()).Error)
	require.NoError(t, db.Writer(t.Context()).Exec("INSERT INTO idempotency_keys (id, fingerprint, run, status, until) VALUES ('key', '', '', 201, ?)",
		begun.Add(5*time.Hour).UnixMicro()).Error)
	left := func(after time.Duration) (kept []string) {
		now := func() time.Time { return begun.Add(after) }
		s, err := platform.NewSweeper(subscription.Config{Retention: 3 * time.Hour}, outbox.Config{Retention: time.Hour},
			testkit.KeysAt(t, now), now, m, []module.Module{{Name: "order", Database: testkit.Name}}, testkit.Quiet())
		require.NoError(t, err)
		s.Sweep(t.Context())
		for _, table := range []string{"idempotency_keys", "inbox_receipts", "outbox_sent"} {
			var rows int64
			require.NoError(t, db.Reader(t.Context()).Table(table).Count(&rows).Error)
			if rows > 0 {
				kept = append(kept, table)
			}
		}
		return kept
	}
	assert.Equal(t, []string{"idempotency_keys", "inbox_receipts", "outbox_sent"}, left(time.Minute))
	assert.Equal(t, []string{"idempotency_keys", "inbox_receipts"}, left(2*time.Hour))
	assert.Equal(t, []string{"idempotency_keys"}, left(4*time.Hour))
	assert.Empty(t, left(6*time.Hour))
}
