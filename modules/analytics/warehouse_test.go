package analytics_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/modules/analytics"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

// promises are what every warehouse keeps: SQL in TestRepositoryContract, with every other query.
var promises = map[string]func(*testing.T, analytics.Warehouse){
	"a fact counts once, however often it is stored":       countedOnce,
	"sales are added up by the intervals of a period":      salesByInterval,
	"products are ranked in each currency":                 productsRanked,
	"steps are those of the orders placed in a period":     stepsOfCohort,
	"a median is the time in the middle":                   medianOfSteps,
	"quantiles of baskets are orders, by currency":         basketQuantiles,
	"a warehouse without facts reports none":               nothingYet,
	"many facts are stored at once":                        manyFacts,
	"a period has its beginning and does not have its end": periodHalfOpen,
}

func TestClickHouseKeepsThePromises(t *testing.T) {
	testkit.Shows(t, testkit.Repositories)
	for name, promise := range promises {
		t.Run(name, func(t *testing.T) {
			testkit.EachClickHouse(t, func(t *testing.T, cfg database.Config) { promise(t, clickhouse(t, cfg)) })
		})
	}
}

// clickhouse is a warehouse in a fresh database of ClickHouse.
func clickhouse(t *testing.T, cfg database.Config) analytics.Warehouse {
	t.Helper()
	warehouse, err := analytics.OpenWarehouse(settings, testkit.MigratedOn(t, cfg, migrations.Files))
	require.NoError(t, err)
	require.IsType(t, &analytics.ClickHouseWarehouse{}, warehouse)
	return warehouse
}

// day is the period of a day in November, and hour a time of its 24th.
func day(n int) time.Time  { return time.Date(2026, time.November, n, 0, 0, 0, 0, time.UTC) }
func hour(n int) time.Time { return day(24).Add(time.Duration(n) * time.Hour) }

var november = analytics.Period{From: day(1), To: day(31)}

// paid is the fact of an order that was paid, an hour after it was placed.
func paid(i int, at time.Time, currency string, cents int64, sold ...analytics.Sold) analytics.Fact {
	waited := time.Hour
	return analytics.Fact{
		EventID: eventID(i), OrderID: orderID(i), Kind: analytics.Paid, At: at, PlacedAt: at.Add(-waited), Waited: &waited,
		Currency: currency, TotalCents: cents, Units: 2, Sold: sold,
	}
}

// step is the fact that an order placed at a time came to a step after so long, from the one before and altogether.
func step(i, of int, kind analytics.Kind, placed time.Time, waited *time.Duration, after time.Duration) analytics.Fact {
	return analytics.Fact{
		EventID: eventID(i), OrderID: orderID(of), Kind: kind, At: placed.Add(after), PlacedAt: placed, Waited: waited,
		Currency: "EUR", TotalCents: 100, Units: 1,
	}
}

func store(t *testing.T, w analytics.Warehouse, facts ...analytics.Fact) {
	t.Helper()
	require.NoError(t, w.Store(t.Context(), facts))
}

func countedOnce(t *testing.T, w analytics.Warehouse) {
	tea := analytics.Sold{ProductID: productID(1), Quantity: 2, RevenueCents: 1000}
	one, two, three := paid(1, hour(9), "EUR", 1000, tea), paid(2, hour(9), "EUR", 1000, tea), paid(3, hour(9), "EUR", 1000, tea)
	store(t, w, one, two)
	store(t, w, one, two)   // the same batch
	store(t, w, two, three) // another that has some of the same
	store(t, w, three)
	sales, err := w.Sales(t.Context(), november, []time.Time{day(1)})
	require.NoError(t, err)
	assert.Equal(t, []analytics.Sales{{Start: day(1), Currency: "EUR", Orders: 3, Units: 6, RevenueCents: 3000}}, sales)
	top, err := w.TopProducts(t.Context(), november, analytics.ByRevenue, 1)
	require.NoError(t, err)
	assert.Equal(t, []analytics.ProductSales{{Currency: "EUR", ProductID: productID(1), Quantity: 6, RevenueCents: 3000}}, top)
	baskets, err := w.Baskets(t.Context(), november)
	require.NoError(t, err)
	assert.Equal(t, int64(3), baskets[0].Orders)
	steps, err := w.Steps(t.Context(), november)
	require.NoError(t, err)
	assert.Equal(t, int64(3), steps[0].Orders)
}

