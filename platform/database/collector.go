package database

import "github.com/prometheus/client_golang/prometheus"

// Collector shows the pools of a manager's connections to Prometheus.
type Collector struct {
	manager *Manager
	gauges  []poolMetric
}

type poolMetric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(Stats) float64
}

// NewCollector makes a collector. It reads the pools when it is asked.
func NewCollector(m *Manager) *Collector {
	metric := func(name, help string, kind prometheus.ValueType, value func(Stats) float64) poolMetric {
		return poolMetric{prometheus.NewDesc("trellis_database_"+name, help, []string{"database", "driver", "pool"}, nil), kind, value}
	}
	return &Collector{manager: m, gauges: []poolMetric{
		metric("connections_max", "The most connections that may be open.", prometheus.GaugeValue,
			func(s Stats) float64 { return float64(s.MaxOpenConnections) }),
		metric("connections_in_use", "Connections in use now.", prometheus.GaugeValue,
			func(s Stats) float64 { return float64(s.InUse) }),
		metric("connections_idle", "Open connections that nobody uses now.", prometheus.GaugeValue,
			func(s Stats) float64 { return float64(s.Idle) }),
		metric("waits_total", "How often somebody had to wait for a connection.", prometheus.CounterValue,
			func(s Stats) float64 { return float64(s.WaitCount) }),
		metric("wait_seconds_total", "How long everybody together waited for connections.", prometheus.CounterValue,
			func(s Stats) float64 { return s.WaitDuration.Seconds() }),
	}}
}

// Describe is part of prometheus.Collector.
func (c *Collector) Describe(descriptions chan<- *prometheus.Desc) {
	for _, gauge := range c.gauges {
		descriptions <- gauge.desc
	}
}

// Collect is part of prometheus.Collector.
func (c *Collector) Collect(metrics chan<- prometheus.Metric) {
	for _, stats := range c.manager.Stats() {
		for _, gauge := range c.gauges {
			metrics <- prometheus.MustNewConstMetric(
				gauge.desc, gauge.kind, gauge.value(stats), stats.Name, stats.Driver, stats.Pool)
		}
	}
}
