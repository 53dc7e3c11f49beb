package analytics_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/modules/analytics"
	"github.com/trellis-go/trellis/modules/order/orderapi"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)

var settings = analytics.Config{
	Database: testkit.Name, Warehouse: "warehouse", BatchSize: 3, BatchAge: 10 * time.Millisecond, ReportTimeout: time.Minute,
}

// shop is the module on the databases of a test.
type shop struct {
	*analytics.Recorder
	*analytics.Repository
	analytics.Warehouse
	service *analytics.Service
	module  *analytics.Module
}

func open(t *testing.T, m *database.Manager) shop {
	t.Helper()
	return openWith(t, settings, m, nil)
}

// openWith is open with a warehouse of the test's own, unless that is nil.
func openWith(t *testing.T, cfg analytics.Config, m *database.Manager, warehouse analytics.Warehouse) shop {
	t.Helper()
	repo, err := analytics.NewRepository(cfg, m)
	require.NoError(t, err)
	if warehouse == nil {
		warehouse, err = analytics.OpenWarehouse(cfg, m)
		require.NoError(t, err)
	}
	now := clock.Fixed(noon)
	recorder := analytics.NewRecorder(cfg, repo, warehouse, now, prometheus.NewRegistry(), testkit.Quiet())
	service := analytics.NewService(repo, warehouse, now)
	return shop{recorder, repo, warehouse, service, analytics.New(analytics.NewHandler(cfg, service), recorder)}
}

// numbered is an id that is the same in each run.
func eventID(i int) string   { return testkit.ID("e000", i) }
func orderID(i int) string   { return testkit.ID("a000", i) }
func productID(i int) string { return testkit.ID("b000", i) }

// order is one of two pieces of a product at a time, as events tell of it.
func order(i int, at time.Time) orderapi.Order {
	return orderapi.Order{
		ID: orderID(i), CustomerID: testkit.ID("c000", 1), Currency: "EUR", PlacedAt: at, ChangedAt: at, Version: 1, TotalCents: 2000,
		Lines: []orderapi.Line{{ProductID: productID(1), SKU: "TEA-1", Name: "Green tea", Quantity: 2, PriceCents: 1000}},
	}
}

// later is an order after a change.
func later(o orderapi.Order, after time.Duration) orderapi.Order {
	o.ChangedAt, o.Version = o.PlacedAt.Add(after), o.Version+1
	return o
}
