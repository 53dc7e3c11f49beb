package catalog_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/catalog"
	"github.com/trellis-go/trellis/platform/cache"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestAProductIsReadByItsSKU(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		client := testkit.Serve(t, catalog.New(catalog.NewHandler(settings, newService(t, m), testkit.Keys(t))).Module)
		product := create(t, client, tea("TEA/1", `"categories":["Tea"]`))
		read := client.Get("/api/v1/products/by-sku/TEA%2F1").Must(http.StatusOK)
		assert.Equal(t, product, read.JSON())
		assert.Equal(t, `"1"`, read.Header.Get("ETag"))
		client.Get("/api/v2/products/by-sku/TEA%2F1", "If-None-Match", `"1"`).Must(http.StatusNotModified)
		for _, other := range []string{"tea%2F1", "TEA%2F1%20", "TEA", "TEA%2F1%00", "%ff"} {
			assert.Equal(t, "product_not_found", client.Get("/api/v1/products/by-sku/"+other).Must(404).Problem().Code, other)
		}
		client.Get(path(product) + "%20").Must(404)
	})
}

// replica is one of several processes on one database and one Redis, as its clients see it.
type replica struct {
	testkit.Client
	service *catalog.Service
}

func replicas(t *testing.T, m *database.Manager) (a, b replica) {
	t.Helper()
	server := miniredis.RunT(t)
	one := func() replica { return newReplica(t, m, testkit.Cache(t, dial(t, server))) }
	return one(), one()
}

func dial(t *testing.T, server *miniredis.Miniredis) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func newReplica(t *testing.T, m *database.Manager, store *cache.Store) replica {
	t.Helper()
	repo, err := catalog.NewRepository(settings, m)
	require.NoError(t, err)
	service := catalog.NewService(repo, store, outbox.New(clock.System), nil, clock.System)
	return replica{testkit.Serve(t, catalog.New(catalog.NewHandler(settings, service, testkit.Keys(t))).Module), service}
}

// views are what shows the product TEA-1, which is in the category Tea, each by another way into the cache.
func views(product map[string]any) []string {
	return []string{
		path(product), fmt.Sprint("/api/v2/products/", product["id"]),
		"/api/v1/products/by-sku/TEA-1", "/api/v1/products/by-sku/TEA-2", "/api/v1/products/by-sku/NEW",
		"/api/v1/products", "/api/v1/products?sort=name&limit=2", "/api/v1/products?category=tea", "/api/v1/products?active=true",
	}
}

func TestEachWriteIsSeenByTheNextReadOfEveryReplica(t *testing.T) {
	for name, write := range map[string]func(t *testing.T, on replica, product map[string]any){
		"create": func(t *testing.T, on replica, _ map[string]any) {
			create(t, on.Client, tea("NEW", `"categories":["Tea"]`))
		},
		"replace": func(_ *testing.T, on replica, product map[string]any) {
			on.Do("PUT", path(product), tea("TEA-1", `"description":"new"`), "If-Match", `"1"`).Must(200)
		},
		"patch": func(_ *testing.T, on replica, product map[string]any) {
			on.Do("PATCH", path(product), `{"price_cents":5}`, "If-Match", `"1"`, "Content-Type", "application/merge-patch+json").Must(200)
		},
		"another SKU": func(_ *testing.T, on replica, product map[string]any) {
			on.Do("PUT", path(product), tea("TEA-2"), "If-Match", `"1"`).Must(200)
		},
		"delete": func(_ *testing.T, on replica, product map[string]any) {
			on.Do("DELETE", path(product), "", "If-Match", `"1"`).Must(204)
		},
		"import": func(_ *testing.T, on replica, _ map[string]any) {
			body := "sku,name,price_cents,currency\nTEA-1,Imported,7,EUR\nNEW,New,8,EUR\n"
			on.Do("POST", "/api/v1/products/import?on_duplicate=update", body, "Content-Type", "text/csv").Must(200)
		},
		"import row by row": func(_ *testing.T, on replica, _ map[string]any) {
			body := "sku,name,price_cents,currency\nTEA-1,Imported,7,EUR\nNEW,New,8,EUR\nBAD,,,\n"
			on.Do("POST", "/api/v1/products/import?on_duplicate=update&on_error=skip", body, "Content-Type", "text/csv").Must(200)
		},
		"rename the category": func(_ *testing.T, on replica, _ map[string]any) {
			category := on.Get("/api/v1/categories").JSON()["items"].([]any)[0].(map[string]any)
			on.Do("PUT", "/api/v1/categories/"+category["id"].(string), `{"name":"Infusions"}`, "If-Match", `"1"`).Must(200)
		},
		"take out of the category and delete it": func(_ *testing.T, on replica, product map[string]any) {
			on.Do("PUT", path(product), tea("TEA-1"), "If-Match", `"1"`).Must(200)
			category := on.Get("/api/v1/categories").JSON()["items"].([]any)[0].(map[string]any)
			on.Do("DELETE", "/api/v1/categories/"+category["id"].(string), "", "If-Match", "*").Must(204)
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := testkit.Database(t)
			a, b := replicas(t, m)
			product := create(t, a.Client, tea("TEA-1", `"categories":["Tea"]`))
			bystander := create(t, a.Client, tea("OTHER", `"name":"Coffee"`))
			all := append(views(product), path(bystander))
			before := look(a, all)
			require.Equal(t, before, look(b, all))

			write(t, a, product)
			uncached := testkit.Serve(t, catalog.New(catalog.NewHandler(settings, newService(t, m), testkit.Keys(t))).Module)
			after := look(replica{Client: uncached}, all)
			require.NotEqual(t, before, after, "the write shows")
			assert.Equal(t, after, look(a, all), "who wrote sees it at once")
			assert.Eventually(t, func() bool { return assert.ObjectsAreEqual(after, look(b, all)) }, 10*time.Second, time.Millisecond,
				"the other sees it once it is told")
		})
	}
}

