package catalog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/modules/catalog"
	"github.com/trellis-go/trellis/platform/cache"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/test/testkit"
)

// benchmarkClient is a client of a catalog of a thousand products.
func benchmarkClient(b *testing.B) (testkit.Client, string) {
	b.Helper()
	repo, err := catalog.NewRepository(settings, testkit.Database(b))
	require.NoError(b, err)
	service := catalog.NewService(repo, testkit.Cache(b, nil), outbox.New(clock.System), nil, clock.System)
	var file strings.Builder
	file.WriteString(header)
	for i := range 1000 {
		fmt.Fprintf(&file, "SKU-%d,Product %d,%d,EUR,true,C%d,\n", i, i, i, i%7)
	}
	_, err = service.Import(b.Context(), strings.NewReader(file.String()), catalog.ImportOptions{})
	require.NoError(b, err)
	product, err := service.CreateProduct(b.Context(), draft("READ"))
	require.NoError(b, err)
	return testkit.Serve(b, catalog.New(catalog.NewHandler(settings, service, testkit.Keys(b))).Module), product.ID
}

func BenchmarkGetProduct(b *testing.B) {
	client, id := benchmarkClient(b)
	for b.Loop() {
		client.Get("/api/v1/products/" + id).Must(200)
	}
}

func BenchmarkListProducts(b *testing.B) {
	client, _ := benchmarkClient(b)
	for b.Loop() {
		client.Get("/api/v1/products?limit=50&sort=price").Must(200)
	}
}

func BenchmarkCreateProduct(b *testing.B) {
	client, _ := benchmarkClient(b)
	n := 0
	for b.Loop() {
		n++
		client.Do("POST", "/api/v1/products", tea(fmt.Sprintf("NEW-%d", n))).Must(201)
	}
}

func BenchmarkRefuseProduct(b *testing.B) {
	client, _ := benchmarkClient(b)
	for b.Loop() {
		client.Do("POST", "/api/v1/products", `{"sku":"A","name":"A","price_cents":-1,"currency":"EUR"}`).Must(422)
	}
}

// BenchmarkReadProduct compares the ways to a product, by what is asked: the process, Redis, the database through the
// repository, and the database with a prepared statement and nothing else (without the categories).
func BenchmarkReadProduct(b *testing.B) {
	m := testkit.MigratedOn(b, testkit.EmptyMySQL(b), migrations.Files)
	repo, err := catalog.NewRepository(settings, m)
	require.NoError(b, err)
	address, err := redis.ParseURL(testkit.Redis(b).DSN.Reveal())
	require.NoError(b, err)
	client := redis.NewClient(address)
	b.Cleanup(func() { _ = client.Close() })
	service := func(store *cache.Store) *catalog.Service {
		return catalog.NewService(repo, store, outbox.New(clock.System), nil, clock.System)
	}
	local := service(testkit.Cache(b, nil))
	product, err := local.CreateProduct(b.Context(), draft("READ", "Tea"))
	require.NoError(b, err)

	ticking := clock.System() // every look at the clock is a second later: what the process holds is over
	shared, err := cache.Open(cache.Config{
		Enabled: true, Prefix: "bench", MaxSize: config.MiB, TTL: 1e6 * time.Hour, LocalTTL: time.Nanosecond, BlindTTL: time.Nanosecond,
		NegativeTTL: time.Hour, LoadTimeout: time.Minute, RedisTimeout: time.Minute,
	}, client, func() time.Time { ticking = ticking.Add(time.Second); return ticking }, testkit.Quiet())
	require.NoError(b, err)
	require.NoError(b, shared.Start(b.Context()))
	b.Cleanup(func() { _ = shared.Close(context.Background()) })
	off, err := cache.Open(cache.Config{MaxSize: config.MiB}, nil, clock.System, testkit.Quiet())
	require.NoError(b, err)
	ctx := b.Context()
	for _, way := range []struct {
		name string
		*catalog.Service
	}{{"process", local}, {"redis", service(shared)}, {"database", service(off)}} {
		b.Run(way.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := way.Product(ctx, product.ID); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	db, err := repo.Reader(b.Context()).DB()
	require.NoError(b, err)
	statement, err := db.PrepareContext(b.Context(), "SELECT sku, name, price_cents, version FROM catalog_products WHERE id = ? AND deleted_at = 0")
	require.NoError(b, err)
	defer func() { _ = statement.Close() }()
	b.Run("prepared", func(b *testing.B) {
		for b.Loop() {
			var row catalog.Product
			err := statement.QueryRowContext(ctx, product.ID).Scan(&row.SKU, &row.Name, &row.PriceCents, &row.Version)
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
