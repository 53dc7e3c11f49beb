package analytics_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/modules/analytics"
	"github.com/trellis-go/trellis/modules/catalog/catalogapi"
	"github.com/trellis-go/trellis/modules/order/orderapi"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/inbox"
	"github.com/trellis-go/trellis/platform/migrate"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/subscription"
	"github.com/trellis-go/trellis/test/testkit"
)

// tell delivers an event as a subscription does.
func tell[E any](t *testing.T, s shop, id int, handle func(context.Context, E) error, event E) {
	t.Helper()
	_, err := inbox.Once(t.Context(), s.DB, "analytics", eventID(id), func(ctx context.Context) error {
		return handle(subscription.WithEventID(ctx, eventID(id)), event)
	})
	require.NoError(t, err)
}

// place tells of orders with these numbers, an event each with the same number.
func place(t *testing.T, s shop, numbers ...int) {
	t.Helper()
	for _, i := range numbers {
		tell(t, s, i, s.OrderPlaced, orderapi.PlacedV1{Order: order(i, hour(1))})
	}
}

// counted is how many orders the warehouse has, and waiting how many facts are not there yet.
func counted(t *testing.T, s shop) int64 {
	t.Helper()
	steps, err := s.Steps(t.Context(), november)
	require.NoError(t, err)
	for _, step := range steps {
		if step.Kind == analytics.Placed {
			return step.Orders
		}
	}
	return 0
}

func waiting(t *testing.T, s shop) int64 {
	t.Helper()
	facts, _, err := s.Backlog(t.Context(), 1000)
	require.NoError(t, err)
	return facts
}

func TestTheEventsOfAnOrderAreCounted(t *testing.T) {
	s := open(t, testkit.Database(t))
	placed := order(1, hour(1))
	tell(t, s, 1, s.OrderPlaced, orderapi.PlacedV1{Order: placed})
	tell(t, s, 2, s.OrderPaid, orderapi.PaidV1{Order: later(placed, time.Hour)})
	tell(t, s, 3, s.OrderShipped, orderapi.ShippedV1{Order: later(placed, 4*time.Hour)})
	place(t, s, 4, 5)
	tell(t, s, 6, s.OrderCanceled, orderapi.CanceledV1{Order: later(order(4, hour(1)), time.Minute)})
	tell(t, s, 7, s.OrderExpired, orderapi.ExpiredV1{Order: later(order(5, hour(1)), 2*time.Minute)})
	c, err := s.service.Conversion(t.Context(), november)
	require.NoError(t, err)
	assert.Equal(t, int64(3), c.Placed)
	for kind, want := range map[analytics.Kind]time.Duration{
		analytics.Paid: time.Hour, analytics.Shipped: 3 * time.Hour, analytics.Canceled: time.Minute, analytics.Expired: 2 * time.Minute,
	} {
		require.Equal(t, int64(1), c.Steps[kind].Orders, kind)
		assert.Equal(t, want, *c.Steps[kind].Median, kind)
		assert.InDelta(t, 1.0/3, c.Rate(kind), 1e-9)
	}
	assert.Zero(t, waiting(t, s), "the warehouse is the module's own database")
}

func TestAnEventThatComesAgainCountsOnce(t *testing.T) {
	s := open(t, testkit.Database(t))
	place(t, s, 1, 1)
	err := s.InTx(t.Context(), func(ctx context.Context) error { // long after: its receipt is gone
		return s.OrderPlaced(subscription.WithEventID(ctx, eventID(1)), orderapi.PlacedV1{Order: order(1, hour(1))})
	})
	require.NoError(t, err)
	assert.Equal(t, int64(1), counted(t, s))
}

