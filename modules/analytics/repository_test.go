package analytics_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/trellis-go/trellis/modules/analytics"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

// TestRepositoryContract goes through every query of the module, and what a warehouse promises, on every engine.
func TestRepositoryContract(t *testing.T) {
	testkit.Shows(t, testkit.Repositories)
	suite := testkit.Scenarios(func(t *testing.T, m *database.Manager) *analytics.Repository {
		return open(t, m).Repository
	}, map[string]func(*testing.T, *analytics.Repository){
		"facts wait in order until they are forgotten":              factsWait,
		"a batch is bounded by its size":                            batchBounded,
		"a payment is remembered once and forgotten when it is old": paymentKept,
		"facts are taken out with what was sold":                    factsRemoved,
		"a product is as the catalog has it last":                   productKnown,
		"an order that comes between hides no event of a product":   productRaced,
		"orders tell of products that nothing is known of":          productsAdded,
	})
	for name, promise := range promises {
		suite["warehouse: "+name] = func(t *testing.T, m *database.Manager) { promise(t, open(t, m).Warehouse) }
	}
	testkit.Contract(t, suite)
}

func factsWait(t *testing.T, r *analytics.Repository) {
	count, since, err := r.Backlog(t.Context(), 100)
	require.NoError(t, err)
	assert.Zero(t, count)
	assert.True(t, since.IsZero())
	sold := analytics.Sold{ProductID: productID(1), Quantity: 2, RevenueCents: 1000}
	kept := []analytics.Fact{paid(2, hour(2), "EUR", 1000, sold), step(1, 1, analytics.Placed, hour(1), nil, 0), paid(3, hour(1), "USD", 1, sold)}
	for i, fact := range kept {
		require.NoError(t, r.Keep(t.Context(), fact, noon.Add(time.Duration(i)*time.Second)))
	}
	count, since, err = r.Backlog(t.Context(), 100)
	require.NoError(t, err)
	assert.Equal(t, int64(3), count)
	assert.Equal(t, noon, since)
	count, _, err = r.Backlog(t.Context(), 2)
	require.NoError(t, err)
	assert.Equal(t, int64(2), count, "no more are counted")
	facts, seqs, err := r.Waiting(t.Context(), 2, 1<<20)
	require.NoError(t, err)
	assert.Equal(t, kept[:2], facts)
	require.NoError(t, r.Forget(t.Context(), seqs))
	facts, seqs, err = r.Waiting(t.Context(), 2, 1<<20)
	require.NoError(t, err)
	assert.Equal(t, kept[2:], facts)
	require.NoError(t, r.Forget(t.Context(), seqs))
	facts, _, err = r.Waiting(t.Context(), 2, 1<<20)
	require.NoError(t, err)
	assert.Empty(t, facts)
}

func batchBounded(t *testing.T, r *analytics.Repository) {
	for i := range 3 {
		require.NoError(t, r.Keep(t.Context(), step(i, i, analytics.Placed, hour(1), nil, 0), noon))
	}
	facts, _, err := r.Waiting(t.Context(), 3, 1)
	require.NoError(t, err)
	assert.Len(t, facts, 1, "one is there however big it is")
	facts, _, err = r.Waiting(t.Context(), 3, 1<<20)
	require.NoError(t, err)
	assert.Len(t, facts, 3)
}

func paymentKept(t *testing.T, r *analytics.Repository) {
	err := r.InTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, r.MarkPaid(ctx, orderID(1), noon))
		return r.MarkPaid(ctx, orderID(1), noon.Add(time.Hour))
	})
	require.NoError(t, err)
	require.NoError(t, r.MarkPaid(t.Context(), orderID(2), noon.Add(2*time.Hour)))
	for range 2 {
		at, err := r.PaidAt(t.Context(), orderID(1))
		require.NoError(t, err)
		assert.Equal(t, &noon, at)
	}
	for _, want := range []int{1, 0} {
		gone, err := r.ForgetPaid(t.Context(), noon.Add(time.Hour), 1)
		require.NoError(t, err)
		assert.Equal(t, want, gone)
	}
	for order, known := range []bool{1: false, 2: true} {
		at, err := r.PaidAt(t.Context(), orderID(order))
		require.NoError(t, err)
		assert.Equal(t, known, at != nil)
	}
}