func salesByInterval(t *testing.T, w analytics.Warehouse) {
	store(t, w,
		paid(1, hour(0), "EUR", 100), paid(2, hour(1).Add(-time.Microsecond), "EUR", 200), paid(3, hour(1), "EUR", 400),
		paid(4, hour(3), "USD", 800), paid(5, hour(5), "EUR", 1600),
		step(6, 6, analytics.Placed, hour(1), nil, 0), // not paid
	)
	starts := []time.Time{hour(0), hour(1), hour(3)}
	sales, err := w.Sales(t.Context(), analytics.Period{From: hour(0), To: hour(5)}, starts)
	require.NoError(t, err)
	assert.ElementsMatch(t, []analytics.Sales{
		{Start: hour(0), Currency: "EUR", Orders: 2, Units: 4, RevenueCents: 300},
		{Start: hour(1), Currency: "EUR", Orders: 1, Units: 2, RevenueCents: 400},
		{Start: hour(3), Currency: "USD", Orders: 1, Units: 2, RevenueCents: 800},
	}, sales)
}

func productsRanked(t *testing.T, w analytics.Warehouse) {
	sold := func(product int, quantity, cents int64) analytics.Sold {
		return analytics.Sold{ProductID: productID(product), Quantity: quantity, RevenueCents: cents}
	}
	store(t, w,
		paid(1, hour(1), "EUR", 1500, sold(1, 1, 1000), sold(2, 5, 500)),
		paid(2, hour(2), "EUR", 1200, sold(1, 1, 1000), sold(3, 1, 200)),
		paid(3, hour(3), "USD", 9000, sold(3, 1, 9000)),
		paid(4, hour(4), "EUR", 200, sold(4, 1, 200)),
		paid(5, day(30).Add(48*time.Hour), "EUR", 5000, sold(4, 1, 5000)), // later
	)
	euros := []analytics.ProductSales{
		{Currency: "EUR", ProductID: productID(1), Quantity: 2, RevenueCents: 2000},
		{Currency: "EUR", ProductID: productID(2), Quantity: 5, RevenueCents: 500},
		{Currency: "EUR", ProductID: productID(3), Quantity: 1, RevenueCents: 200}, // by its id, of two that are equal
	}
	dollars := analytics.ProductSales{Currency: "USD", ProductID: productID(3), Quantity: 1, RevenueCents: 9000}
	top, err := w.TopProducts(t.Context(), november, analytics.ByRevenue, 3)
	require.NoError(t, err)
	assert.Equal(t, append(slices.Clone(euros), dollars), top)
	top, err = w.TopProducts(t.Context(), november, analytics.ByQuantity, 2)
	require.NoError(t, err)
	assert.Equal(t, []analytics.ProductSales{euros[1], euros[0], dollars}, top)
}

func stepsOfCohort(t *testing.T, w analytics.Warehouse) {
	early, late := day(24).Add(-time.Second), hour(24)
	store(t, w,
		step(1, 1, analytics.Placed, hour(1), nil, 0), step(2, 1, analytics.Paid, hour(1), nil, 30*24*time.Hour),
		step(3, 2, analytics.Placed, hour(2), nil, 0), step(4, 2, analytics.Canceled, hour(2), nil, time.Hour),
		step(5, 3, analytics.Placed, hour(3), nil, 0), step(6, 3, analytics.Expired, hour(3), nil, time.Hour),
		step(7, 4, analytics.Placed, early, nil, 0), step(8, 4, analytics.Paid, early, nil, time.Hour),
		step(9, 5, analytics.Placed, late, nil, 0), step(10, 5, analytics.Shipped, late, nil, time.Hour),
	)
	steps, err := w.Steps(t.Context(), analytics.Period{From: day(24), To: hour(24)})
	require.NoError(t, err)
	assert.ElementsMatch(t, []analytics.Step{
		{Kind: analytics.Placed, Orders: 3}, {Kind: analytics.Paid, Orders: 1},
		{Kind: analytics.Canceled, Orders: 1}, {Kind: analytics.Expired, Orders: 1},
	}, steps)
}

