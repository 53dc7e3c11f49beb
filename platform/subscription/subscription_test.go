package subscription_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/subscription"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

var quick = backoff.Exponential{First: time.Millisecond, Last: 5 * time.Millisecond}

type placedV1 struct{ Cents int64 }

func (placedV1) EventType() string    { return "order.placed.v1" }
func (placedV1) EventSubject() string { return "order-1" }

type placedV2 struct {
	Cents    int64
	Currency string
}

func (placedV2) EventType() string    { return "order.placed.v2" }
func (placedV2) EventSubject() string { return "order-1" }

type placedV3 struct{ Price string }

func (placedV3) EventType() string    { return "order.placed.v3" }
func (placedV3) EventSubject() string { return "order-1" }

type canceledV1 struct{ Reason string }

func (canceledV1) EventType() string    { return "order.canceled.v1" }
func (canceledV1) EventSubject() string { return "order-1" }

func toV2(e placedV1) placedV2 { return placedV2{Cents: e.Cents, Currency: "EUR"} }
func toV3(e placedV2) placedV3 { return placedV3{Price: e.Currency} }

func fresh(t *testing.T) *database.DB {
	t.Helper()
	db, err := testkit.Database(t).DB(testkit.Name)
	require.NoError(t, err)
	return db
}

// run runs subscriptions on a broker of their own until the test ends.
func run(t *testing.T, db *database.DB, registry *prometheus.Registry, all ...subscription.Subscription) broker.Broker {
	t.Helper()
	require.NoError(t, subscription.Check(all))
	b := broker.NewEmbedded(fresh(t), clock.System, broker.Embedded{}, testkit.Quiet())
	var bound []subscription.Bound
	for _, s := range all {
		bound = append(bound, subscription.Bound{Subscription: s, DB: db})
	}
	runner := subscription.NewRunner(bound, b, registry, testkit.Quiet())
	require.NoError(t, b.Start(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { assert.NoError(t, runner.Run(context.Background())) })
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		assert.NoError(t, runner.Drain(ctx))
		running.Wait()
	})
	return b
}

// breaking is a broker with one consumer that has a mistake.
type breaking struct {
	broker.Broker
	consumer string
}

func (b breaking) Consumer(s broker.Subscription, handle broker.Handler) broker.Consumer {
	if s.Name == b.consumer {
		return mistake{}
	}
	return b.Broker.Consumer(s, handle)
}

type mistake struct{ broker.Consumer }

func (mistake) Run(context.Context) error { panic("index is wild") }

func TestAConsumerThatPanicsEndsTheOthersAndIsTold(t *testing.T) {
	db := fresh(t)
	b := breaking{broker.NewEmbedded(db, clock.System, broker.Embedded{}, testkit.Quiet()), "mail.orders"}
	handle := func(context.Context, placedV1) error { return nil }
	runner := subscription.NewRunner([]subscription.Bound{
		{Subscription: subscription.On("mail.orders", handle), DB: db}, {Subscription: subscription.On("stock.orders", handle), DB: db},
	}, b, prometheus.NewRegistry(), testkit.Quiet())
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(t.Context()) }()
	require.EqualError(t, await(t, ended), "panic: index is wild")
}

func send(t *testing.T, b broker.Broker, id, eventType, data string) {
	t.Helper()
	require.NoError(t, b.Publish(t.Context(), []broker.Message{{
		ID: id, Type: eventType, Subject: "order-1", ContentType: broker.JSON, Data: []byte(data),
		Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}})[0])
}

func await[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case one := <-from:
		return one
	case <-time.After(patience):
		require.Fail(t, "nothing came")
		panic("unreachable")
	}
}

func TestAFunctionGetsItsEventInATransactionAndWithItsTrace(t *testing.T) {
	db, came := fresh(t), make(chan placedV2, 1)
	b := run(t, db, prometheus.NewRegistry(), subscription.On("mail.orders", func(ctx context.Context, e placedV2) error {
		assert.Same(t, db, database.Joined(ctx))
		assert.Equal(t, "event-1", subscription.EventID(ctx))
		assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", trace.SpanContextFromContext(ctx).TraceID().String())
		came <- e
		return nil
	}))
	send(t, b, "event-1", "order.placed.v2", `{"Cents":100,"Currency":"EUR"}`)
	assert.Equal(t, placedV2{100, "EUR"}, await(t, came))
}

