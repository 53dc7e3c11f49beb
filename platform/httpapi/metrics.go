package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	requests *prometheus.CounterVec
	errors   *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

func newMetrics(registry *prometheus.Registry) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trellis_http_requests_total",
			Help: "Requests answered, by operation, API version and status.",
		}, []string{"operation", "version", "status"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trellis_http_errors_total",
			Help: "Problems answered, by operation, API version and problem code.",
		}, []string{"operation", "version", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "trellis_http_request_duration_seconds",
			Help:    "How long answers took, by operation and API version.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"operation", "version"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "trellis_http_requests_in_flight",
			Help: "Requests being answered now.",
		}),
	}
	registry.MustRegister(m.requests, m.errors, m.duration, m.inFlight)
	return m
}

// measure counts the request under the operation that it reached. Requests that reach none share one label, so that
// made-up paths cannot make new series.
func (a *API) measure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		a.metrics.inFlight.Inc()
		defer func() {
			a.metrics.inFlight.Dec()
			operation := x.operation
			if operation == "" {
				operation = "none"
			}
			a.metrics.requests.WithLabelValues(operation, x.version, strconv.Itoa(x.status())).Inc()
			a.metrics.duration.WithLabelValues(operation, x.version).Observe(time.Since(x.started).Seconds())
			if x.problem != "" {
				a.metrics.errors.WithLabelValues(operation, x.version, x.problem).Inc()
			}
		}()
		next.ServeHTTP(w, r)
	})
}
