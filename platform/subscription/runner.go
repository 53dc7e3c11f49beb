package subscription

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"golang.org/x/sync/errgroup"

	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/inbox"
	"github.com/trellis-go/trellis/platform/log"
	"github.com/trellis-go/trellis/platform/problem"
)

// Config is the section inbox.
type Config struct {
	Retention time.Duration `validate:"min=1h"` // how long it is known that an event was handled
}

// Bound is a subscription with the database that its function works on.
type Bound struct {
	Subscription
	DB *database.DB
}

// Runner runs subscriptions.
type Runner struct {
	logger    *slog.Logger
	consumers []broker.Consumer
	handled   *prometheus.CounterVec
	took      *prometheus.HistogramVec
}

// NewRunner makes a runner of subscriptions that have been checked, and declares them to the broker.
func NewRunner(all []Bound, b broker.Broker, registry prometheus.Registerer, logger *slog.Logger) *Runner {
	r := &Runner{
		logger: logger,
		handled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trellis_events_handled_total", Help: "Deliveries of events, by what became of them: done, duplicate, failed, postponed, dead.",
		}, []string{"subscription", "outcome"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "trellis_events_handle_seconds", Help: "How long handlers took, their transaction included.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"subscription"}),
	}
	registry.MustRegister(r.handled, r.took)
	for _, s := range all {
		b.Declare(s.Subscription.Subscription)
		r.consumers = append(r.consumers, b.Consumer(s.Subscription.Subscription, r.handler(s)))
	}
	return r
}

// Run delivers events until Drain, or until ctx ends. When one consumer fails all end.
func (r *Runner) Run(ctx context.Context) error {
	if len(r.consumers) == 0 {
		<-ctx.Done()
	}
	all, ctx := errgroup.WithContext(ctx)
	for _, consumer := range r.consumers {
		all.Go(func() error { return problem.Guard(func() error { return consumer.Run(ctx) }) })
	}
	return all.Wait()
}

// Drain takes no more events and waits for the functions that run.
func (r *Runner) Drain(ctx context.Context) error {
	failed := make([]error, len(r.consumers))
	var all sync.WaitGroup
	for i, consumer := range r.consumers {
		all.Go(func() { failed[i] = consumer.Drain(ctx) })
	}
	all.Wait()
	return errors.Join(failed...)
}

// handler is what the broker calls.
func (r *Runner) handler(s Bound) broker.Handler {
	return func(ctx context.Context, d broker.Delivery) error {
		ctx = database.WithSession(ctx)
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": d.Traceparent})
		ctx = log.NewScope(log.With(ctx, slog.String("subscription", s.Name), slog.String("event", d.ID), slog.String("event_type", d.Type)))
		began := time.Now()
		outcome, err := r.once(ctx, s, d)
		r.took.WithLabelValues(s.Name).Observe(time.Since(began).Seconds())
		r.handled.WithLabelValues(s.Name, outcome).Inc()
		if err != nil && !broker.IsDead(err) {
			r.logger.WarnContext(ctx, "an event was not handled", slog.Int("attempt", d.Attempt), slog.Any("error", err))
		}
		return err
	}
}

// once runs the function in its transaction. A database that is away is no fault of the event.
func (r *Runner) once(ctx context.Context, s Bound, d broker.Delivery) (outcome string, err error) {
	if d.ID == "" {
		return "dead", broker.Dead(errors.New("the message has no id, by which it could be told from others"))
	}
	run, err := s.resolve(d.Message)
	if err != nil {
		return "dead", broker.Dead(err)
	}
	handled, err := inbox.Once(WithEventID(ctx, d.ID), s.DB, s.Name, d.ID, run)
	switch {
	case err == nil && handled:
		return "done", nil
	case err == nil:
		return "duplicate", nil
	case broker.IsDead(err):
		return "dead", err
	case errors.Is(err, database.ErrUnavailable):
		return "postponed", broker.Postpone(fmt.Errorf("%s: %w", d.Type, err))
	default:
		return "failed", fmt.Errorf("%s: %w", d.Type, err)
	}
}
