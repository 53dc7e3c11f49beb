package catalog_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/modules/catalog"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/tasks"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)

var settings = catalog.Config{Database: testkit.Name, ImportMaxBody: 64 * config.KiB, StreamTimeout: time.Minute, UploadRetention: time.Hour}

// serve is a client of the catalog alone, on a fresh database.
func serve(t *testing.T) testkit.Client {
	t.Helper()
	return serveAt(t, clock.Fixed(noon))
}

func serveAt(t *testing.T, now clock.Clock) testkit.Client {
	t.Helper()
	service := newServiceAt(t, testkit.Database(t), now)
	return testkit.Serve(t, catalog.New(catalog.NewHandler(settings, service, testkit.Keys(t))).Module)
}

// newService is the catalog's service on a manager's database.
func newService(t *testing.T, databases *database.Manager) *catalog.Service {
	t.Helper()
	return newServiceAt(t, databases, clock.System)
}

func newServiceAt(t *testing.T, databases *database.Manager, now clock.Clock) *catalog.Service {
	t.Helper()
	repo, err := catalog.NewRepository(settings, databases)
	require.NoError(t, err)
	return catalog.NewService(repo, testkit.Cache(t, nil), outbox.New(now), newTasks(t, databases), now)
}

// tea is a valid product in v1; fields overrides and adds members.
func tea(sku string, fields ...string) string {
	body := `"sku":"` + sku + `","name":"Green tea","price_cents":1299,"currency":"EUR"`
	for _, field := range fields {
		body += "," + field
	}
	return "{" + body + "}"
}

// create makes products in v1 and gives the last one.
func create(t *testing.T, client testkit.Client, bodies ...string) map[string]any {
	t.Helper()
	var made map[string]any
	for _, body := range bodies {
		made = client.Do("POST", "/api/v1/products", body).Must(201).JSON()
	}
	return made
}

func path(product map[string]any) string { return fmt.Sprintf("/api/v1/products/%s", product["id"]) }

var errStale = errors.New("stale")

func draft(sku string, categories ...string) catalog.Draft {
	return catalog.Draft{SKU: sku, Name: "Green tea", PriceCents: 1299, Currency: "EUR", Active: true, Categories: categories}
}

// newTasks is where the catalog's tasks wait, in the same database.
func newTasks(t testing.TB, databases *database.Manager) *tasks.Tasks {
	t.Helper()
	cfg := tasks.Config{Database: testkit.Name, Concurrency: 2, Lease: time.Second, Streams: 10}
	background, err := tasks.New(cfg, databases, clock.System, testkit.Quiet())
	require.NoError(t, err)
	return background
}