func TestEarlierVersionsAreMadeIntoTheLatest(t *testing.T) {
	came := make(chan placedV3, 3)
	b := run(t, fresh(t), prometheus.NewRegistry(), subscription.On("mail.orders",
		func(_ context.Context, e placedV3) error { came <- e; return nil }, subscription.Upcast(toV2), subscription.Upcast(toV3)))
	send(t, b, "event-1", "order.placed.v1", `{"Cents":100}`)
	send(t, b, "event-2", "order.placed.v2", `{"Cents":100,"Currency":"CHF"}`)
	send(t, b, "event-3", "order.placed.v3", `{"Price":"USD"}`)
	for _, want := range []string{"EUR", "CHF", "USD"} {
		assert.Equal(t, placedV3{want}, await(t, came))
	}
}

func TestSeveralTypesAreOneStreamInOrder(t *testing.T) {
	came := make(chan string, 3)
	b := run(t, fresh(t), prometheus.NewRegistry(), subscription.On("mail.orders",
		func(context.Context, placedV1) error { came <- "placed"; return nil },
		subscription.Also(func(_ context.Context, e canceledV1) error { came <- e.Reason; return nil })))
	send(t, b, "event-1", "order.placed.v1", `{}`)
	send(t, b, "event-2", "order.canceled.v1", `{"Reason":"canceled"}`)
	send(t, b, "event-3", "order.placed.v1", `{}`)
	for _, want := range []string{"placed", "canceled", "placed"} {
		assert.Equal(t, want, await(t, came))
	}
}

func TestWhatCannotBeUnderstoodIsADeadLetterWithTheReason(t *testing.T) {
	b := run(t, fresh(t), prometheus.NewRegistry(), subscription.On("mail.orders", func(context.Context, placedV1) error { return nil }))
	send(t, b, "event-1", "order.placed.v9", `{}`)
	send(t, b, "event-2", "order.placed.v1", `{"Cents":"many"}`)
	var letters []broker.DeadLetter
	require.Eventually(t, func() bool {
		var err error
		letters, err = b.Dead(t.Context(), "mail.orders", 10)
		return assert.NoError(t, err) && len(letters) == 2
	}, patience, time.Millisecond)
	assert.Equal(t, "the type or version order.placed.v9 is unknown to this program", letters[0].Error)
	assert.Contains(t, letters[1].Error, "the data of order.placed.v1 cannot be decoded: json")
	assert.Equal(t, 1, letters[0].Attempts)
}

func TestAnEffectHappensOnceHoweverOftenItsEventComes(t *testing.T) {
	db, calls := fresh(t), make(chan int64, 10)
	require.NoError(t, db.Writer(t.Context()).Exec("CREATE TABLE effects (n INTEGER)").Error)
	var failed atomic.Bool
	registry := prometheus.NewRegistry()
	b := run(t, db, registry, subscription.On("mail.orders", func(ctx context.Context, e placedV1) error {
		if err := db.Writer(ctx).Exec("INSERT INTO effects VALUES (?)", e.Cents).Error; err != nil {
			return err
		}
		if failed.CompareAndSwap(false, true) {
			return errors.New("after half of the work")
		}
		calls <- e.Cents
		return nil
	}, subscription.Retries(5, quick)))
	send(t, b, "event-1", "order.placed.v1", `{"Cents":1}`)
	await(t, calls)
	require.Eventually(t, func() bool { return outcomes(t, registry)["done"] == 1 }, patience, time.Millisecond)
	require.Eventually(t, func() bool {
		send(t, b, "event-1", "order.placed.v1", `{"Cents":1}`) // taken up anew once the first is struck off
		return outcomes(t, registry)["duplicate"] >= 1
	}, patience, time.Millisecond)
	send(t, b, "event-2", "order.placed.v1", `{"Cents":2}`)
	assert.EqualValues(t, 2, await(t, calls))
	require.Eventually(t, func() bool { return outcomes(t, registry)["done"] == 2 }, patience, time.Millisecond)
	var effects []int64
	require.NoError(t, db.Reader(t.Context()).Table("effects").Order("n").Pluck("n", &effects).Error)
	assert.Equal(t, []int64{1, 2}, effects)
	assert.EqualValues(t, 1, outcomes(t, registry)["failed"])
}

// outcomes are the counters of handled events.
func outcomes(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	found := map[string]float64{}
	for _, family := range families {
		if family.GetName() != "trellis_events_handled_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "outcome" {
					found[label.GetValue()] = metric.GetCounter().GetValue()
				}
			}
		}
	}
	return found
}