func medianOfSteps(t *testing.T, w analytics.Warehouse) {
	after := func(d time.Duration) *time.Duration { return &d }
	store(t, w,
		step(1, 1, analytics.Paid, hour(1), after(time.Minute), time.Minute),
		step(2, 2, analytics.Paid, hour(1), after(3*time.Minute), 3*time.Minute),
		step(3, 3, analytics.Paid, hour(1), after(time.Hour+time.Microsecond), time.Hour),
		step(4, 1, analytics.Shipped, hour(1), after(time.Minute), 2*time.Minute),
		step(5, 2, analytics.Shipped, hour(1), after(2*time.Minute), 2*time.Hour),
		step(6, 3, analytics.Shipped, hour(1), nil, 2*time.Hour), // nobody knows when it was paid
	)
	steps, err := w.Steps(t.Context(), november)
	require.NoError(t, err)
	assert.ElementsMatch(t, []analytics.Step{
		{Kind: analytics.Paid, Orders: 3, Median: after(3 * time.Minute)},
		{Kind: analytics.Shipped, Orders: 3, Median: after(2 * time.Minute)},
	}, steps)
}

func basketQuantiles(t *testing.T, w analytics.Warehouse) {
	var facts []analytics.Fact
	for i := range 20 {
		facts = append(facts, paid(i, hour(1), "EUR", int64(20-i)*100))
	}
	facts = append(facts, paid(20, hour(1), "USD", 7), step(21, 21, analytics.Placed, hour(1), nil, 0))
	store(t, w, facts...)
	baskets, err := w.Baskets(t.Context(), november)
	require.NoError(t, err)
	assert.Equal(t, []analytics.Basket{
		{Currency: "EUR", Orders: 20, RevenueCents: 21_000, Quantiles: []int64{300, 600, 1100, 1600, 1900, 2000, 2000}},
		{Currency: "USD", Orders: 1, RevenueCents: 7, Quantiles: []int64{7, 7, 7, 7, 7, 7, 7}},
	}, baskets)
}

func nothingYet(t *testing.T, w analytics.Warehouse) {
	store(t, w)
	sales, err := w.Sales(t.Context(), november, []time.Time{day(1)})
	require.NoError(t, err)
	assert.Empty(t, sales)
	top, err := w.TopProducts(t.Context(), november, analytics.ByRevenue, 3)
	require.NoError(t, err)
	assert.Empty(t, top)
	steps, err := w.Steps(t.Context(), november)
	require.NoError(t, err)
	assert.Empty(t, steps)
	baskets, err := w.Baskets(t.Context(), november)
	require.NoError(t, err)
	assert.Empty(t, baskets)
}

func manyFacts(t *testing.T, w analytics.Warehouse) {
	var facts []analytics.Fact
	for i := range 250 { // more than one statement takes
		facts = append(facts, paid(i, hour(1), "EUR", 100, analytics.Sold{ProductID: productID(1), Quantity: 1, RevenueCents: 100},
			analytics.Sold{ProductID: productID(2), Quantity: 1, RevenueCents: 100}))
	}
	store(t, w, facts...)
	top, err := w.TopProducts(t.Context(), november, analytics.ByRevenue, 3)
	require.NoError(t, err)
	assert.Equal(t, int64(250), top[0].Quantity)
	assert.Len(t, top, 2)
}

func periodHalfOpen(t *testing.T, w analytics.Warehouse) {
	sold := analytics.Sold{ProductID: productID(1), Quantity: 1, RevenueCents: 1}
	store(t, w, paid(1, hour(1).Add(-time.Microsecond), "EUR", 1, sold), paid(2, hour(1), "EUR", 2, sold),
		paid(3, hour(2).Add(-time.Microsecond), "EUR", 4, sold), paid(4, hour(2), "EUR", 8, sold))
	p := analytics.Period{From: hour(1), To: hour(2)}
	sales, err := w.Sales(t.Context(), p, []time.Time{hour(1)})
	require.NoError(t, err)
	assert.Equal(t, []analytics.Sales{{Start: hour(1), Currency: "EUR", Orders: 2, Units: 4, RevenueCents: 6}}, sales)
	baskets, err := w.Baskets(t.Context(), p)
	require.NoError(t, err)
	assert.Equal(t, int64(6), baskets[0].RevenueCents)
	top, err := w.TopProducts(t.Context(), p, analytics.ByRevenue, 3)
	require.NoError(t, err)
	assert.Equal(t, int64(2), top[0].Quantity)
}
