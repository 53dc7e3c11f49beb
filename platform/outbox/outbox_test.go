package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/propagation"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	patience = 20 * time.Second
	never    = time.Hour
)

var settings = outbox.Config{Source: "shop", Batch: 50, Poll: never, Lease: time.Minute, Retention: time.Hour}

type placed struct {
	Order  string `json:"order"`
	Number int    `json:"number"`
}

func (placed) EventType() string      { return "order.placed.v1" }
func (e placed) EventSubject() string { return e.Order }

// strange is an event of a type and subject of the test's choice.
type strange struct{ Type, Subject string }

func (e strange) EventType() string    { return e.Type }
func (e strange) EventSubject() string { return e.Subject }

func eachEngine(t *testing.T, run func(t *testing.T, db *database.DB)) {
	t.Helper()
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		db, err := m.DB(testkit.Name)
		require.NoError(t, err)
		run(t, db)
	})
}

// post is a broker that notes what it is given, unless it refuses it.
type post struct {
	mu     sync.Mutex
	came   []broker.Message
	refuse func(broker.Message) error
	more   chan struct{}
}

func newPost() *post { return &post{more: make(chan struct{}, 100_000)} }

func (p *post) Publish(_ context.Context, messages []broker.Message) []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	failed := make([]error, len(messages))
	for i, m := range messages {
		if p.refuse != nil {
			failed[i] = p.refuse(m)
		}
		if failed[i] == nil {
			p.came = append(p.came, m)
			p.more <- struct{}{}
		}
	}
	return failed
}

func (p *post) refusing(refuse func(broker.Message) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = refuse
}

func (p *post) await(t *testing.T, messages int) []broker.Message {
	t.Helper()
	limit := time.After(patience)
	for i := range messages {
		select {
		case <-p.more:
		case <-limit:
			t.Fatalf("%d of %d messages came", i, messages)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]broker.Message{}, p.came...)
}

// start runs a relay until the test ends, and gives how to end it before.
func start(t *testing.T, relay *outbox.Relay) (end func()) {
	t.Helper()
	var running sync.WaitGroup
	running.Go(func() { assert.NoError(t, relay.Run(context.Background())) })
	end = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		assert.NoError(t, relay.Drain(ctx))
		running.Wait()
	})
	t.Cleanup(end)
	return end
}

// publish stores events in a transaction of its own.
func publish(t *testing.T, db *database.DB, events *outbox.Outbox, all ...outbox.Event) {
	t.Helper()
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error { return events.Publish(ctx, all...) }))
}

// The tables: of what waits, and of what was sent.
const (
	waiting = "outbox_events"
	sent    = "outbox_sent"
)

func count(t *testing.T, db *database.DB, table string) int64 {
	t.Helper()
	var n int64
	require.NoError(t, db.Reader(t.Context()).Table(table).Count(&n).Error)
	return n
}

func TestAnEventIsSentOnceItsTransactionIsCommitted(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		events, to := outbox.New(clock.System), newPost()
		start(t, events.NewRelay(settings, db, to, testkit.Quiet()))
		failed := errors.New("changed my mind")
		require.ErrorIs(t, db.InTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, events.Publish(ctx, placed{"order-0", 0}))
			return failed
		}), failed)
		for number := range 20 { // the commit wakes the relay: it does not look by itself
			publish(t, db, events, placed{"order-1", number})
			to.await(t, 1)
		}
		for number, m := range to.await(t, 0) {
			assert.Equal(t, fmt.Sprintf(`{"order":"order-1","number":%d}`, number), string(m.Data))
		}
	})
}

func TestAMessageHasTheAttributesOfItsEvent(t *testing.T) {
	noon := time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	eachEngine(t, func(t *testing.T, db *database.DB) {
		events, to := outbox.New(clock.Fixed(noon)), newPost()
		start(t, events.NewRelay(settings, db, to, testkit.Quiet()))
		traced := propagation.TraceContext{}.Extract(t.Context(), propagation.MapCarrier{"traceparent": trace})
		require.NoError(t, db.InTx(traced, func(ctx context.Context) error { return events.Publish(ctx, placed{"order-1", 7}) }))
		m := to.await(t, 1)[0]
		assert.Len(t, m.ID, 36)
		assert.Equal(t, broker.Message{
			ID: m.ID, Source: "shop", Type: "order.placed.v1", Subject: "order-1", Time: noon, ContentType: broker.JSON,
			Traceparent: trace, Data: []byte(`{"order":"order-1","number":7}`),
		}, m)
	})
}

