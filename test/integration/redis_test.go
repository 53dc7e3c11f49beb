//go:build integration

package integration

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/test/testkit"
)

// limited is a Redis behind a proxy, for servers that admit ten requests a client and hour.
func limited(t *testing.T) (variables []string, proxy *testkit.Proxy) {
	t.Helper()
	dsn, err := url.Parse(testkit.Redis(t).DSN.Reveal())
	require.NoError(t, err)
	proxy = testkit.NewProxy(t, dsn.Host)
	dsn.Host = proxy.Addr
	return []string{
		"TRELLIS_DATABASES_REDIS_DRIVER=redis", "TRELLIS_DATABASES_REDIS_DSN=" + dsn.String(), "TRELLIS_RATE_LIMIT_ENABLED=true",
		"TRELLIS_RATE_LIMIT_READ_REQUESTS=1", "TRELLIS_RATE_LIMIT_READ_PERIOD=1h", "TRELLIS_RATE_LIMIT_READ_BURST=10",
	}, proxy
}

const listing = "/api/v1/products"

// remaining sends a read, and says how many more the server would admit; -1 when it refused this one.
func remaining(t *testing.T, p *process) int {
	t.Helper()
	answer, body := p.do("GET", listing, "")
	if answer.StatusCode == http.StatusTooManyRequests {
		assert.NotEmpty(t, answer.Header.Get("Retry-After"))
		return -1
	}
	require.Equal(t, http.StatusOK, answer.StatusCode, body)
	left, err := strconv.Atoi(answer.Header.Get("RateLimit-Remaining"))
	require.NoError(t, err)
	return left
}

// readiness is what /readyz says, by check.
func (p *process) readiness() (code int, status string, checks map[string]string) {
	p.t.Helper()
	answer, body := p.do("GET", "/readyz", "")
	var report struct {
		Status string
		Checks []struct{ Name, Status string }
	}
	require.NoError(p.t, json.Unmarshal([]byte(body), &report), body)
	checks = map[string]string{}
	for _, check := range report.Checks {
		checks[check.Name] = check.Status
	}
	return answer.StatusCode, report.Status, checks
}

func TestTheServerRunsOnMySQLAndRedisByItsEnvironmentAlone(t *testing.T) {
	database, _ := behind(t)
	redis, _ := limited(t)
	server := start(t, append(database, redis...)...)
	product := server.create("TEA-1")
	assert.Equal(t, http.StatusOK, server.status(listing+"/"+product["id"].(string)))
	code, status, checks := server.readiness()
	assert.Equal(t, http.StatusOK, code)
	assert.Equal(t, "ok", status)
	assert.Equal(t, map[string]string{"primary": "up", "redis": "up"}, checks)
}

func TestServersShareTheirRateLimitsThroughRedis(t *testing.T) {
	redis, _ := limited(t)
	one, two := start(t, redis...), start(t, redis...)
	for left := 9; left >= 0; left -= 2 {
		assert.Equal(t, left, remaining(t, one))
		assert.Equal(t, left-1, remaining(t, two))
	}
	assert.Equal(t, -1, remaining(t, one))
	assert.Equal(t, -1, remaining(t, two))
}

func TestWithoutRedisEachServerLimitsByItselfUntilRedisIsBack(t *testing.T) {
	redis, proxy := limited(t)
	server := start(t, redis...)
	require.Equal(t, 9, remaining(t, server))

	proxy.Cut()
	require.Eventually(t, func() bool {
		code, status, checks := server.readiness()
		return code == http.StatusOK && status == "degraded" && checks["redis"] == "down"
	}, 10*time.Second, 20*time.Millisecond)
	assert.Equal(t, http.StatusOK, server.status("/livez"))
	for left := 9; left >= -1; left-- {
		assert.Equal(t, left, remaining(t, server), "it knows nothing of what was spent before")
	}
	_, metrics := server.do("GET", "/metrics", "")
	assert.Contains(t, metrics, `trellis_rate_limit_fallbacks_total{on_error="memory"} 11`)

	proxy.Restore(t)
	require.Eventually(t, func() bool { _, status, _ := server.readiness(); return status == "ok" }, 10*time.Second, 20*time.Millisecond)
	require.Eventually(t, func() bool { return remaining(t, server) >= 0 }, 5*time.Second, 20*time.Millisecond)
	assert.Equal(t, 7, remaining(t, server), "one before the cut, one after it, and this one")
}

func TestRedisThatIsLostUnderLoadFailsNoRequest(t *testing.T) {
	redis, proxy := limited(t)
	server := start(t, append(redis, "TRELLIS_RATE_LIMIT_READ_BURST=1000000")...)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				status := server.status(listing)
				assert.Equal(t, http.StatusOK, status)
			}
		})
	}
	for range 3 {
		proxy.Cut()
		require.Eventually(t, func() bool { _, status, _ := server.readiness(); return status == "degraded" }, 10*time.Second, 20*time.Millisecond)
		proxy.Restore(t)
		require.Eventually(t, func() bool { _, status, _ := server.readiness(); return status == "ok" }, 10*time.Second, 20*time.Millisecond)
	}
	close(stop)
	clients.Wait()
}

func TestWithDenyNothingIsServedWithoutRedis(t *testing.T) {
	redis, proxy := limited(t)
	server := start(t, append(redis, "TRELLIS_RATE_LIMIT_ON_ERROR=deny")...)
	proxy.Cut()
	answer, body := server.do("GET", listing, "")
	assert.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	assert.Contains(t, body, `"code":"rate_limit_unavailable"`)
	assert.NotEmpty(t, answer.Header.Get("Retry-After"))
	assert.NotContains(t, body, "127.0.0.1", "nothing internal is shown")
}

func TestARedisThatIsRequiredStopsTheStartAndIsNamed(t *testing.T) {
	server := begin(t, "TRELLIS_DATABASES_REDIS_DRIVER=redis", "TRELLIS_DATABASES_REDIS_DSN=redis://:hunter2@"+freeAddress(t),
		"TRELLIS_DATABASES_REDIS_REQUIRED=true", "TRELLIS_DATABASES_REDIS_CONNECT_TIMEOUT=300ms")
	assert.Equal(t, 69, server.wait())
	assert.Contains(t, server.log.String(), "the database redis (redis) is not reachable")
	assert.NotContains(t, server.log.String(), "hunter2")
}

func TestPasswordsComeFromFiles(t *testing.T) {
	database, _ := behind(t)
	file := filepath.Join(t.TempDir(), "dsn")
	_, dsn, _ := strings.Cut(database[1], "=")
	require.NoError(t, os.WriteFile(file, []byte(dsn+"\n"), 0o600))
	server := start(t, database[0], "TRELLIS_DATABASES_PRIMARY_DSN_FILE="+file)
	server.create("TEA-1")
}