func TestAnEventThatNoWarehouseKeepsIsADeadLetter(t *testing.T) {
	s := open(t, testkit.Database(t))
	spoilt := func(change func(*orderapi.Order)) orderapi.ExpiredV1 {
		o := order(1, noon)
		change(&o)
		return orderapi.ExpiredV1{Order: o}
	}
	for want, event := range map[string]orderapi.ExpiredV1{
		`"x" is not a UUID`:        spoilt(func(o *orderapi.Order) { o.ID = "x" }),
		`"y" is not a UUID`:        spoilt(func(o *orderapi.Order) { o.Lines[0].ProductID = "y" }),
		`"Euro" is not a currency`: spoilt(func(o *orderapi.Order) { o.Currency = "Euro" }),
	} {
		err := s.OrderExpired(subscription.WithEventID(t.Context(), eventID(1)), event)
		require.ErrorContains(t, err, want)
		assert.True(t, broker.IsDead(err))
	}
	err := s.OrderExpired(t.Context(), spoilt(func(*orderapi.Order) {}))
	assert.True(t, broker.IsDead(err), "without an id nobody could tell when it comes again")
}

func TestLinesOfOneProductAreSoldTogether(t *testing.T) {
	s := open(t, testkit.Database(t))
	o := order(1, hour(1))
	o.Lines = append(o.Lines, orderapi.Line{ProductID: productID(1), Quantity: 3, PriceCents: 100})
	tell(t, s, 1, s.OrderPaid, orderapi.PaidV1{Order: o})
	top, err := s.service.TopProducts(t.Context(), november, analytics.ByRevenue, 5)
	require.NoError(t, err)
	require.Len(t, top, 1)
	assert.Equal(t, int64(5), top[0].Quantity)
	assert.Equal(t, int64(2300), top[0].RevenueCents)
}

func TestProductsAreCalledAsTheCatalogCallsThemNow(t *testing.T) {
	s := open(t, testkit.Database(t))
	named := func() analytics.Product {
		known, err := s.Products(t.Context(), []string{productID(1)})
		require.NoError(t, err)
		return known[productID(1)]
	}
	place(t, s, 1)
	assert.Equal(t, "Green tea", named().Name, "as it was ordered")
	product := catalogapi.Product{ID: productID(1), SKU: "TEA-1", Name: "Sencha", Active: true, Version: 1}
	tell(t, s, 2, s.ProductCreated, catalogapi.CreatedV1{Product: product})
	assert.Equal(t, "Sencha", named().Name)
	product.Name, product.Version = "Sencha, loose", 2
	tell(t, s, 3, s.ProductUpdated, catalogapi.UpdatedV1{Product: product})
	place(t, s, 4)
	assert.Equal(t, "Sencha, loose", named().Name)
	product.Version = 3
	tell(t, s, 5, s.ProductDeleted, catalogapi.DeletedV1{Product: product})
	assert.Equal(t, "deleted", named().State())
}

// beside is the module's database with a warehouse beside it.
func beside(t *testing.T, primary, warehouse database.Config) *database.Manager {
	t.Helper()
	m := testkit.Start(t, database.Configs{testkit.Name: primary, "warehouse": warehouse})
	require.NoError(t, migrate.New(m, migrations.Files, testkit.Quiet()).Up(t.Context()))
	return m
}

// apart is the module with a warehouse in another database: an SQL database, and ClickHouse where there is one.
func apart(t *testing.T, run func(t *testing.T, databases func(t *testing.T) *database.Manager)) {
	t.Helper()
	with := func(warehouse database.Config) func(*testing.T) *database.Manager {
		primary := testkit.EmptySQLite(t)
		return func(t *testing.T) *database.Manager {
			t.Helper()
			return beside(t, primary, warehouse)
		}
	}
	t.Run("sqlite", func(t *testing.T) { run(t, with(testkit.EmptySQLite(t))) })
	testkit.EachClickHouse(t, func(t *testing.T, cfg database.Config) { run(t, with(cfg)) })
}

func TestFactsWaitForAWarehouseOfItsOwnAndAreMovedInBatches(t *testing.T) {
	apart(t, func(t *testing.T, databases func(*testing.T) *database.Manager) {
		m := databases(t)
		seen := &flaky{Warehouse: open(t, m).Warehouse}
		s := openWith(t, settings, m, seen)
		place(t, s, 1, 2, 3, 4, 5, 6, 7)
		assert.Equal(t, int64(7), waiting(t, s))
		assert.Zero(t, counted(t, s))
		require.NoError(t, s.Move(t.Context()))
		assert.Zero(t, waiting(t, s))
		assert.Equal(t, int64(7), counted(t, s))
		assert.Equal(t, int64(settings.BatchSize), seen.biggest.Load())
		assert.Equal(t, int64(3), seen.stored.Load())
		require.NoError(t, s.Move(t.Context()))
		assert.Equal(t, int64(3), seen.stored.Load(), "there is nothing left")
	})
}

