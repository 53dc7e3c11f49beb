package inventory_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/modules/catalog/catalogapi"
	"github.com/trellis-go/trellis/modules/inventory"
	"github.com/trellis-go/trellis/modules/inventory/inventoryapi"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)

var settings = inventory.Config{Database: testkit.Name, ExpireEvery: time.Minute}

// The products that the catalog of the tests has, in the order of their ids; unknown is another.
var tea, mug, pot, unknown = product(1), product(2), product(3), product(9)

func product(i int) string { return testkit.ID("a000", i) }

// shelves is the catalog: a function field for each method.
type shelves struct {
	productsByID func(ctx context.Context, ids []string) (map[string]catalogapi.Product, error)
}

func (s shelves) ProductsByID(ctx context.Context, ids []string) (map[string]catalogapi.Product, error) {
	return s.productsByID(ctx, ids)
}

var stocked = shelves{func(_ context.Context, ids []string) (map[string]catalogapi.Product, error) {
	found := map[string]catalogapi.Product{}
	for _, id := range ids {
		if id != unknown {
			found[id] = catalogapi.Product{ID: id}
		}
	}
	return found, nil
}}

// house is the inventory on a database.
type house struct {
	*inventory.Service
	t    testing.TB
	repo *inventory.Repository
}

func open(t testing.TB, databases *database.Manager, now clock.Clock) house {
	t.Helper()
	repo, err := inventory.NewRepository(settings, databases)
	require.NoError(t, err)
	return house{inventory.NewService(repo, stocked, outbox.New(now), now), t, repo}
}

// client sends requests to it as an admin.
func (h house) client() testkit.Client {
	h.t.Helper()
	return testkit.Serve(h.t, inventory.New(inventory.NewHandler(settings, h.Service, testkit.Keys(h.t))).Module)
}

// put lays pieces down.
func (h house) put(productID, location string, pieces int64) {
	h.t.Helper()
	_, err := h.Adjust(h.t.Context(), inventory.Adjustment{ProductID: productID, Location: location, Delta: pieces, Reason: "received"})
	require.NoError(h.t, err)
}

// stock is what lies where: on hand and of that reserved, by location.
func (h house) stock(productID string) map[string][2]int64 {
	h.t.Helper()
	found, err := h.Stocks(database.Fresh(h.t.Context()), inventory.StockFilter{ProductID: productID}, page.Request{Limit: 100, Sort: "id"})
	require.NoError(h.t, err)
	stock := map[string][2]int64{}
	for _, one := range found.Items {
		stock[one.Location] = [2]int64{one.OnHand, one.Reserved}
	}
	return stock
}

func (h house) reserve(reference string, until time.Time, lines ...inventoryapi.Line) error {
	return h.Reserve(h.t.Context(), reference, lines, until)
}

func line(productID string, quantity int) inventoryapi.Line {
	return inventoryapi.Line{ProductID: productID, Quantity: quantity}
}

var never time.Time

// as is a context of requests by a user.
func as(t testing.TB, user string) context.Context {
	t.Helper()
	return auth.With(t.Context(), auth.Principal{UserID: user, Role: auth.Staff})
}
