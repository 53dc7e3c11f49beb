package tasks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/queue"
)

// Worker carries out tasks, and starts those that are scheduled. Any number of processes may have one.
type Worker struct {
	*Tasks
	handlers  map[string]Handler
	schedules []Schedule
	jobs      *queue.Worker
	meter     *meter
	draining  chan struct{}
	drain     sync.Once
	life      context.Context // of the handlers
	halt      context.CancelFunc
}

// NewWorker makes a worker with these handlers and schedules. It refuses two handlers of one kind, two schedules of one
// name, and schedules that cannot be understood or whose kind has no handler.
func NewWorker(t *Tasks, registry *prometheus.Registry, handlers []Handler, schedules []Schedule) (*Worker, error) {
	w := &Worker{
		Tasks: t, handlers: map[string]Handler{}, schedules: append(schedules, forgetting), draining: make(chan struct{}),
	}
	longest := time.Duration(0)
	for _, h := range append(handlers, t.forget()) {
		if _, taken := w.handlers[h.kind]; taken {
			return nil, fmt.Errorf("two handlers carry out tasks of the kind %s", h.kind)
		}
		w.handlers[h.kind] = h
		longest = max(longest, h.options.Timeout)
	}
	if err := w.checkSchedules(); err != nil {
		return nil, err
	}
	w.meter = newMeter(t, registry)
	w.life, w.halt = context.WithCancel(context.Background())
	w.jobs = t.queue.Worker(queueName, w.carryOut, queue.Options{
		Concurrency: t.cfg.Concurrency, Prefetch: t.cfg.Concurrency, // what waits is for any process to begin
		Classes: classes, Lease: t.cfg.Lease,
		Timeout:  longest + t.cfg.Lease, // that of the kind ends it before
		Attempts: math.MaxInt,           // a task's attempts are counted in its row
	})
	return w, nil
}

// Run works until Drain, or until ctx ends: then what runs is told to end, and given back when it does. It is called
// once.
func (w *Worker) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(w.life, cancel)()
	helping, stop := context.WithCancel(context.WithoutCancel(ctx))
	var helpers sync.WaitGroup
	helpers.Go(func() { w.attend(helping) })
	helpers.Go(func() { w.keepTime(ctx) })
	err := w.jobs.Run(ctx)
	cancel()
	stop()
	helpers.Wait()
	return err
}

// Drain begins nothing any more and waits for what runs. What has not ended shortly before the deadline of ctx is told to
// end, and given back: another process, or the next, begins it again. The error is that of ctx when a handler does not
// heed that.
func (w *Worker) Drain(ctx context.Context) error {
	w.drain.Do(func() { close(w.draining) })
	patient, cancel := context.WithCancel(ctx)
	if end, limited := ctx.Deadline(); limited {
		cancel()
		patient, cancel = context.WithDeadline(ctx, end.Add(-reserve(time.Until(end))))
	}
	defer cancel()
	if err := w.jobs.Drain(patient); err == nil {
		return nil
	}
	w.halt()
	return w.jobs.Drain(ctx)
}

// reserve is what of the time to drain is kept for handlers to end and to be given back.
func reserve(left time.Duration) time.Duration { return min(left/3, 5*time.Second) }

// carryOut is the handler of the task's job. The job is done when the task is finished.
func (w *Worker) carryOut(ctx context.Context, job queue.Job) error {
	ctx = database.WithSession(ctx) // begun by a write: the handler sees what whoever enqueued it wrote before
	found, handler, err := w.begin(ctx, job.ID)
	if err != nil || found == nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	run := &Run{
		ID: found.ID, Attempt: found.Attempt, tasks: w.Tasks, token: *found.Run, saved: found.Saved, end: end,
		percent: found.Progress, message: found.Message,
	}
	w.hold(run)
	defer w.release(run)
	began := time.Now()
	result, err := w.do(ctx, handler, run, job.Payload)
	return w.settle(ctx, handler, found, run, outcome{result, err, time.Since(began)})
}

func (t *Tasks) hold(run *Run) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.runs[run.ID] = run
}

func (t *Tasks) release(run *Run) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.runs[run.ID] == run {
		delete(t.runs, run.ID)
	}
}

const (
	strangerWait = 30 * time.Second // until a kind that this process does not know is offered again: another may know it
	strangerDays = 24 * time.Hour   // until it is given up
)

// begin makes a new run of a task. There is none, and no error, when the task need not be carried out any more.
func (w *Worker) begin(ctx context.Context, taskID string) (begun *row, handler Handler, err error) {
	err = w.db.InTx(ctx, func(ctx context.Context) error {
		begun = nil
		found, err := w.lock(ctx, taskID)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil || found.State.Finished() {
			return err
		}
		var known bool
		handler, known = w.handlers[found.Kind]
		switch {
		case found.Canceling:
			return w.finish(ctx, found, Canceled, nil)
		case !known && time.Duration(w.now().UnixMicro()-found.RunAt)*time.Microsecond < strangerDays:
			return queue.Later(strangerWait, fmt.Errorf("the kind %s of the task is not known here", found.Kind))
		case !known:
			return w.fail(ctx, found, ErrUnknownKind.Errorf("no handler of %s", found.Kind))
		case found.Attempt >= handler.options.Attempts:
			return w.fail(ctx, found, ErrInterrupted.Errorf("it was begun %d times", found.Attempt))
		}
		begun = found
		return w.start(ctx, found, handler.options.Retention)
	})
	if err != nil {
		return nil, handler, fmt.Errorf("begin the task %s: %w", taskID, err)
	}
	return begun, handler, nil
}

// start writes a new run into the row.
func (w *Worker) start(ctx context.Context, r *row, retention time.Duration) error {
	token := id.New()
	r.Run, r.State = &token, Running
	r.Attempt++
	r.Retention = retention.Microseconds()
	if r.StartedAt == 0 {
		r.StartedAt = w.now().UnixMicro()
	}
	return w.db.Writer(ctx).Select("run", "state", "attempt", "retention", "started_at").Updates(r).Error
}

// do runs the handler. A panic is an error.
func (w *Worker) do(ctx context.Context, h Handler, run *Run, payload []byte) (result []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, h.options.Timeout)
	defer cancel()
	w.logger.DebugContext(ctx, "a task begins", slog.String("task", run.ID), slog.String("kind", h.kind), slog.Int("attempt", run.Attempt))
	err = problem.Guard(func() error {
		result, err = h.do(ctx, run, payload)
		return err
	})
	return result, err
}