func TestWhatWasCountedBeforeThereWasAWarehouseIsMovedIntoIt(t *testing.T) {
	apart(t, func(t *testing.T, databases func(*testing.T) *database.Manager) {
		m := databases(t)
		own := settings
		own.Warehouse = testkit.Name
		before, placed := openWith(t, own, m, nil), order(1, hour(1))
		place(t, before, 1)
		tell(t, before, 2, before.OrderPaid, orderapi.PaidV1{Order: later(placed, time.Hour)})
		tell(t, before, 3, before.OrderShipped, orderapi.ShippedV1{Order: later(placed, 4*time.Hour)})
		assert.Equal(t, int64(1), counted(t, before))
		require.NoError(t, before.Move(t.Context()))
		assert.Equal(t, int64(1), counted(t, before), "that is where they belong")

		died := errors.New("died")
		broken := &flaky{Warehouse: open(t, m).Warehouse}
		broken.after.Store(&died)
		require.ErrorIs(t, openWith(t, settings, m, broken).Move(t.Context()), died)
		assert.Equal(t, int64(1), counted(t, before), "nothing is taken out before it is known to be there")

		s := open(t, m)
		place(t, s, 4)
		require.NoError(t, s.Move(t.Context()))
		assert.Equal(t, int64(2), counted(t, s))
		c, err := s.service.Conversion(t.Context(), november)
		require.NoError(t, err)
		assert.Equal(t, 3*time.Hour, *c.Steps[analytics.Shipped].Median)
		top, err := s.service.TopProducts(t.Context(), november, analytics.ByRevenue, 5)
		require.NoError(t, err)
		require.Len(t, top, 1)
		assert.Equal(t, int64(2000), top[0].RevenueCents)
		assert.Zero(t, counted(t, before))
	})
}

func TestTheDatabaseOfTheModuleUnderAnotherNameIsNoOtherWarehouse(t *testing.T) {
	testkit.EachEmpty(t, func(t *testing.T, cfg database.Config) {
		m := testkit.Start(t, database.Configs{testkit.Name: cfg, "warehouse": cfg})
		require.NoError(t, migrate.New(m, migrations.Files, testkit.Quiet()).Up(t.Context()))
		s := open(t, m)
		place(t, s, 1, 2)
		require.NoError(t, s.Move(t.Context()))
		assert.Equal(t, int64(2), counted(t, s), "nothing is moved, so nothing is taken out")
		assert.Zero(t, waiting(t, s))
	})
}

// flaky is a warehouse that can be taken away.
type flaky struct {
	analytics.Warehouse
	before, after atomic.Pointer[error] // what Store fails with, before or after it has stored
	stored        atomic.Int64          // batches that Store was called with
	biggest       atomic.Int64
	facts         atomic.Int64
	most          atomic.Int64  // facts that Store has the time for, unless it is 0
	hold          chan struct{} // Store waits for it, unless it is nil
}

func (f *flaky) Store(ctx context.Context, facts []analytics.Fact) error {
	f.stored.Add(1)
	f.facts.Add(int64(len(facts)))
	if f.hold != nil {
		<-f.hold
	}
	f.biggest.Store(max(f.biggest.Load(), int64(len(facts))))
	if most := f.most.Load(); most > 0 && int64(len(facts)) > most {
		<-ctx.Done()
		return ctx.Err()
	}
	if err := f.before.Load(); err != nil {
		return *err
	}
	err := f.Warehouse.Store(ctx, facts)
	if failed := f.after.Load(); failed != nil {
		return *failed
	}
	return err
}

