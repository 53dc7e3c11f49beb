//go:build integration

package integration

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/health"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestAServiceWhoseWarehouseIsDownIsDegraded(t *testing.T) {
	testkit.Shows(t, testkit.Failure)
	at, err := url.Parse(testkit.EmptyClickHouse(t).DSN.Reveal())
	require.NoError(t, err)
	proxy := testkit.NewProxy(t, at.Host)
	at.Host = proxy.Addr
	server := start(t, "TRELLIS_DATABASES_WAREHOUSE_DRIVER=clickhouse", "TRELLIS_DATABASES_WAREHOUSE_DSN="+at.String())
	ready := func(want string) func() bool { return func() bool { return readiness(t, server) == want } }
	require.Eventually(t, ready("ok"), 10*time.Second, 10*time.Millisecond)
	proxy.Cut()
	require.Eventually(t, ready("degraded"), 10*time.Second, 10*time.Millisecond)
	server.create("TEA-1")
	answer, body := server.do("GET", "/api/reports/sales", "", "Authorization", server.bearer())
	assert.Equal(t, http.StatusServiceUnavailable, answer.StatusCode, body)
	assert.Contains(t, body, `"code":"warehouse_unavailable"`)
	proxy.Restore(t)
	require.Eventually(t, ready("ok"), 10*time.Second, 10*time.Millisecond)
	answer, body = server.do("GET", "/api/reports/sales", "", "Authorization", server.bearer())
	assert.Equal(t, http.StatusOK, answer.StatusCode, body)
}

func TestAServiceStartsWithoutItsWarehouse(t *testing.T) {
	server := start(t, "TRELLIS_DATABASES_WAREHOUSE_DRIVER=clickhouse", "TRELLIS_DATABASES_WAREHOUSE_DSN=http://"+freeAddress(t)+"/x",
		"TRELLIS_DATABASES_WAREHOUSE_CONNECT_TIMEOUT=10ms")
	require.Eventually(t, func() bool { return readiness(t, server) == "degraded" }, 10*time.Second, 10*time.Millisecond)
	server.create("TEA-1")
}

// readiness is the status in the report of a server that is ready.
func readiness(t *testing.T, server *process) string {
	t.Helper()
	answer, body := server.do("GET", "/readyz", "")
	assert.Equal(t, http.StatusOK, answer.StatusCode, body)
	var report health.Report
	require.NoError(t, json.Unmarshal([]byte(body), &report))
	return report.Status
}
