package cache

import (
	"maps"

	"github.com/prometheus/client_golang/prometheus"
)

// Collector shows a store to Prometheus.
type Collector struct {
	store *Store

	reads, loads, failures                                         *prometheus.Desc
	bytes, entries, evictions, up, broken, pending                 *prometheus.Desc
	redisErrors, invalidations, notices, replays, subscriptionLost *prometheus.Desc
}

// NewCollector makes a collector. It reads the store when it is asked.
func NewCollector(store *Store) *Collector {
	metric := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("trellis_cache_"+name, help, labels, nil)
	}
	return &Collector{
		store: store,
		reads: metric("reads_total", "Reads by what answered: local (the process), redis, load, joined (the load of another), "+
			"bypass. stale and spare are counted besides: values past their TTL, served while loading or because that failed.", "cache", "from"),
		loads:            metric("loads_total", "Calls of the load function.", "cache"),
		failures:         metric("load_failures_total", "Loads that failed. That nothing was found is no failure.", "cache"),
		bytes:            metric("bytes", "What the process holds, about."),
		entries:          metric("entries", "How many entries the process holds, about."),
		evictions:        metric("evictions_total", "Entries that made room for others."),
		up:               metric("redis_up", "1 when Redis is used, 0 when the cache goes on without it."),
		broken:           metric("redis_breaker_open", "1 while Redis is left alone because it failed repeatedly."),
		pending:          metric("invalidations_pending", "Keys and tags that Redis could not be told of yet."),
		redisErrors:      metric("redis_errors_total", "Exchanges with Redis that failed."),
		invalidations:    metric("invalidations_total", "Invalidations that began in this process."),
		notices:          metric("notices_total", "Invalidations that others told of."),
		replays:          metric("replays_total", "How often Redis was told later of what it could not be told at once."),
		subscriptionLost: metric("subscription_losses_total", "How often the subscription was lost, and all forgotten."),
	}
}

// Describe is part of prometheus.Collector.
func (c *Collector) Describe(descriptions chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		c.reads, c.loads, c.failures, c.bytes, c.entries, c.evictions, c.up, c.broken, c.pending,
		c.redisErrors, c.invalidations, c.notices, c.replays, c.subscriptionLost,
	} {
		descriptions <- desc
	}
}

// Collect is part of prometheus.Collector.
func (c *Collector) Collect(metrics chan<- prometheus.Metric) {
	s := c.store
	counter := func(desc *prometheus.Desc, value uint64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(value), labels...)
	}
	gauge := func(desc *prometheus.Desc, value float64) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value)
	}
	for name, n := range s.allCounts() {
		counter(c.reads, n.local.Load(), name, "local")
		counter(c.reads, n.shared.Load(), name, "redis")
		counter(c.reads, n.loads.Load(), name, "load")
		counter(c.reads, n.joined.Load(), name, "joined")
		counter(c.reads, n.bypassed.Load(), name, "bypass")
		counter(c.reads, n.stale.Load(), name, "stale")
		counter(c.reads, n.spare.Load(), name, "spare")
		counter(c.loads, n.loads.Load(), name)
		counter(c.failures, n.failures.Load(), name)
	}
	gauge(c.bytes, float64(s.local.WeightedSize()))
	gauge(c.entries, float64(s.local.EstimatedSize()))
	counter(c.evictions, s.stats.evictions.Load())
	counter(c.invalidations, s.stats.invalidations.Load())
	if s.link == nil {
		return
	}
	gauge(c.up, number(s.usable()))
	gauge(c.broken, number(!s.remote.breaker.IsClosed()))
	gauge(c.pending, float64(s.link.pending.size()))
	counter(c.redisErrors, s.stats.redisErrors.Load())
	counter(c.notices, s.stats.notices.Load())
	counter(c.replays, s.stats.replays.Load())
	counter(c.subscriptionLost, s.stats.losses.Load())
}

func (s *Store) allCounts() map[string]*counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.names)
}

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
