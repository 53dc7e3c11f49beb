package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/health"
	"github.com/trellis-go/trellis/platform/ratelimit"
)

func TestARequestKeepsTheIDItCameWith(t *testing.T) {
	answer := send(t, newAPI(t, nil), request{method: "GET", path: "/api/who/x", header: map[string]string{"X-Request-Id": "abc-123"}})
	assert.Equal(t, "abc-123", answer.Header.Get("X-Request-Id"))
	assert.Equal(t, "abc-123", decode[map[string]string](t, answer)["request_id"])
}

func TestAnIDThatCouldForgeLogsIsReplaced(t *testing.T) {
	answer := send(t, newAPI(t, nil), request{method: "GET", path: "/livez", header: map[string]string{"X-Request-Id": "a b\"c"}})
	assert.Len(t, answer.Header.Get("X-Request-Id"), 36)
}

func TestEveryRecordOfARequestCarriesItsAttributes(t *testing.T) {
	var logged bytes.Buffer
	api := newAPI(t, func(s *settings) { s.log = &logged })
	send(t, api, request{method: "GET", path: "/api/v1/fail", header: map[string]string{
		"X-Request-Id": "r1", "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}})
	lines := strings.Split(strings.TrimSpace(logged.String()), "\n")
	require.Len(t, lines, 2, "the failure and the access record")
	for _, line := range lines {
		var record map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &record))
		assert.Equal(t, "r1", record["request_id"])
		assert.Equal(t, "fail", record["operation"])
		assert.Equal(t, "GET /api/v1/fail", record["route"])
		assert.Equal(t, "v1", record["api_version"])
		assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", record["trace_id"])
	}
}

func TestProbesAreLoggedAtDebugLevelOnly(t *testing.T) {
	var logged bytes.Buffer
	api := newAPI(t, func(s *settings) { s.log = &logged })
	get(t, api, "/livez")
	assert.NotContains(t, logged.String(), `"level":"info"`)
}

func TestBrowsersAreToldToBeStrict(t *testing.T) {
	header := get(t, newAPI(t, nil), "/livez").Header
	assert.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'")
	assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
	assert.Empty(t, header.Get("Strict-Transport-Security"))
	strict := newAPI(t, func(s *settings) { s.http.HSTS = true })
	assert.Contains(t, get(t, strict, "/livez").Header.Get("Strict-Transport-Security"), "max-age=")
}

func TestOnlyAllowedOriginsMayReadAnswers(t *testing.T) {
	api := newAPI(t, func(s *settings) { s.http.CORS.AllowedOrigins = []string{"https://shop.example"} })
	ask := func(origin string) *http.Response {
		return send(t, api, request{method: "OPTIONS", path: "/api/v1/cups", header: map[string]string{
			"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type",
		}})
	}
	assert.Equal(t, "https://shop.example", ask("https://shop.example").Header.Get("Access-Control-Allow-Origin"))
	assert.Empty(t, ask("https://evil.example").Header.Get("Access-Control-Allow-Origin"))
}

func TestPagesOfAllowedOriginsMayReadTheHeadersOfAnswers(t *testing.T) {
	api := newAPI(t, func(s *settings) { s.http.CORS.AllowedOrigins = []string{"https://shop.example"} })
	answer := send(t, api, request{method: "GET", path: "/api/v1/teapot", header: map[string]string{"Origin": "https://shop.example"}})
	exposed := strings.ToLower(answer.Header.Get("Access-Control-Expose-Headers"))
	for _, name := range []string{
		"X-Request-ID", "ETag", "Link", "Location", "Retry-After", "Idempotency-Replayed", "Preference-Applied", "Content-Disposition",
	} {
		assert.Contains(t, exposed, strings.ToLower(name))
	}
}

func TestNoOriginIsAllowedByDefault(t *testing.T) {
	answer := send(t, newAPI(t, nil), request{method: "GET", path: "/livez", header: map[string]string{"Origin": "https://a.example"}})
	assert.Empty(t, answer.Header.Get("Access-Control-Allow-Origin"))
}

func limited(s *settings) {
	quota := ratelimit.Quota{Requests: 1, Period: time.Hour, Burst: 2}
	s.limits = ratelimit.Config{Enabled: true, Read: quota, Write: quota}
}

func TestAClientOverItsQuotaIsRefused(t *testing.T) {
	api := newAPI(t, limited)
	first := get(t, api, "/api/v1/teapot")
	assert.Equal(t, "2", first.Header.Get("RateLimit-Limit"))
	assert.Equal(t, "1", first.Header.Get("RateLimit-Remaining"))
	assert.Equal(t, "1;w=3600", first.Header.Get("RateLimit-Policy"))
	get(t, api, "/api/v1/teapot")

	refused := get(t, api, "/api/v1/teapot")
	assert.Equal(t, "rate_limited", document(t, refused).Code)
	assert.Equal(t, "3600", refused.Header.Get("Retry-After"))
	assert.Equal(t, "0", refused.Header.Get("RateLimit-Remaining"))
}

func TestReadingAndWritingHaveQuotasOfTheirOwn(t *testing.T) {
	api := newAPI(t, limited)
	for range 3 {
		get(t, api, "/api/v1/teapot")
	}
	answer := send(t, api, request{method: "POST", path: "/api/v1/cups", body: `{"name":"ab","size":1}`})
	assert.Equal(t, http.StatusCreated, answer.StatusCode)
}

func TestProbesAreNeverLimited(t *testing.T) {
	api := newAPI(t, limited)
	for range 5 {
		assert.Equal(t, http.StatusOK, get(t, api, "/livez").StatusCode)
	}
}

func TestLimitsMayChangeWhileServing(t *testing.T) {
	api := newAPI(t, limited)
	for range 3 {
		get(t, api, "/api/v1/teapot")
	}
	api.Limit(ratelimit.Config{})
	assert.Equal(t, http.StatusTeapot, get(t, api, "/api/v1/teapot").StatusCode)
}

func TestTheClientIsTheOneThatTheTrustedProxiesTell(t *testing.T) {
	// Requests come from 192.0.2.1 here.
	for name, test := range map[string]struct {
		trusted   []string
		forwarded string
		client    string
	}{
		"nobody is trusted":            {nil, "203.0.113.9", "192.0.2.1"},
		"one proxy":                    {[]string{"192.0.2.0/24"}, "203.0.113.9", "203.0.113.9"},
		"what the client made up":      {[]string{"192.0.2.1"}, "1.1.1.1, 203.0.113.9", "203.0.113.9"},
		"two proxies":                  {[]string{"192.0.2.1", "10.0.0.0/8"}, "203.0.113.9, 10.1.1.1", "203.0.113.9"},
		"nonsense":                     {[]string{"192.0.2.1"}, "unknown", "192.0.2.1"},
		"no header":                    {[]string{"192.0.2.1"}, "", "192.0.2.1"},
		"an IPv6 client":               {[]string{"192.0.2.1"}, "2001:db8::1", "2001:db8::1"},
		"an IPv4 address in IPv6 form": {[]string{"192.0.2.1"}, "::ffff:203.0.113.9", "203.0.113.9"},
	} {
		t.Run(name, func(t *testing.T) {
			api := newAPI(t, func(s *settings) { s.http.TrustedProxies = test.trusted })
			answer := send(t, api, request{method: "GET", path: "/api/who/x", header: map[string]string{"X-Forwarded-For": test.forwarded}})
			assert.Equal(t, test.client, decode[map[string]string](t, answer)["client"])
		})
	}
}

func TestIPv6ClientsAreLimitedByTheirNetwork(t *testing.T) {
	api := newAPI(t, func(s *settings) { limited(s); s.http.TrustedProxies = []string{"192.0.2.1"} })
	for _, from := range []string{"2001:db8::1", "2001:db8::2"} {
		send(t, api, request{method: "GET", path: "/api/who/x", header: map[string]string{"X-Forwarded-For": from}})
	}
	refused := send(t, api, request{method: "GET", path: "/api/who/x", header: map[string]string{"X-Forwarded-For": "2001:db8::3"}})
	assert.Equal(t, http.StatusTooManyRequests, refused.StatusCode)
}

func TestHeadIsGetWithoutABody(t *testing.T) {
	answer := send(t, newAPI(t, nil), request{method: http.MethodHead, path: "/api/who/x"})
	assert.Equal(t, http.StatusOK, answer.StatusCode)
}

func TestReadinessFollowsWhatIsRequired(t *testing.T) {
	down := func(context.Context) error { return errors.New("password is hunter2") }
	for name, test := range map[string]struct {
		required bool
		code     int
		status   string
	}{
		"a required database is down": {true, 503, "unavailable"},
		"an optional one is down":     {false, 200, "degraded"},
	} {
		t.Run(name, func(t *testing.T) {
			api := newAPI(t, func(s *settings) {
				s.checks = []health.Check{{Name: "primary", Required: test.required, Probe: down}}
			})
			answer := get(t, api, "/readyz")
			assert.Equal(t, test.code, answer.StatusCode)
			body := text(t, answer)
			assert.Contains(t, body, `"status":"`+test.status+`"`)
			assert.NotContains(t, body, "hunter2")
			assert.Equal(t, http.StatusOK, get(t, api, "/livez").StatusCode)
			assert.Equal(t, http.StatusOK, get(t, api, "/startupz").StatusCode)
		})
	}
}

func TestAPanicIsCountedAsTheProblemItIsAnsweredAs(t *testing.T) {
	api := newAPI(t, nil)
	get(t, api, "/api/v1/panic")
	assert.Contains(t, text(t, get(t, api, "/metrics")),
		`trellis_http_errors_total{code="internal",operation="panic",version="v1"} 1`)
}

func TestMetricsCountByOperationVersionAndStatus(t *testing.T) {
	api := newAPI(t, nil)
	get(t, api, "/api/v1/teapot")
	get(t, api, "/made-up-path")
	metrics := text(t, get(t, api, "/metrics"))
	assert.Contains(t, metrics, `trellis_http_requests_total{operation="teapot",status="418",version="v1"} 1`)
	assert.Contains(t, metrics, `trellis_http_errors_total{code="teapot",operation="teapot",version="v1"} 1`)
	assert.Contains(t, metrics, `trellis_http_request_duration_seconds_count{operation="teapot",version="v1"} 1`)
	assert.Contains(t, metrics, `trellis_http_requests_total{operation="none",status="404",version=""} 1`)
	assert.Contains(t, metrics, `trellis_http_requests_in_flight 1`)
	assert.NotContains(t, metrics, "made-up-path")
}
