package outbox

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/lease"
)

const (
	gatherWait = 2 * time.Millisecond   // after a turn: what is committed meanwhile goes in one, and who writes gets the database
	yieldWait  = 20 * time.Millisecond  // after which it is looked whether another relay has sent what woke this one
	firstPause = 100 * time.Millisecond // when the broker or the database is away
	lastPause  = 5 * time.Second
)

// Publisher is what a relay sends to.
type Publisher interface {
	// Publish gives an error for each message in its place, nil once it is safe.
	Publish(ctx context.Context, messages []broker.Message) []error
}

// Relay sends the events of one database, in turns with those of other processes.
type Relay struct {
	cfg    Config
	db     *database.DB
	to     Publisher
	now    clock.Clock
	logger *slog.Logger
	lease  *lease.Lease

	woken    chan struct{} // one signal is kept
	draining chan struct{}
	drain    sync.Once
	ended    chan struct{}
	limit    int // rows read at once: fewer than Batch while they are large

	sent, failed atomic.Int64
}

// NewRelay makes the relay of one database. It works when it is run.
func (o *Outbox) NewRelay(cfg Config, db *database.DB, to Publisher, logger *slog.Logger) *Relay {
	r := &Relay{
		cfg: cfg, db: db, to: to, now: o.now, logger: logger, lease: lease.New(db, "outbox", cfg.Lease, o.now), limit: cfg.Batch,
		woken: make(chan struct{}, 1), draining: make(chan struct{}), ended: make(chan struct{}),
	}
	o.register(r)
	return r
}

func (r *Relay) wake() {
	select {
	case r.woken <- struct{}{}:
	default:
	}
}

// Run sends until Drain, or until ctx ends. It is called once.
func (r *Relay) Run(ctx context.Context) error {
	defer close(r.ended)
	failures := 0
	for r.working(ctx) {
		turn, err := r.turn(ctx)
		switch {
		case err != nil:
			failures++
			if ctx.Err() == nil {
				r.logger.WarnContext(ctx, "events were not sent", slog.String("database", r.db.Name()), slog.Any("error", err))
			}
			r.pause(ctx, nil, backoff.Exponential{First: firstPause, Last: lastPause}.After(failures))
		case !turn: // another one is at it: it may have looked before the event that woke this one was there
			r.pause(ctx, nil, backoff.Jitter(yieldWait))
		default:
			failures = 0
			r.pause(ctx, nil, gatherWait)
			r.idle(ctx)
		}
	}
	if failures == 0 && ctx.Err() == nil {
		_, _ = r.turn(ctx) // what was committed last; what fails now is for the next start
	}
	return nil
}

// Drain sends what is there and ends; the error is that of ctx when it ends first. What then is left is for others, or
// for the next start.
func (r *Relay) Drain(ctx context.Context) error {
	r.drain.Do(func() { close(r.draining) })
	select {
	case <-r.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("drain the outbox of the database %s: %w", r.db.Name(), ctx.Err())
	}
}

func (r *Relay) working(ctx context.Context) bool {
	select {
	case <-r.draining:
		return false
	default:
		return ctx.Err() == nil
	}
}

// idle waits until there is something to send.
func (r *Relay) idle(ctx context.Context) {
	for r.working(ctx) && !r.pause(ctx, r.woken, backoff.Jitter(r.cfg.Poll)) {
		if waiting, err := r.waiting(ctx); err != nil || waiting { // the error shows when events are sent
			return
		}
	}
}

// pause waits for a signal, and says whether it came before the time or the work ended.
func (r *Relay) pause(ctx context.Context, signal <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-signal:
		return true
	case <-timer.C:
	case <-r.draining:
	case <-ctx.Done():
	}
	return false
}

// Backlog is what waits to be sent.
type Backlog struct {
	Events int64
	Oldest time.Time // when the first of them happened; zero when there is none
}

// Backlog counts what waits to be sent.
func (r *Relay) Backlog(ctx context.Context) (Backlog, error) {
	var counted struct {
		Events int64
		Oldest *int64
	}
	err := r.db.Reader(ctx).Model(&row{}).Select("COUNT(*) AS events, MIN(happened_at) AS oldest").Take(&counted).Error
	if err != nil {
		return Backlog{}, fmt.Errorf("count the events to send: %w", err)
	}
	backlog := Backlog{Events: counted.Events}
	if counted.Oldest != nil {
		backlog.Oldest = time.UnixMicro(*counted.Oldest).UTC()
	}
	return backlog, nil
}
