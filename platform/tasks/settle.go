package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/queue"
)

// outcome is what became of a run.
type outcome struct {
	result []byte
	err    error
	took   time.Duration
}

// settle writes down what became of a run, and gives what is to become of its job. ctx is that of the handler; whatever
// has ended it, what happened is written down.
func (w *Worker) settle(ctx context.Context, h Handler, r *row, run *Run, o outcome) error {
	cause := context.Cause(ctx)
	percent, message := run.progress()
	r.Progress, r.Message = percent, message
	rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.cfg.Lease)
	defer cancel()
	switch {
	case errors.Is(cause, queue.ErrLeaseLost), errors.Is(o.err, ErrSuperseded):
		return queue.ErrLeaseLost
	case o.err == nil:
		r.Progress, r.Result = 100, o.result
		w.meter.finished(h.kind, Succeeded, o.took)
		return w.persist(rest, run, w.ending(r, Succeeded))
	case errors.Is(cause, errCanceled):
		w.meter.finished(h.kind, Canceled, o.took)
		return w.persist(rest, run, w.ending(r, Canceled))
	case errors.Is(cause, context.Canceled): // the process ends: that is no fault of the task
		err := w.persist(rest, run, map[string]any{
			"state": Queued, "run": nil, "attempt": r.Attempt - 1, "progress": percent, "message": message,
		})
		return errors.Join(cause, err)
	case !final(o.err) && r.Attempt < h.options.Attempts:
		return w.tryAgain(rest, h, r, run, o.err)
	default:
		w.note(rest, slog.LevelError, "a task has failed", r, o.err)
		w.meter.finished(h.kind, Failed, o.took)
		return w.persist(rest, run, w.failing(r, problem.From(o.err)))
	}
}

// final tells whether it is of no use to try a task again after err: what the client did wrong stays wrong.
func final(err error) bool {
	var last *finalError
	return errors.As(err, &last) ||
		problem.From(err).Kind.Status < http.StatusInternalServerError && !errors.Is(err, context.Canceled)
}

func (w *Worker) tryAgain(ctx context.Context, h Handler, r *row, run *Run, failure error) error {
	wait := h.options.Backoff.After(r.Attempt)
	w.note(ctx, slog.LevelWarn, "a task is tried again", r, failure)
	err := w.persist(ctx, run, map[string]any{
		"state": Queued, "run": nil, "run_at": w.now().Add(wait).UnixMicro(), "progress": r.Progress, "message": r.Message,
	})
	if err != nil {
		return err
	}
	return queue.Later(wait, failure)
}

func (w *Worker) note(ctx context.Context, level slog.Level, what string, r *row, err error) {
	attrs := []slog.Attr{
		slog.String("task", r.ID), slog.String("kind", r.Kind), slog.Int("attempt", r.Attempt), slog.Any("error", err),
	}
	if stack := problem.Stack(err); stack != nil {
		attrs = append(attrs, slog.String("stack", string(stack)))
	}
	w.logger.LogAttrs(ctx, level, what, attrs...)
}

// persist changes the row of a run, and tries again while ctx lasts: a task that has come to its end should not be
// carried out once more because the database was away for a moment.
func (w *Worker) persist(ctx context.Context, run *Run, values map[string]any) error {
	for tries := 1; ; tries++ {
		err := run.update(ctx, values)
		if err == nil || errors.Is(err, queue.ErrLeaseLost) {
			return err
		}
		w.logger.WarnContext(ctx, "what became of a task was not written down", slog.String("task", run.ID), slog.Any("error", err))
		timer := time.NewTimer(backoff.Exponential{First: 50 * time.Millisecond, Last: 2 * time.Second}.After(tries))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// ending is what changes in a row with its last state.
func (t *Tasks) ending(r *row, state State) map[string]any {
	now := t.now()
	r.State, r.FinishedAt, r.Run, r.UniqueKey = state, now.UnixMicro(), nil, nil
	retention := time.Duration(r.Retention) * time.Microsecond
	if retention == 0 { // it was never begun
		retention = Options{}.withDefaults().Retention
	}
	r.ExpiresAt = now.Add(retention).UnixMicro()
	return map[string]any{
		"state": state, "finished_at": r.FinishedAt, "expires_at": r.ExpiresAt, "run": nil, "unique_key": nil, "saved": nil,
		"progress": r.Progress, "message": r.Message, "result": r.Result, "failure": r.Failure,
	}
}

// failing is ending of a task that has failed with a problem. What of it is not for clients stays away.
func (t *Tasks) failing(r *row, occurrence *problem.Error) map[string]any {
	r.Failure, _ = json.Marshal(occurrence.Document("")) // strings and numbers
	return t.ending(r, Failed)
}

// finish ends a task that does not run, within the transaction that has locked it.
func (t *Tasks) finish(ctx context.Context, r *row, state State, occurrence *problem.Error) error {
	values := t.ending(r, state)
	if occurrence != nil {
		values = t.failing(r, occurrence)
	}
	if err := t.db.Writer(ctx).Model(&row{}).Where("id = ?", r.ID).Updates(values).Error; err != nil {
		return fmt.Errorf("finish the task %s: %w", r.ID, err)
	}
	return nil
}

func (w *Worker) fail(ctx context.Context, r *row, occurrence *problem.Error) error {
	w.note(ctx, slog.LevelError, "a task has failed", r, occurrence)
	return w.finish(ctx, r, Failed, occurrence)
}
