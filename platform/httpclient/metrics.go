package httpclient

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts what every client of the program does. No label holds a host: strangers choose those.
type Metrics struct {
	calls   *prometheus.HistogramVec
	repeats *prometheus.CounterVec
	opens   *prometheus.CounterVec
}

// NewMetrics registers the metrics.
func NewMetrics(registry *prometheus.Registry) *Metrics {
	m := &Metrics{
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "trellis_http_client_duration_seconds",
			Help:    "How long outbound calls took, repetitions included, by client and outcome: 2xx to 5xx, open, refused, too_large, timeout, canceled or error.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"client", "outcome"}),
		repeats: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trellis_http_client_repeats_total", Help: "Outbound attempts beyond the first of a call, by client.",
		}, []string{"client"}),
		opens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trellis_http_client_circuit_opened_total", Help: "How often a circuit opened, by client.",
		}, []string{"client"}),
	}
	registry.MustRegister(m.calls, m.repeats, m.opens)
	return m
}

func (m *Metrics) observe(client string, response *http.Response, err error, took time.Duration) {
	m.calls.WithLabelValues(client, outcome(response, err)).Observe(took.Seconds())
}

func (m *Metrics) repeated(client string) { m.repeats.WithLabelValues(client).Inc() }

func (m *Metrics) opened(client string) { m.opens.WithLabelValues(client).Inc() }

func outcome(response *http.Response, err error) string {
	switch {
	case err == nil:
		return strconv.Itoa(response.StatusCode/100) + "xx"
	case errors.Is(err, ErrOpen):
		return "open"
	case errors.Is(err, ErrRefused):
		return "refused"
	case errors.Is(err, ErrTooLarge):
		return "too_large"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	default:
		return "error"
	}
}