func TestAProcessThatDiesBetweenWarehouseAndMemoryLosesAndDoublesNothing(t *testing.T) {
	apart(t, func(t *testing.T, databases func(*testing.T) *database.Manager) {
		died := errors.New("died")
		m := databases(t)
		broken := &flaky{Warehouse: open(t, m).Warehouse}
		broken.after.Store(&died)
		s := openWith(t, settings, m, broken)
		place(t, s, 1, 2, 3, 4)
		require.ErrorIs(t, s.Move(t.Context()), died)
		assert.Equal(t, int64(3), counted(t, s), "the first batch is there")
		assert.Equal(t, int64(4), waiting(t, s), "and nobody knows")

		other := settings
		other.BatchSize = 2 // so the batches are others, too
		again := openWith(t, other, databases(t), nil)
		place(t, again, 5)
		require.NoError(t, again.Move(t.Context()))
		assert.Equal(t, int64(5), counted(t, again))
		assert.Zero(t, waiting(t, again))
	})
}

func TestWhileTheWarehouseIsDownFactsAreKeptAndReportsSaySo(t *testing.T) {
	down := error(database.ErrUnavailable)
	m := beside(t, testkit.EmptySQLite(t), testkit.EmptySQLite(t))
	warehouse := &flaky{Warehouse: open(t, m).Warehouse}
	warehouse.before.Store(&down)
	s := openWith(t, settings, m, warehouse)
	for i := range 10 {
		place(t, s, i) // is acknowledged
	}
	require.ErrorIs(t, s.Move(t.Context()), database.ErrUnavailable)
	assert.Equal(t, int64(10), waiting(t, s))
	assert.Equal(t, int64(1), warehouse.stored.Load(), "one batch is tried, not all")
	warehouse.before.Store(nil)
	require.NoError(t, s.Move(t.Context()))
	assert.Equal(t, int64(10), counted(t, s))
	assert.Equal(t, int64(settings.BatchSize), warehouse.biggest.Load(), "no more is in memory")
}

// moveInPasses moves facts as long as any are left, with little time for each pass.
func moveInPasses(t *testing.T, s shop, left func() bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if err := s.Move(ctx); err != nil {
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		}
		return !left()
	}, patience, moment)
}

func TestABatchThatTakesTooLongIsHalvedUntilTheWarehouseIsFastAgain(t *testing.T) {
	m := beside(t, testkit.EmptySQLite(t), testkit.EmptySQLite(t))
	warehouse := &flaky{Warehouse: open(t, m).Warehouse}
	warehouse.most.Store(1)
	big := settings
	big.BatchSize = 6
	s := openWith(t, big, m, warehouse)
	place(t, s, 1, 2, 3, 4, 5, 6)
	moveInPasses(t, s, func() bool { return waiting(t, s) > 0 })
	assert.Equal(t, int64(6), counted(t, s))

	warehouse.most.Store(0)
	warehouse.biggest.Store(0)
	for i := range 20 {
		place(t, s, 10+i)
	}
	require.NoError(t, s.Move(t.Context()))
	assert.Equal(t, int64(26), counted(t, s))
	assert.Equal(t, int64(big.BatchSize), warehouse.biggest.Load(), "they have grown as big as they were, and no bigger")
}

func TestWhatWasCountedBeforeIsMovedInSmallerBatchesWhenTheyTakeTooLong(t *testing.T) {
	m := beside(t, testkit.EmptySQLite(t), testkit.EmptySQLite(t))
	own := settings
	own.Warehouse = testkit.Name
	before := openWith(t, own, m, nil)
	var facts []analytics.Fact
	for i := range 600 {
		facts = append(facts, step(i, i, analytics.Placed, hour(1), nil, 0))
	}
	store(t, before, facts...)
	warehouse := &flaky{Warehouse: open(t, m).Warehouse}
	warehouse.most.Store(300)
	s := openWith(t, settings, m, warehouse)
	moveInPasses(t, s, func() bool { return counted(t, before) > 0 })
	assert.Equal(t, int64(600), counted(t, s))
}

// running runs the recorder until the test ends.
func running(t *testing.T, s shop) {
	t.Helper()
	ctx, end := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { assert.NoError(t, s.Run(ctx)) })
	t.Cleanup(func() { end(); group.Wait() })
}

const patience, moment = 20 * time.Second, 5 * time.Millisecond

func TestABatchIsMovedWhenItIsFullOrOldEnough(t *testing.T) {
	m := beside(t, testkit.EmptySQLite(t), testkit.EmptySQLite(t))
	patient := settings
	patient.BatchAge = time.Hour
	full := openWith(t, patient, m, nil)
	running(t, full)
	place(t, full, 1, 2, 3)
	require.Eventually(t, func() bool { return counted(t, full) == 3 }, patience, moment)

	old := openWith(t, settings, m, nil)
	place(t, old, 4)
	running(t, old)
	require.Eventually(t, func() bool { return counted(t, old) == 4 }, patience, moment)
}

