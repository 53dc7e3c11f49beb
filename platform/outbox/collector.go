package outbox

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// countTimeout is how long /metrics waits for a database.
const countTimeout = 2 * time.Second

// Collector shows relays to Prometheus.
type Collector struct {
	relays                      []*Relay
	pending, oldest, sent, fail *prometheus.Desc
}

// NewCollector makes a collector. It counts the backlog when it is asked.
func NewCollector(relays []*Relay) *Collector {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("trellis_outbox_"+name, help, []string{"database"}, nil)
	}
	return &Collector{
		relays:  relays,
		pending: desc("pending_events", "Events that wait to be sent."),
		oldest:  desc("oldest_pending_seconds", "How long the oldest of them has waited; 0 when there is none."),
		sent:    desc("sent_total", "Events that this process sent and the broker confirmed."),
		fail:    desc("failed_total", "Attempts of this process to send an event that the broker did not confirm."),
	}
}

// Describe is part of prometheus.Collector.
func (c *Collector) Describe(descriptions chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{c.pending, c.oldest, c.sent, c.fail} {
		descriptions <- desc
	}
}

// Collect is part of prometheus.Collector. A backlog that cannot be counted is left out.
func (c *Collector) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), countTimeout)
	defer cancel()
	for _, r := range c.relays {
		send := func(desc *prometheus.Desc, kind prometheus.ValueType, value float64) {
			metrics <- prometheus.MustNewConstMetric(desc, kind, value, r.db.Name())
		}
		send(c.sent, prometheus.CounterValue, float64(r.sent.Load()))
		send(c.fail, prometheus.CounterValue, float64(r.failed.Load()))
		backlog, err := r.Backlog(ctx)
		if err != nil {
			continue
		}
		var age time.Duration
		if backlog.Events > 0 {
			age = max(0, r.now().Sub(backlog.Oldest))
		}
		send(c.pending, prometheus.GaugeValue, float64(backlog.Events))
		send(c.oldest, prometheus.GaugeValue, age.Seconds())
	}
}
