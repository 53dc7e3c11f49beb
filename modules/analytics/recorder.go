package analytics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/lease"
)

const (
	moveLease = 30 * time.Second // after which another process goes on where one died
	moveBytes = 16 << 20         // of one batch, unless one fact alone has more
	moveOld   = 1000             // facts of history at once: what Oracle takes in a list
	moveQuick = moveLease / 3    // within which a batch leaves time for one of twice its size
	maxHalved = 16               // after which the biggest batch is one fact
	maxShown  = 100_000          // of those that wait: to count millions every few seconds is no help to who has them
)

// Recorder takes facts from events and brings them into the warehouse.
//
// Where that is another database no transaction can span both. So a fact is first kept in the transaction of its event,
// which is acknowledged no earlier, and moved in batches by one process at a time, which forgets a batch once the
// warehouse has it. What is moved again, after a crash in between, is the same fact to the warehouse. While the warehouse is
// down facts wait in the database, not in memory.
type Recorder struct {
	cfg       Config
	repo      *Repository
	warehouse Warehouse
	direct    bool          // the warehouse is the database of the module
	history   *SQLWarehouse // what was counted in the database of the module while it was the warehouse
	now       clock.Clock
	logger    *slog.Logger
	lease     *lease.Lease
	halved    int // how often the size of batches was, since bigger ones take longer than the lease

	recent atomic.Int64  // facts kept by this process since it looked last
	woken  chan struct{} // one signal is kept
	moved  prometheus.Counter
	stuck  prometheus.Gauge
}

// NewRecorder makes the recorder. It moves facts when it is run.
func NewRecorder(
	cfg Config, repo *Repository, warehouse Warehouse, now clock.Clock, registry *prometheus.Registry, logger *slog.Logger,
) *Recorder {
	own, sql := warehouse.(*SQLWarehouse)
	r := &Recorder{
		cfg: cfg, repo: repo, warehouse: warehouse, direct: sql && own.DB == repo.DB, history: &SQLWarehouse{repo.DB},
		now: now, logger: logger,
		lease: lease.New(repo.DB, "analytics", moveLease, now), woken: make(chan struct{}, 1),
		moved: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "trellis_analytics_facts_moved_total", Help: "Facts that were moved into the warehouse.",
		}),
		stuck: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "trellis_analytics_facts_waiting", Help: "Facts that wait to be moved into the warehouse, as last looked; 100000 when there are more.",
		}),
	}
	registry.MustRegister(r.moved, r.stuck)
	return r
}

// kept counts a fact that waits, and wakes Run when there are enough for a batch.
func (r *Recorder) kept() {
	if r.recent.Add(1) >= int64(r.cfg.BatchSize) {
		select {
		case r.woken <- struct{}{}:
		default:
		}
	}
}

// Run moves facts whenever there are enough for a batch or one has waited for so long, until ctx ends. It also moves what
// was counted here before there was a warehouse of its own, and what still waited for one when it was taken away.
func (r *Recorder) Run(ctx context.Context) error {
	pause := backoff.Exponential{First: r.cfg.BatchAge, Last: max(r.cfg.BatchAge, 10*time.Second)}
	failures := 0
	for {
		wait := r.cfg.BatchAge
		if failures > 0 {
			wait = pause.After(failures + 1)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		case <-r.woken:
			timer.Stop()
		}
		r.recent.Store(0)
		switch err := r.Move(ctx); {
		case err == nil:
			failures = 0
		case ctx.Err() == nil:
			failures++
			r.logger.WarnContext(ctx, "facts were not moved into the warehouse", slog.Any("error", err))
		}
	}
}

// Move moves everything that waits, unless another process does.
func (r *Recorder) Move(ctx context.Context) (err error) {
	facts, since, err := r.look(ctx)
	if err != nil {
		return err
	}
	old, err := r.counted(ctx, 1)
	if err != nil || facts == 0 && len(old) == 0 {
		return err
	}
	if held, err := r.lease.Acquire(ctx); err != nil || !held {
		return err
	}
	defer func() {
		_, failed := r.lease.Release(context.WithoutCancel(ctx))
		err = errors.Join(err, failed)
	}()
	for more := true; more && err == nil; {
		more, err = r.batch(ctx)
	}
	switch {
	case err != nil && facts > 0:
		return fmt.Errorf("%d facts or more wait, since %s: %w", facts, since.Format(time.RFC3339), err)
	case err != nil:
		return fmt.Errorf("facts that were counted here are not in the warehouse: %w", err)
	}
	_, _, err = r.look(ctx)
	return err
}

// look is the backlog, which it shows.
func (r *Recorder) look(ctx context.Context) (facts int64, since time.Time, err error) {
	facts, since, err = r.repo.Backlog(ctx, maxShown)
	if err == nil {
		r.stuck.Set(float64(facts))
	}
	return facts, since, err
}

// batch moves one batch while the lease lasts, and says whether there may be more.
func (r *Recorder) batch(ctx context.Context) (more bool, err error) {
	if held, err := r.lease.Acquire(ctx); err != nil || !held {
		return false, err
	}
	limited, cancel := context.WithDeadline(ctx, r.lease.Until())
	defer cancel()
	began := time.Now()
	facts, err := r.moveNext(limited)
	switch deadline, _ := limited.Deadline(); {
	case err != nil && !time.Now().Before(deadline): // tried again as it is, it would never be moved
		r.halved = min(r.halved+1, maxHalved)
	case err == nil && facts > 0 && time.Since(began) < moveQuick:
		r.halved = max(r.halved-1, 0)
	}
	r.moved.Add(float64(facts))
	return facts > 0, err
}

// moveNext moves the next facts, and says how many.
func (r *Recorder) moveNext(ctx context.Context) (int, error) {
	facts, forget, err := r.next(ctx)
	if err != nil || len(facts) == 0 {
		return 0, err
	}
	if err := r.warehouse.Store(ctx, facts); err != nil {
		return 0, err
	}
	if err := forget(ctx); err != nil {
		return 0, err
	}
	return len(facts), nil
}

// next are facts for the warehouse, and what forgets them here: those that wait, and then those of history.
func (r *Recorder) next(ctx context.Context) (facts []Fact, forget func(context.Context) error, err error) {
	facts, seqs, err := r.repo.Waiting(ctx, max(r.cfg.BatchSize>>r.halved, 1), moveBytes)
	if err != nil || len(facts) > 0 {
		return facts, func(ctx context.Context) error { return r.repo.Forget(ctx, seqs) }, err
	}
	facts, err = r.counted(ctx, max(moveOld>>r.halved, 1))
	return facts, func(ctx context.Context) error {
		return r.repo.InTx(ctx, func(ctx context.Context) error { return r.history.Remove(ctx, facts) })
	}, err
}

// counted are facts of history, none when they are where they belong.
func (r *Recorder) counted(ctx context.Context, limit int) ([]Fact, error) {
	if r.direct {
		return nil, nil
	}
	return r.history.First(ctx, limit)
}