func TestManyProcessesMoveNothingTwice(t *testing.T) {
	m := beside(t, testkit.EmptySQLite(t), testkit.EmptySQLite(t))
	given := &flaky{Warehouse: open(t, m).Warehouse}
	for range 3 {
		running(t, openWith(t, settings, m, given))
	}
	s := open(t, m)
	for i := range 50 {
		place(t, s, i)
	}
	require.Eventually(t, func() bool { return counted(t, s) == 50 && waiting(t, s) == 0 }, patience, moment)
	assert.Equal(t, int64(50), given.facts.Load())
}

func TestWhileOneProcessMovesFactsNoOtherDoes(t *testing.T) {
	m := beside(t, testkit.EmptySQLite(t), testkit.EmptySQLite(t))
	slow := &flaky{Warehouse: open(t, m).Warehouse, hold: make(chan struct{})}
	one, other := openWith(t, settings, m, slow), openWith(t, settings, m, slow)
	place(t, one, 1, 2)
	var moving sync.WaitGroup
	moving.Go(func() { assert.NoError(t, one.Move(t.Context())) })
	require.Eventually(t, func() bool { return slow.stored.Load() == 1 }, patience, moment)
	require.NoError(t, other.Move(t.Context()))
	close(slow.hold)
	moving.Wait()
	assert.Equal(t, int64(2), slow.facts.Load())
}

func TestAShipmentThatIsToldOfAgainStillKnowsWhenTheOrderWasPaid(t *testing.T) {
	apart(t, func(t *testing.T, databases func(*testing.T) *database.Manager) {
		s := open(t, databases(t))
		placed := order(1, hour(1))
		again := func(id int, handle func(context.Context) error) { // long after: its receipt is gone
			t.Helper()
			require.NoError(t, s.InTx(t.Context(), func(ctx context.Context) error {
				return handle(subscription.WithEventID(ctx, eventID(id)))
			}))
			require.NoError(t, s.Move(t.Context()))
		}
		pay := func(ctx context.Context) error {
			return s.OrderPaid(ctx, orderapi.PaidV1{Order: later(placed, time.Hour)})
		}
		ship := func(ctx context.Context) error {
			return s.OrderShipped(ctx, orderapi.ShippedV1{Order: later(placed, 4*time.Hour)})
		}
		place(t, s, 1)
		again(2, pay)
		for other := range 2 {
			place(t, s, 10+other) // in the same batch, so that it is another one
			again(3, ship)
			c, err := s.service.Conversion(t.Context(), november)
			require.NoError(t, err)
			require.NotNil(t, c.Steps[analytics.Shipped].Median)
			assert.Equal(t, 3*time.Hour, *c.Steps[analytics.Shipped].Median)
		}
	})
}

func TestWhenAnOrderWasPaidIsForgottenAfterAYear(t *testing.T) {
	s := open(t, testkit.Database(t))
	now := order(1, noon.AddDate(-1, 0, 2))
	old := order(2, noon.AddDate(-1, 0, -1))
	for range 2 { // also what is told of again
		for i, o := range []orderapi.Order{now, old} {
			require.NoError(t, s.InTx(t.Context(), func(ctx context.Context) error {
				return s.OrderPaid(subscription.WithEventID(ctx, eventID(i)), orderapi.PaidV1{Order: o})
			}))
		}
		gone, err := s.Clean(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, gone)
		at, err := s.PaidAt(t.Context(), now.ID)
		require.NoError(t, err)
		assert.Equal(t, now.ChangedAt, *at)
	}
}