func factsRemoved(t *testing.T, r *analytics.Repository) {
	w := &analytics.SQLWarehouse{DB: r.DB}
	sold := []analytics.Sold{{ProductID: productID(1), Quantity: 2, RevenueCents: 1000}, {ProductID: productID(2), Quantity: 1, RevenueCents: 1}}
	kept := []analytics.Fact{step(1, 1, analytics.Placed, hour(1), nil, 0), paid(2, hour(2), "EUR", 1001, sold...), paid(3, hour(3), "EUR", 1, sold[0])}
	require.NoError(t, w.Store(t.Context(), kept))
	first, err := w.First(t.Context(), 2)
	require.NoError(t, err)
	assert.Equal(t, kept[:2], first)
	require.NoError(t, r.InTx(t.Context(), func(ctx context.Context) error { return w.Remove(ctx, first) }))
	rest, err := w.First(t.Context(), 2)
	require.NoError(t, err)
	assert.Equal(t, kept[2:], rest)
	top, err := w.TopProducts(t.Context(), november, analytics.ByQuantity, 5)
	require.NoError(t, err)
	assert.Len(t, top, 1, "what they had sold is gone, too")
	require.NoError(t, r.InTx(t.Context(), func(ctx context.Context) error { return w.Remove(ctx, rest) }))
	rest, err = w.First(t.Context(), 2)
	require.NoError(t, err)
	assert.Empty(t, rest)
}

func productKnown(t *testing.T, r *analytics.Repository) {
	product := analytics.Product{ID: productID(1), SKU: "TEA-1", Name: "Green tea", Active: true, Version: 2}
	require.NoError(t, r.SaveProduct(t.Context(), product))
	old := product
	old.Name, old.Version = "Tea", 1
	require.NoError(t, r.SaveProduct(t.Context(), old))
	known, err := r.Products(t.Context(), []string{productID(1), productID(2)})
	require.NoError(t, err)
	assert.Equal(t, map[string]analytics.Product{productID(1): product}, known)
	assert.Equal(t, "active", product.State())
	gone := product
	gone.Active, gone.Deleted, gone.Version = false, true, 3
	require.NoError(t, r.SaveProduct(t.Context(), gone))
	known, err = r.Products(t.Context(), []string{productID(1)})
	require.NoError(t, err)
	assert.Equal(t, gone, known[productID(1)])
	assert.Equal(t, "deleted", gone.State())
	gone.Deleted = false
	assert.Equal(t, "inactive", gone.State())
}

func productRaced(t *testing.T, r *analytics.Repository) {
	ordered := analytics.Product{ID: productID(1), SKU: "TEA-1", Name: "Green tea", Active: true}
	gone := analytics.Product{ID: productID(1), SKU: "TEA-1", Name: "Sencha", Deleted: true, Version: 3}
	once := true
	between := func(*gorm.DB) {
		if once {
			once = false
			assert.NoError(t, r.AddProducts(t.Context(), []analytics.Product{ordered}))
		}
	}
	require.NoError(t, r.Writer(t.Context()).Callback().Create().Before("gorm:create").Register("between", between))
	require.NoError(t, r.SaveProduct(t.Context(), gone))
	known, err := r.Products(t.Context(), []string{productID(1)})
	require.NoError(t, err)
	assert.Equal(t, map[string]analytics.Product{productID(1): gone}, known)
}

func productsAdded(t *testing.T, r *analytics.Repository) {
	known := analytics.Product{ID: productID(1), SKU: "TEA-1", Name: "Green tea", Active: true, Version: 2}
	ordered := analytics.Product{ID: productID(2), SKU: "TEA-2", Name: "Black tea", Active: true}
	require.NoError(t, r.SaveProduct(t.Context(), known))
	require.NoError(t, r.AddProducts(t.Context(), nil))
	require.NoError(t, r.AddProducts(t.Context(), []analytics.Product{{ID: known.ID, SKU: "X", Name: "x"}, ordered}))
	found, err := r.Products(t.Context(), []string{productID(1), productID(2)})
	require.NoError(t, err)
	assert.Equal(t, map[string]analytics.Product{productID(1): known, productID(2): ordered}, found)
}