func TestWhatCannotBePublishedIsRefused(t *testing.T) {
	db, err := testkit.Database(t).DB(testkit.Name)
	require.NoError(t, err)
	events := outbox.New(clock.System)
	require.ErrorIs(t, events.Publish(t.Context(), placed{}), outbox.ErrNoTransaction)
	for _, wrong := range []strange{{Type: ""}, {Type: "order.placed"}, {Type: "Order Placed.v1"}, {Type: "a.v1", Subject: strings.Repeat("s", 201)}} {
		assert.Error(t, db.InTx(t.Context(), func(ctx context.Context) error { return events.Publish(ctx, wrong) }), wrong)
	}
	require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
		return events.Publish(ctx, large{strings.Repeat("x", outbox.MaxData-20)})
	}))
	assert.Error(t, db.InTx(t.Context(), func(ctx context.Context) error {
		return events.Publish(ctx, large{strings.Repeat("x", outbox.MaxData)})
	}), "no broker would take it, and it would be tried for ever")
	assert.EqualValues(t, 1, count(t, db, waiting))
}

func TestOnlyWhatWasConfirmedIsMarkedAndTheRestIsSentAgain(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		events, to := outbox.New(clock.System), newPost()
		refused := make(chan struct{}, 1000)
		to.refusing(func(m broker.Message) error {
			if m.Subject == "order-2" {
				refused <- struct{}{}
				return errors.New("no")
			}
			return nil
		})
		publish(t, db, events, placed{"order-1", 1}, placed{"order-2", 1}, placed{"order-3", 1})
		relay := events.NewRelay(settings, db, to, testkit.Quiet())
		end := start(t, relay)
		to.await(t, 2)
		<-refused
		<-refused // it has been tried again: what the first attempt made of the others is written down
		assert.EqualValues(t, 2, count(t, db, sent))
		backlog, err := relay.Backlog(t.Context())
		require.NoError(t, err)
		assert.EqualValues(t, 1, backlog.Events)
		to.refusing(nil)
		assert.Equal(t, "order-2", to.await(t, 1)[2].Subject)
		end()
		assert.Zero(t, count(t, db, waiting))
	})
}

func TestTwoRelaysSendEachEventOnceAndInOrder(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		const orders, each = 10, 30
		to := newPost()
		cfg := settings
		cfg.Poll, cfg.Batch = 10*time.Millisecond, 7
		var publishers sync.WaitGroup
		for process := range 2 {
			events := outbox.New(clock.System)
			start(t, events.NewRelay(cfg, db, to, testkit.Quiet()))
			publishers.Go(func() {
				for number := range each {
					for order := process; order < orders; order += 2 {
						publish(t, db, events, placed{fmt.Sprint("order-", order), number})
					}
				}
			})
		}
		publishers.Wait()
		next := map[string]int{}
		for _, m := range to.await(t, orders*each) {
			assert.Equal(t, fmt.Sprintf(`{"order":%q,"number":%d}`, m.Subject, next[m.Subject]), string(m.Data))
			next[m.Subject]++
		}
		assert.Len(t, next, orders)
	})
}

func TestWhatARelayLeftIsSentByAnotherOnceItsLeaseEnds(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		var mu sync.Mutex
		now := clock.System()
		at := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
		cfg := settings
		cfg.Poll = time.Millisecond
		stuck, released := newPost(), make(chan struct{})
		begun, once := make(chan struct{}), sync.Once{}
		stuck.refusing(func(broker.Message) error {
			once.Do(func() { close(begun) })
			<-released
			return errors.New("dead")
		})
		dead := outbox.New(at)
		start(t, dead.NewRelay(cfg, db, stuck, testkit.Quiet()))
		publish(t, db, dead, placed{"order-1", 1})
		<-begun
		events, to := outbox.New(at), newPost()
		start(t, events.NewRelay(cfg, db, to, testkit.Quiet()))
		publish(t, db, events, placed{"order-1", 2})
		assert.Empty(t, to.await(t, 0))
		mu.Lock()
		now = now.Add(2 * time.Minute)
		mu.Unlock()
		assert.Len(t, to.await(t, 2), 2)
		close(released)
	})
}

// The numbers of events that are gone are given again on SQLite.
func TestARelayThatComesLateTakesNothingAwayFromTheNext(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		var mu sync.Mutex
		now := clock.System()
		at := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
		late, begun, released := newPost(), make(chan struct{}), make(chan struct{})
		calls := 0
		late.refusing(func(broker.Message) error {
			if calls++; calls > 1 {
				return errors.New("no more")
			}
			close(begun)
			<-released
			return nil
		})
		events := outbox.New(at)
		publish(t, db, events, placed{"order-1", 1})
		endLate := start(t, outbox.New(at).NewRelay(settings, db, late, testkit.Quiet()))
		<-begun
		mu.Lock()
		now = now.Add(2 * time.Minute)
		mu.Unlock()
		to := newPost()
		end := start(t, outbox.New(at).NewRelay(settings, db, to, testkit.Quiet()))
		to.await(t, 1)
		end()
		publish(t, db, events, placed{"order-1", 2})
		close(released)
		endLate()
		assert.EqualValues(t, 1, count(t, db, waiting), "the second was not sent by anybody")
	})
}

