package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/trellis-go/trellis/platform/database"
)

// holdings is what a worker has taken and not yet struck off, by claim. Of a job that runs there is how to end it.
type holdings struct {
	mu     sync.Mutex
	claims map[*claim]map[int64]context.CancelCauseFunc
	jobs   int
	runs   int           // that are not at their end
	less   chan struct{} // signals that there is less, at least once
}

func (h *holdings) add(c *claim) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.claims[c] = map[int64]context.CancelCauseFunc{}
	h.runs += len(c.runs)
	for _, rows := range c.runs {
		for _, r := range rows {
			h.claims[c][r.Seq] = nil
			h.jobs++
		}
	}
}

// begin says that a job of a claim runs, and answers whether it is still held.
func (h *holdings) begin(c *claim, seq int64, lose context.CancelCauseFunc) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, held := h.claims[c][seq]
	if held {
		h.claims[c][seq] = lose
	}
	return held
}

// drop lets go of jobs, and ends them when a cause is given.
func (h *holdings) drop(c *claim, cause error, seqs ...int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, seq := range seqs {
		lose, held := h.claims[c][seq]
		if !held {
			continue
		}
		if lose != nil && cause != nil {
			lose(cause)
		}
		delete(h.claims[c], seq)
		h.jobs--
	}
	if len(h.claims[c]) == 0 {
		delete(h.claims, c)
	}
	h.signal()
}

// end says that a run has come to its end.
func (h *holdings) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.runs--
	h.signal()
}

func (h *holdings) signal() {
	select {
	case h.less <- struct{}{}:
	default:
	}
}

func (h *holdings) count() (jobs, runs int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.jobs, h.runs
}

// all is the jobs of every claim at this moment.
func (h *holdings) all() map[*claim][]int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := map[*claim][]int64{}
	for c, jobs := range h.claims {
		for seq := range jobs {
			all[c] = append(all[c], seq)
		}
	}
	return all
}

// renew prolongs the leases until ctx ends, and ends what runs on one that could not be.
func (w *Worker) renew(ctx context.Context) {
	ticker := time.NewTicker(w.options.Lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := w.prolong(ctx, w.held.all()); err != nil && ctx.Err() == nil {
			w.logger.WarnContext(ctx, "the leases of jobs were not renewed", slog.String("queue", w.queue), slog.Any("error", err))
		}
	}
}

// nobodyWrites tells whether a lease was not renewed because its turn to write did not come, where one alone can write: a
// handler's transaction may take as long as it likes there. Nobody takes the job meanwhile, since that is a write, too; who
// does afterwards is found by the next renewal.
func (w *Worker) nobodyWrites(err error) bool {
	return w.db.Driver() == "sqlite" && (errors.Is(err, database.ErrBusy) || errors.Is(err, context.DeadlineExceeded))
}

// prolong renews the leases of all that is held, at once, so that none waits for another. Jobs that others have taken are
// let go, and so are those whose lease runs out before the next attempt to renew it.
func (w *Worker) prolong(ctx context.Context, held map[*claim][]int64) error {
	var seqs []int64
	var owners []string
	for c, jobs := range held {
		seqs, owners = append(seqs, jobs...), append(owners, c.id)
	}
	if len(seqs) == 0 {
		return nil
	}
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, w.options.Lease/3)
	defer cancel()
	mine := w.db.Writer(limited).Model(&row{}).Where("seq IN ? AND owner IN ?", seqs, owners).
		Update("due_at", w.now().Add(w.options.Lease).UnixMicro())
	if mine.Error != nil {
		for c, jobs := range held {
			if time.Until(c.until) < w.options.Lease/3 && !w.nobodyWrites(mine.Error) {
				w.held.drop(c, ErrLeaseLost, jobs...)
			}
		}
		return fmt.Errorf("renew the lease of %d jobs: %w", len(seqs), mine.Error)
	}
	for c := range held {
		c.until = began.Add(w.options.Lease)
	}
	if mine.RowsAffected == int64(len(seqs)) {
		return nil
	}
	var left []place
	err := w.db.Writer(limited).Model(&row{}).Where("seq IN ? AND owner IN ?", seqs, owners).Find(&left).Error
	if err != nil {
		return fmt.Errorf("find the jobs that are left of %d: %w", len(seqs), err)
	}
	owner := map[int64]string{}
	for _, p := range left {
		owner[p.Seq] = *p.Owner
	}
	for c, jobs := range held {
		for _, seq := range jobs {
			if owner[seq] != c.id {
				w.held.drop(c, ErrLeaseLost, seq) // or struck off a moment ago: then nothing runs
			}
		}
	}
	return nil
}
