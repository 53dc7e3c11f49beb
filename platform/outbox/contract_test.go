package outbox_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/test/testkit"
)

// TestContract goes through every statement on every engine.
func TestContract(t *testing.T) {
	suite := testkit.Suite{}
	for name, scenario := range map[string]func(*testing.T, *database.DB, *outbox.Outbox){
		"an event is stored, sent and kept apart": eventSent,
		"a batch is followed by the next":         eventsInBatches,
		"what is between stays":                   eventsBetweenStay,
		"what is not to be kept is gone":          eventForgotten,
		"what was kept for long enough is gone":   eventSwept,
		"the backlog is counted":                  backlogCounted,
	} {
		suite[name] = func(t *testing.T, m *database.Manager) {
			db, err := m.DB(testkit.Name)
			require.NoError(t, err)
			scenario(t, db, outbox.New(func() time.Time { return noon }))
		}
	}
	testkit.Contract(t, suite)
}

var noon = time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)

// turn sends what is there, once, and ends.
func turn(t *testing.T, relay *outbox.Relay) {
	t.Helper()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, relay.Drain(over), context.Canceled, "it has not begun")
	require.NoError(t, relay.Run(t.Context()))
}

func eventSent(t *testing.T, db *database.DB, events *outbox.Outbox) {
	publish(t, db, events, placed{"order-1", 1})
	publish(t, db, events, placed{"order-1", 2}, placed{"", 3})
	to := newPost()
	turn(t, events.NewRelay(settings, db, to, testkit.Quiet()))
	came := to.await(t, 3)
	assert.JSONEq(t, `{"order":"order-1","number":1}`, string(came[0].Data))
	assert.Equal(t, []string{"order-1", "order-1", ""}, []string{came[0].Subject, came[1].Subject, came[2].Subject})
	assert.Equal(t, noon, came[2].Time)
	assert.Zero(t, count(t, db, waiting))
	assert.EqualValues(t, 3, count(t, db, sent))
}

func eventsInBatches(t *testing.T, db *database.DB, events *outbox.Outbox) {
	publish(t, db, events, placed{"order-1", 1}, placed{"order-1", 2}, placed{"order-1", 3})
	cfg := settings
	cfg.Batch = 2
	turn(t, events.NewRelay(cfg, db, newPost(), testkit.Quiet()))
	assert.Zero(t, count(t, db, waiting))
}

func eventsBetweenStay(t *testing.T, db *database.DB, events *outbox.Outbox) {
	publish(t, db, events, placed{"order-1", 1}, placed{"order-2", 2}, placed{"order-3", 3})
	to := newPost()
	to.refusing(func(m broker.Message) error {
		if m.Subject == "order-2" {
			return errors.New("not now")
		}
		return nil
	})
	turn(t, events.NewRelay(settings, db, to, testkit.Quiet()))
	assert.EqualValues(t, 1, count(t, db, waiting))
	assert.EqualValues(t, 2, count(t, db, sent))
}

func eventForgotten(t *testing.T, db *database.DB, events *outbox.Outbox) {
	publish(t, db, events, placed{"order-1", 1})
	cfg := settings
	cfg.Retention = 0
	turn(t, events.NewRelay(cfg, db, newPost(), testkit.Quiet()))
	assert.Zero(t, count(t, db, waiting)+count(t, db, sent))
}

func eventSwept(t *testing.T, db *database.DB, events *outbox.Outbox) {
	publish(t, db, events, placed{"order-1", 1})
	turn(t, events.NewRelay(settings, db, newPost(), testkit.Quiet()))
	for _, want := range []int{1, 0} {
		found, err := outbox.Sweep(t.Context(), db, noon.Add(time.Second), 10)
		require.NoError(t, err)
		assert.Equal(t, want, found)
	}
}

func backlogCounted(t *testing.T, db *database.DB, events *outbox.Outbox) {
	relay := events.NewRelay(settings, db, newPost(), testkit.Quiet())
	publish(t, db, events, placed{"order-1", 1})
	backlog, err := relay.Backlog(t.Context())
	require.NoError(t, err)
	assert.Equal(t, outbox.Backlog{Events: 1, Oldest: noon}, backlog)
}
