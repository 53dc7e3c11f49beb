package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/lease"
)

const (
	batchBytes = 8 << 20                // of one batch, unless one event alone has more
	yieldWait  = 20 * time.Millisecond  // after which it is looked whether another relay has sent what woke this one
	sweepEvery = time.Minute            // how often sent events are looked through
	sweepRows  = 500                    // deleted by one statement, so that nobody waits for it
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
	swept    time.Time

	sent, failed atomic.Int64
}

// NewRelay makes the relay of one database. It works when it is run.
func (o *Outbox) NewRelay(cfg Config, db *database.DB, to Publisher, logger *slog.Logger) *Relay {
	r := &Relay{
		cfg: cfg, db: db, to: to, now: o.now, logger: logger, lease: lease.New(db, "outbox", cfg.Lease, o.now),
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

// idle waits until there is something to send, and clears away what was sent long ago meanwhile.
func (r *Relay) idle(ctx context.Context) {
	for r.working(ctx) && !r.pause(ctx, r.woken, backoff.Jitter(r.cfg.Poll)) {
		pending, err := r.pending(r.db.Reader(ctx), 1)
		if err != nil || len(pending) > 0 { // the error shows when events are sent
			return
		}
		if err := r.sweep(ctx); err != nil && ctx.Err() == nil {
			r.logger.WarnContext(ctx, "sent events were not cleared away", slog.String("database", r.db.Name()), slog.Any("error", err))
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

// turn sends everything that is pending, and answers false when another relay is doing so. The lease is held as long as
// there is something to send: whoever commits events can send them at once, in whichever process.
func (r *Relay) turn(ctx context.Context) (held bool, err error) {
	if held, err = r.lease.Acquire(ctx); err != nil || !held {
		return held, err
	}
	defer func() { err = errors.Join(err, r.lease.Release(context.WithoutCancel(ctx))) }()
	for ctx.Err() == nil {
		if time.Until(r.lease.Until()) < r.cfg.Lease/2 {
			if held, err = r.lease.Acquire(ctx); err != nil || !held {
				return held, err
			}
		}
		more, err := r.send(ctx)
		if err != nil || !more {
			return true, err
		}
	}
	return true, ctx.Err()
}

// send sends one batch while the lease lasts, and says whether there is more.
func (r *Relay) send(ctx context.Context) (more bool, err error) {
	limited, cancel := context.WithDeadline(ctx, r.lease.Until())
	defer cancel()
	seqs, err := r.pending(r.db.Writer(limited), r.cfg.Batch)
	if err != nil || len(seqs) == 0 {
		return false, err
	}
	var rows []row
	if err := r.db.Writer(limited).Where("seq IN ?", seqs).Order("seq").Find(&rows).Error; err != nil {
		return false, fmt.Errorf("read %d events: %w", len(seqs), err)
	}
	messages := make([]broker.Message, len(rows))
	for i, one := range rows {
		messages[i] = broker.Message{
			ID: one.ID, Source: r.cfg.Source, Type: one.Type, Subject: one.Subject, Time: time.UnixMicro(one.HappenedAt).UTC(),
			ContentType: broker.JSON, Traceparent: one.Traceparent, Data: one.Data,
		}
	}
	var confirmed []int64
	for i, failed := range r.to.Publish(limited, messages) {
		if failed == nil {
			confirmed = append(confirmed, rows[i].Seq)
		} else if err == nil {
			err = failed
		}
	}
	r.sent.Add(int64(len(confirmed)))
	r.failed.Add(int64(len(rows) - len(confirmed)))
	return true, errors.Join(err, r.mark(ctx, confirmed))
}

// pending finds the first events that are to be sent, no more than can be held in memory.
func (r *Relay) pending(from *gorm.DB, limit int) ([]int64, error) {
	var found []row
	err := from.Select("seq, data_size").Where("sent_at = 0").Order("seq").Limit(limit).Find(&found).Error
	if err != nil {
		return nil, fmt.Errorf("find events to send: %w", err)
	}
	var seqs []int64
	size := 0
	for _, one := range found {
		if size += one.DataSize; size > batchBytes && len(seqs) > 0 {
			break
		}
		seqs = append(seqs, one.Seq)
	}
	return seqs, nil
}

// mark notes that events were sent, or forgets them when they are not to be kept.
func (r *Relay) mark(ctx context.Context, seqs []int64) error {
	if len(seqs) == 0 {
		return nil
	}
	var err error
	if r.cfg.Retention == 0 {
		err = r.db.Writer(ctx).Where("seq IN ?", seqs).Delete(&row{}).Error
	} else {
		err = r.db.Writer(ctx).Model(&row{}).Where("seq IN ?", seqs).Update("sent_at", r.now().UnixMicro()).Error
	}
	if err != nil {
		return fmt.Errorf("mark %d events as sent: %w", len(seqs), err)
	}
	return nil
}

// sweep deletes some of the events that were sent long ago, when it is time to.
func (r *Relay) sweep(ctx context.Context) error {
	if time.Since(r.swept) < sweepEvery {
		return nil
	}
	var seqs []int64
	err := r.db.Reader(ctx).Model(&row{}).Where("sent_at > 0 AND sent_at < ?", r.now().Add(-r.cfg.Retention).UnixMicro()).
		Order("sent_at").Limit(sweepRows).Pluck("seq", &seqs).Error
	if err == nil && len(seqs) > 0 {
		err = r.db.Writer(ctx).Where("seq IN ?", seqs).Delete(&row{}).Error
	}
	if len(seqs) < sweepRows {
		r.swept = time.Now()
	}
	return err
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
	err := r.db.Reader(ctx).Model(&row{}).Select("COUNT(*) AS events, MIN(happened_at) AS oldest").Where("sent_at = 0").Take(&counted).Error
	if err != nil {
		return Backlog{}, fmt.Errorf("count the events to send: %w", err)
	}
	backlog := Backlog{Events: counted.Events}
	if counted.Oldest != nil {
		backlog.Oldest = time.UnixMicro(*counted.Oldest).UTC()
	}
	return backlog, nil
}