func TestADatabaseThatIsAwayIsWaitedFor(t *testing.T) {
	cfg := testkit.EmptyMySQL(t)
	testkit.MigratedOn(t, cfg, migrations.Files)
	address, err := mysql.ParseDSN(cfg.DSN.Reveal())
	require.NoError(t, err)
	proxy := testkit.NewProxy(t, address.Addr)
	address.Addr = proxy.Addr
	cfg.DSN = config.DSN(address.FormatDSN())
	db, err := testkit.Start(t, database.Configs{testkit.Name: cfg}).DB(testkit.Name)
	require.NoError(t, err)

	proxy.Cut()
	came, registry := make(chan struct{}, 1), prometheus.NewRegistry()
	b := run(t, db, registry, subscription.On("mail.orders",
		func(context.Context, placedV1) error { came <- struct{}{}; return nil }, subscription.Retries(1, quick)))
	send(t, b, "event-1", "order.placed.v1", `{}`)
	require.Eventually(t, func() bool { return outcomes(t, registry)["postponed"] >= 3 }, patience, time.Millisecond)
	proxy.Restore(t)
	await(t, came)
}

func TestAMessageWithoutAnIDIsADeadLetter(t *testing.T) {
	registry := prometheus.NewRegistry()
	b := run(t, fresh(t), registry, subscription.On("mail.orders", func(context.Context, placedV1) error { return nil }))
	send(t, b, "", "order.placed.v1", `{}`)
	require.Eventually(t, func() bool { return outcomes(t, registry)["dead"] == 1 }, patience, time.Millisecond)
}

func TestSubscriptionsThatCannotWorkAreRefused(t *testing.T) {
	handle := func(context.Context, placedV1) error { return nil }
	for want, all := range map[string][]subscription.Subscription{
		"there are two subscriptions with the name mail": {subscription.On("mail", handle), subscription.On("mail", handle)},
		"two functions for order.placed.v1":              {subscription.On("mail", handle, subscription.Also(handle))},
		"which nothing handles":                          {subscription.On("mail", handle, subscription.Upcast(toV3))},
		"must be named in small letters":                 {subscription.On("Mail", handle)},
		"must end in a version":                          {subscription.On("mail", func(context.Context, unversioned) error { return nil })},
	} {
		assert.ErrorContains(t, subscription.Check(all), want)
	}
}

type unversioned struct{}

func (unversioned) EventType() string    { return "order.placed" }
func (unversioned) EventSubject() string { return "" }

func TestOptionsSayHowEventsAreDelivered(t *testing.T) {
	s := subscription.On("mail", func(context.Context, placedV1) error { return nil }, subscription.Unordered(),
		subscription.Concurrency(2), subscription.Prefetch(3), subscription.Retries(4, quick), subscription.Timeout(time.Minute))
	assert.Equal(t, broker.Options{Unordered: true, Concurrency: 2, Prefetch: 3, Attempts: 4, Backoff: quick, Timeout: time.Minute}, s.Options)
	assert.Equal(t, []string{"order.placed.*"}, s.Patterns)
}

func TestOutsideOfAFunctionThereIsNoEvent(t *testing.T) {
	assert.Empty(t, subscription.EventID(t.Context()))
	assert.Equal(t, "one", subscription.EventID(subscription.WithEventID(t.Context(), "one")))
}

func TestWhatPassesEventsOnGetsThemAsTheyCame(t *testing.T) {
	db, came := fresh(t), make(chan broker.Message, 3)
	b := run(t, db, prometheus.NewRegistry(), subscription.OnAny("webhook.events", []string{"order.placed.v2", "order.canceled.v1"},
		func(ctx context.Context, message broker.Message) error {
			assert.Same(t, db, database.Joined(ctx))
			came <- message
			return nil
		}))
	send(t, b, "event-1", "order.placed.v1", `{}`) // a version that was not asked for
	send(t, b, "event-2", "order.placed.v2", `{"Cents":100,"unknown":true}`)
	send(t, b, "event-2", "order.placed.v2", `{"Cents":100,"unknown":true}`)
	send(t, b, "event-3", "order.canceled.v1", `{}`)
	first := await(t, came)
	assert.Equal(t, "event-2", first.ID)
	assert.JSONEq(t, `{"Cents":100,"unknown":true}`, string(first.Data))
	assert.Equal(t, "event-3", await(t, came).ID, "in order, and what came twice once")
}

func TestWhatPassesEventsOnHasNoFunctionsBeside(t *testing.T) {
	pass := func(context.Context, broker.Message) error { return nil }
	mixed := subscription.OnAny("webhook.events", []string{"order.placed.v1"}, pass,
		subscription.Also(func(context.Context, canceledV1) error { return nil }))
	assert.ErrorContains(t, subscription.Check([]subscription.Subscription{mixed}), "has a function for order.canceled.v1 too")
	assert.ErrorContains(t, subscription.Check([]subscription.Subscription{subscription.OnAny("webhook.events", nil, pass)}), "has no pattern")
}
