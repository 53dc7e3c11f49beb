//go:build integration

package integration

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/test/testkit"
)

// behind is a fresh database and a proxy before its server.
func behind(t *testing.T) (variables []string, proxy *testkit.Proxy) {
	t.Helper()
	dsn, err := mysql.ParseDSN(testkit.EmptyMySQL(t).DSN.Reveal())
	require.NoError(t, err)
	proxy = testkit.NewProxy(t, dsn.Addr)
	dsn.Net, dsn.Addr = "tcp", proxy.Addr
	return []string{"TRELLIS_DATABASES_PRIMARY_DRIVER=mysql", "TRELLIS_DATABASES_PRIMARY_DSN=" + dsn.FormatDSN()}, proxy
}

func TestTheServerRunsOnMySQLByConfigurationAlone(t *testing.T) {
	testkit.Shows(t, testkit.Connect)
	variables, _ := behind(t)
	server := start(t, variables...)
	product := server.create("TEA-1")
	_, body := server.do("GET", "/api/v1/products?sort=name", "")
	assert.Contains(t, body, product["id"])
	answer, _ := server.do("POST", "/api/v1/products", `{"sku":"TEA-1","name":"Tea","price_cents":1,"currency":"EUR"}`,
		"Authorization", server.bearer())
	assert.Equal(t, http.StatusConflict, answer.StatusCode)
}

func TestALostDatabaseIsSurvived(t *testing.T) {
	testkit.Shows(t, testkit.Failure)
	variables, proxy := behind(t)
	server := start(t, variables...)
	path := "/api/v1/products/" + server.create("TEA-1")["id"].(string)

	proxy.Cut()
	require.Eventually(t, func() bool { return server.status("/readyz") == http.StatusServiceUnavailable }, 10*time.Second, 10*time.Millisecond)
	assert.Equal(t, http.StatusOK, server.status("/livez"))
	answer, body := server.do("GET", path, "")
	assert.Equal(t, http.StatusServiceUnavailable, answer.StatusCode, body)
	assert.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))
	assert.NotEmpty(t, answer.Header.Get("Retry-After"))
	assert.NotContains(t, body, "127.0.0.1", "nothing internal is shown")

	proxy.Restore(t)
	require.Eventually(t, func() bool { return server.status("/readyz") == http.StatusOK }, 5*time.Second, 10*time.Millisecond)
	assert.Equal(t, http.StatusOK, server.status(path))
	server.create("TEA-2")
}

func TestAMissingDatabaseStopsTheStartAndIsNamed(t *testing.T) {
	server := begin(t, "TRELLIS_DATABASES_PRIMARY_DRIVER=mysql",
		"TRELLIS_DATABASES_PRIMARY_DSN=app:hunter2@tcp("+freeAddress(t)+")/shop", "TRELLIS_DATABASES_PRIMARY_CONNECT_TIMEOUT=1s")
	assert.NotEqual(t, 0, server.wait())
	log := server.log.String()
	assert.Contains(t, log, "primary")
	assert.NotContains(t, log, "hunter2")
	assert.GreaterOrEqual(t, strings.Count(log, "attempt"), 2, "it was tried more than once")
}

// The replica is another database that has the tables and no products, so that one sees which of them answers.
func TestReadsGoToAReplicaAndToThePrimaryWhenItIsLost(t *testing.T) {
	variables, _ := behind(t)
	follower, proxy := behind(t)
	code, _, errs := run(t, t.TempDir(), follower, "migrate", "up")
	require.Equal(t, 0, code, errs)
	_, dsn, _ := strings.Cut(follower[1], "=")
	server := start(t, append(variables, "TRELLIS_DATABASES_PRIMARY_REPLICAS="+dsn)...)
	server.create("TEA-1")
	exported := func() string {
		answer, body := server.do("GET", "/api/v1/products/export", "")
		assert.Equal(t, http.StatusOK, answer.StatusCode, body)
		return body
	}
	require.NotContains(t, exported(), "TEA-1")

	proxy.Cut()
	for range 10 {
		assert.Contains(t, exported(), "TEA-1")
	}
	require.Eventually(t, func() bool {
		code, status, checks := server.readiness()
		return code == http.StatusOK && status == "degraded" && checks["primary_replica_1"] == "down"
	}, 10*time.Second, 20*time.Millisecond)
	server.create("TEA-2")

	proxy.Restore(t)
	require.Eventually(t, func() bool { return !strings.Contains(exported(), "TEA") }, 10*time.Second, 20*time.Millisecond)
	require.Eventually(t, func() bool { _, status, _ := server.readiness(); return status == "ok" }, 10*time.Second, 20*time.Millisecond)
}
