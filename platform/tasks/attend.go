package tasks

import (
	"context"
	"log/slog"
	"time"

	"github.com/trellis-go/trellis/platform/database"
)

const (
	pulse         = 500 * time.Millisecond // how often what runs is looked after
	reportTimeout = 150 * time.Millisecond // for progress to be written down: not worth more, nor a report of a slow statement
)

// attend looks after the runs of this process until ctx ends: it ends those that were canceled or taken over elsewhere,
// and writes down what progress was reported.
func (t *Tasks) attend(ctx context.Context) {
	ticker := time.NewTicker(pulse)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		runs := t.held()
		if len(runs) == 0 {
			continue
		}
		if err := t.heed(ctx, runs); err != nil && ctx.Err() == nil {
			t.logger.WarnContext(ctx, "not known whether tasks were canceled", slog.Any("error", err))
		}
		for _, run := range runs {
			t.report(ctx, run)
		}
	}
}

func (t *Tasks) held() map[string]*Run {
	t.mu.Lock()
	defer t.mu.Unlock()
	runs := make(map[string]*Run, len(t.runs))
	for taskID, run := range t.runs {
		runs[taskID] = run
	}
	return runs
}

// heed ends the runs that others have canceled or superseded. A replica may still have the run before, which would look
// as if this one were superseded.
func (t *Tasks) heed(ctx context.Context, runs map[string]*Run) error {
	limited, cancel := context.WithTimeout(ctx, 4*pulse)
	defer cancel()
	ids := make([]string, 0, len(runs))
	for taskID := range runs {
		ids = append(ids, taskID)
	}
	var found []row
	err := t.db.Reader(database.Fresh(limited)).Select("id", "run", "canceling").Where("id IN ? AND state = ?", ids, Running).Find(&found).Error
	for _, r := range found {
		switch run := runs[r.ID]; {
		case r.Run == nil || *r.Run != run.token:
			run.end(ErrSuperseded)
		case r.Canceling:
			run.end(errCanceled)
		}
	}
	return err
}

// report writes down progress that was not yet. What fails is tried again with the next pulse: on SQLite a handler's own
// transaction may hold the only writer.
func (t *Tasks) report(ctx context.Context, run *Run) {
	run.mu.Lock()
	percent, message, dirty := run.percent, run.message, run.dirty
	run.dirty = false
	run.mu.Unlock()
	if !dirty {
		return
	}
	limited, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	if err := run.update(limited, map[string]any{"progress": percent, "message": message}); err != nil {
		run.mu.Lock()
		run.dirty = true
		run.mu.Unlock()
		t.logger.DebugContext(ctx, "the progress of a task was not written down", slog.String("task", run.ID), slog.Any("error", err))
	}
}
