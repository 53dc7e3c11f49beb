package tasks

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// meter counts what was carried out.
type meter struct {
	ended    *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

// newMeter registers the metrics of tasks.
func newMeter(t *Tasks, registry *prometheus.Registry) *meter {
	m := &meter{
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trellis_tasks_finished_total",
			Help: "Tasks that this process has brought to their end, by kind and state.",
		}, []string{"kind", "state"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "trellis_tasks_run_duration_seconds",
			Help:    "How long the last run of finished tasks took, by kind.",
			Buckets: []float64{.01, .1, .5, 1, 5, 15, 60, 300, 900, 3600},
		}, []string{"kind"}),
	}
	running := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "trellis_tasks_running",
		Help: "Tasks that this process carries out now.",
	}, func() float64 { return float64(len(t.held())) })
	registry.MustRegister(m.ended, m.duration, running, &backlog{t})
	return m
}

func (m *meter) finished(kind string, state State, took time.Duration) {
	m.ended.WithLabelValues(kind, string(state)).Inc()
	m.duration.WithLabelValues(kind).Observe(took.Seconds())
}

// backlog collects how many tasks wait, for all processes, when somebody asks.
type backlog struct{ *Tasks }

var waiting = prometheus.NewDesc("trellis_tasks_unfinished", "Tasks that wait or run, in all processes, by state.", []string{"state"}, nil)

const countTimeout = 2 * time.Second

// Describe implements prometheus.Collector.
func (b *backlog) Describe(to chan<- *prometheus.Desc) { to <- waiting }

// Collect implements prometheus.Collector. While the database does not answer there is no figure.
func (b *backlog) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), countTimeout)
	defer cancel()
	for _, state := range []State{Queued, Running} {
		var count int64
		if err := b.db.Reader(ctx).Model(&row{}).Where("state = ?", state).Count(&count).Error; err != nil {
			b.logger.DebugContext(ctx, "the tasks were not counted", slog.Any("error", err))
			return
		}
		to <- prometheus.MustNewConstMetric(waiting, prometheus.GaugeValue, float64(count), string(state))
	}
}
