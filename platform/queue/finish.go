package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/database"
)

// outcome is what became of jobs of a claim: one that was carried out, or several that were not begun.
type outcome struct {
	claim *claim
	rows  []row
	err   error
	last  bool // of its run
}

// finish writes down outcomes, as many at a time as there are, until there are no more.
func (w *Worker) finish(ctx context.Context) {
	for first := range w.outcomes {
		batch := []outcome{first}
		for more := true; more && len(batch) < w.options.Prefetch; {
			select {
			case next, open := <-w.outcomes:
				if more = open; open {
					batch = append(batch, next)
				}
			default:
				more = false
			}
		}
		w.settle(ctx, batch)
	}
}

// settle writes outcomes down, and tries again while the leases last: after that others have the jobs.
func (w *Worker) settle(ctx context.Context, batch []outcome) {
	limited, cancel := context.WithTimeout(ctx, w.options.Lease)
	defer cancel()
	for tries := 1; ; tries++ {
		err := w.db.InTx(limited, func(ctx context.Context) error { return w.write(ctx, batch) })
		if err == nil {
			break
		}
		w.logger.WarnContext(ctx, "what became of jobs was not written down", slog.String("queue", w.queue),
			slog.Int("jobs", len(batch)), slog.Any("error", err))
		if limited.Err() != nil {
			break
		}
		timer := time.NewTimer(backoff.Exponential{First: 50 * time.Millisecond, Last: time.Second}.After(tries))
		select {
		case <-timer.C:
		case <-limited.Done():
		}
		timer.Stop()
	}
	ended := false
	for _, o := range batch {
		w.held.drop(o.claim, nil, seqsOf(o.rows)...)
		ended = ended || o.last
	}
	if ended {
		w.wake() // for those of the same keys
	}
}

func seqsOf(rows []row) []int64 {
	seqs := make([]int64, len(rows))
	for i, r := range rows {
		seqs[i] = r.Seq
	}
	return seqs
}

func (w *Worker) write(ctx context.Context, batch []outcome) error {
	done := map[*claim][]int64{}
	for _, o := range batch {
		var err error
		switch {
		case o.err == nil:
			done[o.claim] = append(done[o.claim], o.rows[0].Seq)
		case errors.Is(o.err, ErrLeaseLost):
		case errors.Is(o.err, errNotBegun):
			err = w.giveBack(ctx, o)
		default:
			err = w.fail(ctx, o)
		}
		if err != nil {
			return err
		}
	}
	for c, seqs := range done {
		err := w.db.Writer(ctx).Where("seq IN ? AND owner = ?", seqs, c.id).Delete(&row{}).Error
		if err != nil {
			return fmt.Errorf("strike off %d jobs: %w", len(seqs), err)
		}
	}
	return nil
}

// giveBack frees jobs as they were taken.
func (w *Worker) giveBack(ctx context.Context, o outcome) error {
	return w.free(ctx, o, map[string]any{
		"owner": nil, "attempt": gorm.Expr("attempt - 1"), "due_at": w.now().UnixMicro(),
	})
}

func (w *Worker) free(ctx context.Context, o outcome, values map[string]any) error {
	err := w.db.Writer(ctx).Model(&row{}).Where("seq IN ? AND owner = ?", seqsOf(o.rows), o.claim.id).Updates(values).Error
	if err != nil {
		return fmt.Errorf("free %d jobs: %w", len(o.rows), err)
	}
	return nil
}

// fail puts a job off, or gives it up.
func (w *Worker) fail(ctx context.Context, o outcome) error {
	job := o.rows[0]
	if wait, again := w.again(job.Attempt, o.err); again {
		if wait < w.options.Poll { // or else it is found by looking
			database.AfterCommit(ctx, func(context.Context) { time.AfterFunc(wait, w.wake) }) // not before it can be seen
		}
		values := map[string]any{
			"owner": nil, "due_at": w.now().Add(wait).UnixMicro(), "last_error": database.Clip(o.err.Error(), maxError),
		}
		var postponed *postponedError
		if errors.As(o.err, &postponed) {
			values["attempt"] = gorm.Expr("attempt - 1")
		}
		return w.free(ctx, o, values)
	}
	gone := w.db.Writer(ctx).Where("seq = ? AND owner = ?", job.Seq, o.claim.id).Delete(&row{})
	if gone.Error != nil || gone.RowsAffected == 0 {
		return gone.Error
	}
	// One that died before under this id was another one, enqueued since: what is known of the last is kept.
	if _, err := w.Discard(ctx, job.Queue, job.ID); err != nil {
		return err
	}
	err := w.db.Writer(ctx).Create(&dead{
		Queue: job.Queue, ID: job.ID, OrderKey: job.OrderKey, Priority: job.Priority, Payload: job.Payload,
		Attempt: job.Attempt, EnqueuedAt: job.EnqueuedAt, DiedAt: w.now().UnixMicro(), LastError: database.Clip(o.err.Error(), maxError),
	}).Error
	if err != nil {
		return fmt.Errorf("keep the dead job %s: %w", job.ID, err)
	}
	database.AfterCommit(ctx, func(ctx context.Context) {
		w.logger.ErrorContext(ctx, "a job is dead", slog.String("queue", job.Queue), slog.String("job", job.ID),
			slog.Int("attempts", job.Attempt), slog.Any("error", o.err))
	})
	return nil
}

// again says whether a job that failed is to be tried again, and when.
func (w *Worker) again(attempt int, failure error) (wait time.Duration, again bool) {
	var (
		postponed *postponedError
		later     *laterError
		final     *deadError
	)
	switch {
	case errors.As(failure, &postponed):
		return postponed.wait, true
	case errors.As(failure, &later):
		return later.wait, true
	case errors.As(failure, &final):
		return 0, false
	default:
		return w.options.Backoff.After(attempt), attempt < w.options.Attempts
	}
}

const maxError = 4000 // bytes kept of an error
