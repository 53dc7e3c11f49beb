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
	less   chan struct{} // signals that there is less, at least once
}

func (h *holdings) add(c *claim) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.claims[c] = map[int64]context.CancelCauseFunc{}
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
	select {
	case h.less <- struct{}{}:
	default:
	}
}

func (h *holdings) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.jobs
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
		for c, seqs := range w.held.all() {
			if err := w.prolong(ctx, c, seqs); err != nil && ctx.Err() == nil {
				w.logger.WarnContext(ctx, "the lease of jobs was not renewed", slog.String("queue", w.queue), slog.Any("error", err))
			}
		}
	}
}

// nobodyWrites tells whether a lease was not renewed because its turn to write did not come, where one alone can write: a
// handler's transaction may take as long as it likes there. Nobody takes the job meanwhile, since that is a write, too; who
// does afterwards is found by the next renewal.
func (w *Worker) nobodyWrites(err error) bool {
	return w.db.Driver() == "sqlite" && (errors.Is(err, database.ErrBusy) || errors.Is(err, context.DeadlineExceeded))
}

// prolong renews the lease of a claim's jobs. Those that others have taken are let go; when the lease runs out before
// the next attempt to renew it, all are.
func (w *Worker) prolong(ctx context.Context, c *claim, seqs []int64) error {
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, w.options.Lease/3)
	defer cancel()
	mine := w.db.Writer(limited).Model(&row{}).Where("seq IN ? AND owner = ?", seqs, c.id).
		Update("due_at", w.now().Add(w.options.Lease).UnixMicro())
	if mine.Error != nil {
		if time.Until(c.until) < w.options.Lease/3 && !w.nobodyWrites(mine.Error) {
			w.held.drop(c, ErrLeaseLost, seqs...)
		}
		return fmt.Errorf("renew the lease of %d jobs: %w", len(seqs), mine.Error)
	}
	c.until = began.Add(w.options.Lease)
	if mine.RowsAffected == int64(len(seqs)) {
		return nil
	}
	var left []int64
	err := w.db.Writer(limited).Model(&row{}).Where("seq IN ? AND owner = ?", seqs, c.id).Pluck("seq", &left).Error
	if err != nil {
		return fmt.Errorf("find the jobs that are left of %d: %w", len(seqs), err)
	}
	kept := map[int64]bool{}
	for _, seq := range left {
		kept[seq] = true
	}
	for _, seq := range seqs {
		if !kept[seq] {
			w.held.drop(c, ErrLeaseLost, seq) // or struck off a moment ago: then nothing runs
		}
	}
	return nil
}