// look reads everything: status, entity tag and body.
func look(on replica, paths []string) []string {
	seen := make([]string, len(paths))
	for i, path := range paths {
		answer := on.Get(path)
		seen[i] = fmt.Sprint(path, " ", answer.Status, " ", answer.Header.Get("ETag"), " ", strings.ReplaceAll(answer.Body, requestIDOf(answer), ""))
	}
	return seen
}

func requestIDOf(answer testkit.Answer) string { return answer.Header.Get("X-Request-ID") }

func TestAListIsTheSameFromRedisAsFromTheDatabase(t *testing.T) {
	m := testkit.Database(t)
	a, b := replicas(t, m)
	create(t, a.Client, tea("TEA-1", `"categories":["A","B"]`), tea("TEA-2"), tea("TEA-3"))
	for _, sort := range []string{"name", "-name", "price", "-price", "created_at", "-created_at"} {
		wanted := page.Request{Limit: 2, Sort: sort}
		loaded, err := a.service.Products(t.Context(), catalog.ProductFilter{}, wanted)
		require.NoError(t, err)
		require.NotNil(t, loaded.Next)
		shared, err := b.service.Products(t.Context(), catalog.ProductFilter{}, wanted)
		require.NoError(t, err)
		assert.Equal(t, loaded, shared, sort)
		second, err := b.service.Products(t.Context(), catalog.ProductFilter{}, page.Request{Limit: 2, Sort: sort, After: shared.Next})
		require.NoError(t, err)
		assert.Len(t, second.Items, 1)
	}
}

func TestListsThatAClientMakesUpDoNotFillRedis(t *testing.T) {
	server := miniredis.RunT(t)
	store, err := cache.Open(cache.Config{
		Enabled: true, Prefix: "test", MaxSize: config.MiB, TTL: time.Hour, LocalTTL: time.Hour, BlindTTL: time.Hour,
		NegativeTTL: time.Minute, StaleFor: time.Hour, StaleIfError: time.Hour, LoadTimeout: 30 * time.Second, RedisTimeout: 5 * time.Second,
	}, dial(t, server), clock.System, testkit.Quiet())
	require.NoError(t, err)
	require.NoError(t, store.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, store.Close(context.Background())) })
	a := newReplica(t, testkit.Database(t), store)
	create(t, a.Client, tea("TEA-1", `"categories":["Tea"]`))

	kept := func() int {
		server.FastForward(10 * time.Minute)
		return len(server.Keys())
	}
	assert.Len(t, skus(a.Get("/api/v1/products?category=tea").Must(200)), 1)
	before := kept()
	assert.NotZero(t, before)
	for i := range 5 {
		assert.Len(t, skus(a.Get(fmt.Sprint("/api/v1/products?min_price_cents=", i)).Must(200)), 1)
		assert.Len(t, skus(a.Get(fmt.Sprint("/api/v1/products?max_price_cents=", 5000+i)).Must(200)), 1)
		for range 2 { // from the database, then from the cache
			assert.Empty(t, skus(a.Get(fmt.Sprint("/api/v1/products?category=made-up-", i)).Must(200)))
		}
	}
	assert.Equal(t, before, kept())
}

func TestARolledBackChangeDropsNothingAndShowsNothing(t *testing.T) {
	a, b := replicas(t, testkit.Database(t))
	product := create(t, a.Client, tea("TEA-1"), tea("TEA-2"))
	all := append(views(product), path(product))
	before := look(a, all)
	a.Do("PUT", path(product), tea("TEA-1"), "If-Match", `"1"`).Must(409)
	assert.Equal(t, before, look(a, all))
	assert.Equal(t, before, look(b, all))
}

func TestWhatACallerDoesWithAProductDoesNotReachTheNext(t *testing.T) {
	service := newService(t, testkit.Database(t))
	made, err := service.CreateProduct(context.Background(), draft("TEA-1"))
	require.NoError(t, err)
	first, err := service.Product(t.Context(), made.ID)
	require.NoError(t, err)
	first.Name = "changed"
	second, err := service.Product(t.Context(), made.ID)
	require.NoError(t, err)
	assert.Equal(t, "Green tea", second.Name)
}