func TestWhatWaitsIsMovedAfterClickHouseWasKilled(t *testing.T) {
	testkit.Shows(t, testkit.Failure)
	server := testkit.NewClickHouseProcess(t)
	m := testkit.Start(t, database.Configs{
		testkit.Name: testkit.EmptySQLite(t), "warehouse": {Driver: "clickhouse", DSN: config.DSN(server.URL + "/default")},
	})
	require.NoError(t, migrate.New(m, migrations.Files, testkit.Quiet()).Up(t.Context()))
	s := open(t, m)
	place(t, s, 1, 2)
	require.NoError(t, s.Move(t.Context()))
	server.Kill()
	place(t, s, 3, 4, 5, 6, 7)
	require.Error(t, s.Move(t.Context()))
	_, err := s.service.Conversion(t.Context(), november)
	require.ErrorIs(t, err, analytics.ErrWarehouse)
	running(t, s)
	server.Start(t)
	require.Eventually(t, func() bool { return waiting(t, s) == 0 }, patience, moment)
	assert.Equal(t, int64(7), counted(t, s))
}

func TestAWarehouseWithoutItsTablesIsOneThatIsDown(t *testing.T) {
	m := testkit.Start(t, database.Configs{testkit.Name: testkit.EmptySQLite(t), "warehouse": testkit.EmptyClickHouse(t)})
	_, err := open(t, m).service.Baskets(t.Context(), november)
	require.ErrorIs(t, err, analytics.ErrWarehouse)
	require.ErrorContains(t, err, "server migrate up")
}

func TestAWarehouseThatIsNoDatabaseForFactsIsRefused(t *testing.T) {
	m, err := database.Open(database.Configs{"warehouse": {Driver: "redis", DSN: "redis://127.0.0.1:1"}}, testkit.Quiet())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close(context.Background())) })
	_, err = analytics.OpenWarehouse(settings, m)
	require.ErrorContains(t, err, "modules.analytics.warehouse")
	_, err = analytics.NewRepository(settings, m)
	require.ErrorContains(t, err, "modules.analytics.database")
}

func TestEventsComeFromTheBrokerIntoTheWarehouse(t *testing.T) {
	m := beside(t, testkit.EmptySQLite(t), testkit.EmptySQLite(t))
	s := open(t, m)
	db, err := m.DB(testkit.Name)
	require.NoError(t, err)
	var bound []subscription.Bound
	for _, one := range s.module.Subscriptions {
		bound = append(bound, subscription.Bound{Subscription: one, DB: db})
	}
	require.NoError(t, subscription.Check(s.module.Subscriptions))
	b := broker.NewEmbedded(db, clock.System, broker.Embedded{}, testkit.Quiet())
	runner := subscription.NewRunner(bound, b, prometheus.NewRegistry(), testkit.Quiet())
	require.NoError(t, b.Start(t.Context()))
	var group sync.WaitGroup
	group.Go(func() { assert.NoError(t, runner.Run(context.Background())) })
	t.Cleanup(func() {
		assert.NoError(t, runner.Drain(context.Background()))
		group.Wait()
	})
	running(t, s)

	placed := order(1, hour(1))
	publish := func(i int, event outbox.Event) {
		data, err := json.Marshal(event)
		require.NoError(t, err)
		for range 2 { // brokers deliver at least once
			require.NoError(t, b.Publish(t.Context(), []broker.Message{{
				ID: eventID(i), Type: event.EventType(), Subject: event.EventSubject(), ContentType: broker.JSON, Data: data,
			}})[0])
		}
	}
	publish(1, orderapi.PlacedV1{Order: placed})
	publish(2, orderapi.PaidV1{Order: later(placed, time.Hour)})
	publish(3, orderapi.ShippedV1{Order: later(placed, 2*time.Hour)})
	publish(4, catalogapi.UpdatedV1{Product: catalogapi.Product{ID: productID(1), SKU: "TEA-1", Name: "Sencha", Active: true, Version: 2}})
	require.Eventually(t, func() bool {
		c, err := s.service.Conversion(t.Context(), november)
		return err == nil && c.Steps[analytics.Shipped].Orders == 1
	}, patience, moment)
	c, err := s.service.Conversion(t.Context(), november)
	require.NoError(t, err)
	assert.Equal(t, int64(1), c.Placed)
	assert.Equal(t, int64(1), c.Steps[analytics.Paid].Orders)
	require.Eventually(t, func() bool {
		top, err := s.service.TopProducts(t.Context(), november, analytics.ByRevenue, 1)
		return err == nil && len(top) == 1 && top[0].Name == "Sencha"
	}, patience, moment)
}