func TestWhatIsCommittedLateIsSentBeforeWhatComesAfterIt(t *testing.T) {
	db, err := testkit.Database(t).DB(testkit.Name)
	require.NoError(t, err)
	cfg := settings
	cfg.Batch = 5
	events, to := outbox.New(clock.System), newPost()
	for number := range 30 {
		publish(t, db, events, placed{"order-1", number})
	}
	require.NoError(t, db.Writer(t.Context()).Exec("UPDATE outbox_events SET seq = 10 * seq + 100").Error)
	late := func(seq int, id string) {
		require.NoError(t, db.Writer(t.Context()).Exec("INSERT INTO outbox_events (seq, id, type, subject, happened_at, traceparent, data) "+
			"SELECT ?, ?, type, 'order-2', happened_at, traceparent, data FROM outbox_events WHERE seq = 400", seq, id).Error)
	}
	once := sync.Once{}
	to.refusing(func(broker.Message) error { // the first batch is under way; on servers numbers are given before commits
		once.Do(func() {
			late(50, "committed late")
			late(205, "after it") // behind the second batch
		})
		return nil
	})
	start(t, events.NewRelay(cfg, db, to, testkit.Quiet()))
	var second []string
	for _, m := range to.await(t, 32) {
		if m.Subject == "order-2" {
			second = append(second, m.ID)
		}
	}
	assert.Equal(t, []string{"committed late", "after it"}, second)
}

func TestSentEventsAreKeptForAWhile(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		now := clock.System()
		events, to := outbox.New(func() time.Time { return now }), newPost()
		publish(t, db, events, placed{"order-1", 1}, placed{"order-1", 2}, placed{"order-1", 3})
		turn(t, events.NewRelay(settings, db, to, testkit.Quiet()))
		for _, sweep := range []struct {
			before      time.Time
			found, left int
		}{{now, 0, 3}, {now.Add(time.Second), 2, 1}, {now.Add(time.Second), 1, 0}} {
			found, err := outbox.Sweep(t.Context(), db, sweep.before, 2)
			require.NoError(t, err)
			assert.Equal(t, sweep.found, found)
			assert.EqualValues(t, sweep.left, count(t, db, sent))
		}
	})
}

func TestSentEventsAreNotKeptWhereTheyAreNotToBe(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		cfg := settings
		cfg.Retention = 0
		events, to := outbox.New(clock.System), newPost()
		publish(t, db, events, placed{"order-1", 3})
		turn(t, events.NewRelay(cfg, db, to, testkit.Quiet()))
		to.await(t, 1)
		assert.Zero(t, count(t, db, waiting)+count(t, db, sent))
	})
}

func TestManyAndLargeEventsArePublishedAtOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		events, to := outbox.New(clock.System), newPost()
		var all []outbox.Event
		for number := range 1234 {
			all = append(all, placed{"order-1", number})
		}
		for range 12 {
			all = append(all, strange{Type: "file.stored.v1", Subject: strings.Repeat("s", 200)}, large{strings.Repeat("x", 1<<20)})
		}
		publish(t, db, events, all...)
		cfg := settings
		cfg.Batch = 500
		start(t, events.NewRelay(cfg, db, to, testkit.Quiet()))
		to.await(t, len(all))
	})
}

type large struct{ Text string }

func (large) EventType() string    { return "file.large.v1" }
func (large) EventSubject() string { return "" }

func TestTheBacklogIsMeasured(t *testing.T) {
	db, err := testkit.Database(t).DB(testkit.Name)
	require.NoError(t, err)
	var late time.Duration
	now := clock.System()
	events, to := outbox.New(func() time.Time { return now.Add(late) }), newPost()
	relay := events.NewRelay(settings, db, to, testkit.Quiet())
	registry := prometheus.NewRegistry()
	registry.MustRegister(outbox.NewCollector([]*outbox.Relay{relay}))
	publish(t, db, events, placed{"order-1", 1}, placed{"order-1", 2})
	late = 90 * time.Second
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP trellis_outbox_oldest_pending_seconds How long the oldest of them has waited; 0 when there is none.
# TYPE trellis_outbox_oldest_pending_seconds gauge
trellis_outbox_oldest_pending_seconds{database="primary"} 90
# HELP trellis_outbox_pending_events Events that wait to be sent.
# TYPE trellis_outbox_pending_events gauge
trellis_outbox_pending_events{database="primary"} 2
`), "trellis_outbox_pending_events", "trellis_outbox_oldest_pending_seconds"))
	end := start(t, relay)
	to.await(t, 2)
	end()
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP trellis_outbox_oldest_pending_seconds How long the oldest of them has waited; 0 when there is none.
# TYPE trellis_outbox_oldest_pending_seconds gauge
trellis_outbox_oldest_pending_seconds{database="primary"} 0
# HELP trellis_outbox_sent_total Events that this process sent and the broker confirmed.
# TYPE trellis_outbox_sent_total counter
trellis_outbox_sent_total{database="primary"} 2
`), "trellis_outbox_sent_total", "trellis_outbox_oldest_pending_seconds"))
}
