//go:build integration

package integration

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/test/testkit"
)

// sharing is a Redis that is the test's own, and a proxy before it.
func sharing(t *testing.T) (variables []string, proxy *testkit.Proxy) {
	t.Helper()
	dsn, err := url.Parse(testkit.Redis(t).DSN.Reveal())
	require.NoError(t, err)
	proxy = testkit.NewProxy(t, dsn.Host)
	dsn.Host = proxy.Addr
	return []string{
		"TRELLIS_DATABASES_REDIS_DRIVER=redis", "TRELLIS_DATABASES_REDIS_DSN=" + dsn.String(),
		"TRELLIS_CACHE_PREFIX=" + strings.ToLower(rand.Text()),
	}, proxy
}

// version reads a product, and gives its version.
func (p *process) version(path string) int {
	p.t.Helper()
	answer, body := p.do("GET", path, "")
	require.Equal(p.t, http.StatusOK, answer.StatusCode, body)
	var product struct{ Version int }
	require.NoError(p.t, json.Unmarshal([]byte(body), &product))
	require.Equal(p.t, fmt.Sprintf("%q", fmt.Sprint(product.Version)), answer.Header.Get("ETag"))
	return product.Version
}

// change raises the version of a product by one.
func (p *process) change(path string, price int) *http.Response {
	p.t.Helper()
	answer, _ := p.do("PATCH", path, fmt.Sprintf(`{"price_cents":%d}`, price), "If-Match", "*", "Content-Type", "application/merge-patch+json",
		"Authorization", p.bearer())
	return answer
}

// metric is the value of a metric without labels.
func (p *process) metric(name string) string {
	p.t.Helper()
	_, body := p.do("GET", "/metrics", "")
	_, rest, _ := strings.Cut(body, "\n"+name+" ")
	value, _, _ := strings.Cut(rest, "\n")
	return value
}

func (p *process) usesRedis() bool { return p.metric("trellis_cache_redis_up") == "1" }

func TestWithoutRedisTheCatalogAnswersFromTheDatabase(t *testing.T) {
	database, _ := behind(t)
	shared, redis := sharing(t)
	a, b := start(t, append(database, shared...)...), start(t, append(database, shared...)...)
	require.Eventually(t, func() bool { return a.usesRedis() && b.usesRedis() }, 10*time.Second, 10*time.Millisecond)
	path := "/api/v1/products/" + a.create("TEA-1")["id"].(string)
	require.Equal(t, 1, a.version(path))
	require.Equal(t, 1, b.version(path))

	redis.Cut()
	for price := range 20 {
		require.Equal(t, http.StatusOK, a.change(path, price).StatusCode)
		require.Equal(t, price+2, a.version(path), "who wrote reads what it wrote")
		for _, other := range []string{path, "/api/v1/products", "/api/v1/products/by-sku/TEA-1", "/api/v1/products/by-sku/NONE"} {
			status := b.status(other)
			require.Less(t, status, 500, other)
		}
	}
	assert.Equal(t, "0", a.metric("trellis_cache_redis_up"))
	require.Eventually(t, func() bool { return b.version(path) == 21 }, 5*time.Second, 10*time.Millisecond, "the other within a moment")

	redis.Restore(t)
	require.Eventually(t, func() bool { return a.usesRedis() && b.usesRedis() }, 5*time.Second, 10*time.Millisecond)
	assert.Equal(t, 21, a.version(path), "nothing old comes back with Redis")
	assert.Equal(t, 21, b.version(path), "nothing old comes back with Redis")
	require.Equal(t, http.StatusOK, b.change(path, 1000).StatusCode)
	require.Eventually(t, func() bool { return a.version(path) == 22 }, 5*time.Second, time.Millisecond, "the other is told")
}

func TestWithoutTheDatabaseWhatIsCachedIsServedAndWritesAreRefused(t *testing.T) {
	variables, database := behind(t)
	shared, _ := sharing(t)
	server := start(t, append(variables, shared...)...)
	require.Eventually(t, server.usesRedis, 10*time.Second, 10*time.Millisecond)
	path := "/api/v1/products/" + server.create("TEA-1")["id"].(string)
	cached := []string{path, "/api/v1/products", "/api/v2/products/by-sku/TEA-1"}
	for _, path := range cached {
		require.Equal(t, http.StatusOK, server.status(path))
	}

	database.Cut()
	for range 10 {
		for _, path := range cached {
			require.Equal(t, http.StatusOK, server.status(path), path)
		}
	}
	answer := server.change(path, 7)
	assert.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	assert.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))
	assert.NotEmpty(t, answer.Header.Get("Retry-After"))
	assert.Equal(t, http.StatusServiceUnavailable, server.status("/api/v1/products?q=tea"), "what is not cached")

	database.Restore(t)
	require.Eventually(t, func() bool { return server.change(path, 8).StatusCode == http.StatusOK }, 5*time.Second, 10*time.Millisecond)
	assert.Equal(t, 2, server.version(path))
}
