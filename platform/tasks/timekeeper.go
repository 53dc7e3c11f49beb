package tasks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/database"
)

// glance is how often the timetables are looked at, at the latest: others may have changed them, and clocks are set.
const glance = 5 * time.Second

// keepTime starts what is due until Drain, or the end of ctx.
func (w *Worker) keepTime(ctx context.Context) {
	ctx = database.WithSession(ctx)
	entered := false
	for {
		var err error
		wait := backoff.Jitter(glance)
		if !entered {
			err = w.enter(ctx)
			entered = err == nil
		}
		if err == nil {
			var next time.Time
			if next, err = w.startDue(ctx); err == nil {
				wait = max(min(wait, next.Sub(w.now())), 0)
			}
		}
		if err != nil && ctx.Err() == nil {
			w.logger.WarnContext(ctx, "schedules were not looked at", slog.Any("error", err))
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
		case <-w.draining:
		}
		timer.Stop()
		if ctx.Err() != nil || w.isDraining() {
			return
		}
	}
}

func (w *Worker) isDraining() bool {
	select {
	case <-w.draining:
		return true
	default:
		return false
	}
}

// enter stores the timetables of schedules that are new or have changed.
func (w *Worker) enter(ctx context.Context) error {
	for _, s := range w.schedules {
		err := w.db.InTx(ctx, func(ctx context.Context) error {
			found, err := w.lockTimetable(ctx, s.name)
			next := s.plan.Next(w.now()).UnixMicro()
			switch {
			case database.IsNotFound(err):
				err = w.db.Writer(ctx).Create(&timetable{Name: s.name, Spec: s.spec, NextAt: next}).Error
				if errors.Is(err, database.ErrDuplicate) {
					return nil // another process was quicker
				}
				return err
			case err == nil && found.Spec != s.spec:
				return w.db.Writer(ctx).Model(found).Updates(map[string]any{"spec": s.spec, "next_at": next}).Error
			default:
				return err
			}
		})
		if err != nil {
			return fmt.Errorf("enter the schedule %s: %w", s.name, err)
		}
	}
	return nil
}

func (w *Worker) lockTimetable(ctx context.Context, name string) (*timetable, error) {
	var found timetable
	return &found, w.db.Writer(ctx).Scopes(database.ForUpdate).Where("name = ?", name).Take(&found).Error
}

// startDue starts the tasks that are due, and gives when the next is.
func (w *Worker) startDue(ctx context.Context) (next time.Time, err error) {
	var rows []timetable
	if err := w.db.Reader(ctx).Find(&rows).Error; err != nil {
		return next, fmt.Errorf("read the timetables: %w", err)
	}
	due := map[string]int64{}
	for _, r := range rows {
		due[r.Name] = r.NextAt
	}
	var failed []error
	for _, s := range w.schedules {
		at, entered := due[s.name]
		if entered && at <= w.now().UnixMicro() {
			at, err = w.startOne(ctx, s)
			failed = append(failed, err)
		}
		if moment := time.UnixMicro(at); entered && (next.IsZero() || moment.Before(next)) {
			next = moment
		}
	}
	return next, errors.Join(failed...)
}

// startOne starts the task of a schedule, unless another process has done so, and gives when it is due again. Whatever
// was missed, it is started once.
func (w *Worker) startOne(ctx context.Context, s Schedule) (next int64, err error) {
	err = w.db.InTx(ctx, func(ctx context.Context) error {
		found, err := w.lockTimetable(ctx, s.name)
		if err != nil {
			return err
		}
		if next = found.NextAt; next > w.now().UnixMicro() {
			return nil
		}
		task, err := w.enqueue(ctx, s.kind, s.payload, Spec{Key: "schedule:" + s.name})
		if err != nil {
			return err
		}
		next = s.plan.Next(w.now()).UnixMicro()
		return w.db.Writer(ctx).Model(found).Updates(map[string]any{"next_at": next, "task_id": task.ID}).Error
	})
	if err != nil {
		return next, fmt.Errorf("start the schedule %s: %w", s.name, err)
	}
	return next, nil
}
