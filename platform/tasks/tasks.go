// Package tasks carries out what takes longer than a request: durably, on any replica, with progress, retries, a
// result, and a resource that clients watch. It also starts tasks by the clock, once for all replicas.
//
// A module names its kinds of task by the types of their parameters and results, and lists who carries them out:
//
//	const Import tasks.Kind[ImportParams, ImportResult] = "catalog.import"
//
//	Tasks: []tasks.Handler{Import.On(service.runImport, tasks.Options{Timeout: time.Hour})},
//
//	func (s *Service) runImport(ctx context.Context, run *tasks.Run, params ImportParams) (ImportResult, error)
//
//	err := db.InTx(ctx, func(ctx context.Context) error {
//		…
//		task, err = Import.Enqueue(ctx, s.tasks, params, tasks.Spec{Key: "catalog"})
//		return err
//	})
//
// What is promised:
//
//   - A task that was committed is carried out, also when processes die: its lease runs out and another process begins it
//     again, from the start. So a handler may run twice and must bear it. Run.Save makes that easy: what it stores in the
//     handler's own transaction is there on the next run, and fails that transaction when another run has begun.
//   - Of tasks with the same kind and key there is at most one that is not finished: whoever enqueues a second gets the
//     first.
//   - Those of a higher class of priority are begun before all others.
//   - A handler that fails is tried again after a growing wait, unless the client is to blame (a problem with a status
//     below 500) or the error is Final. After the last attempt the task has failed, with a problem that is safe to show.
//   - A task can be canceled: at once while it waits, and within about a second while it runs, wherever it runs, by the end
//     of its handler's ctx. One that the program owes to somebody, such as a refund, cannot (Spec.Owed).
//   - A finished task stays readable for the retention of its kind.
package tasks

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/queue"
)

// Config is the section tasks.
type Config struct {
	Database    string        `validate:"required"` // the name of one of databases; modules with tasks use the same
	Concurrency int           `validate:"min=1"`    // how many tasks run at once in a process
	Lease       time.Duration `validate:"min=1s"`   // how long after the last sign of life of a process others take over its tasks
	Streams     int           `validate:"min=1"`    // how many clients may watch tasks at once in a process
}

// The kinds of problem that a client meets with tasks.
var (
	ErrNotFound = problem.Define(http.StatusNotFound, "task_not_found", "Task not found",
		"No task has this id, it is not yours, or it was finished long ago.")
	ErrFinished = problem.Define(http.StatusConflict, "task_finished", "The task is finished",
		"The task came to its end before it could be canceled. Read it to see how.")
	ErrOwed = problem.Define(http.StatusConflict, "task_owed", "The task cannot be canceled",
		"The program owes to somebody what the task does, such as money that is given back. It goes on until that is done.")
	ErrInterrupted = problem.Define(http.StatusInternalServerError, "task_interrupted", "The task was interrupted",
		"The server broke down while it carried out the task, as often as the task may be tried. Start it again, or report it.")
	ErrUnknownKind = problem.Define(http.StatusInternalServerError, "task_kind_unknown", "Nobody carries out such tasks",
		"The server that was to carry out the task does not know its kind, or not its parameters: it may have come from another version.")
)

// State is how far a task has come.
type State string

// The states of a task. A task that is tried again is queued meanwhile.
const (
	Queued    State = "queued"
	Running   State = "running"
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Canceled  State = "canceled"
)

// Finished tells whether the state is the last.
func (s State) Finished() bool { return s != Queued && s != Running }

// Task is a task as it is at one moment, and as it is shown.
type Task struct {
	ID         string            `json:"id" doc:"Names the task"`
	Kind       string            `json:"kind" doc:"What is done" example:"catalog.import"`
	Owner      string            `json:"-"` // the user whose it is; empty: the program's own
	State      State             `json:"state" enum:"queued,running,succeeded,failed,canceled" doc:"How far it has come; the last three are final"`
	Canceling  bool              `json:"canceling" doc:"It runs and has been told to end"`
	Attempt    int               `json:"attempt" doc:"How many times it was begun"`
	Progress   int               `json:"progress" minimum:"0" maximum:"100" doc:"In percent"`
	Message    string            `json:"message" doc:"What is being done"`
	Result     json.RawMessage   `json:"result,omitempty" doc:"Once it has succeeded: depends on the kind. Not in lists"`
	Problem    *problem.Document `json:"problem,omitempty" doc:"Once it has failed: why"`
	RunAt      time.Time         `json:"run_at" doc:"Not to be begun before"`
	CreatedAt  time.Time         `json:"created_at"`
	StartedAt  *time.Time        `json:"started_at,omitempty" doc:"When it was begun for the first time"`
	FinishedAt *time.Time        `json:"finished_at,omitempty"`

	owed bool // nobody cancels it
}

// Tasks is where tasks are enqueued, looked up and canceled. It is made by New and is safe for concurrent use.
type Tasks struct {
	cfg    Config
	db     *database.DB
	queue  *queue.Queue
	now    clock.Clock
	logger *slog.Logger

	streams chan struct{} // has an element for each that is open

	mu   sync.Mutex
	runs map[string]*Run // those of this process, by the task's id
}

// New makes the tasks of the configured database. It touches nothing.
func New(cfg Config, databases *database.Manager, now clock.Clock, logger *slog.Logger) (*Tasks, error) {
	db, err := databases.DB(cfg.Database)
	if err != nil {
		return nil, fmt.Errorf("tasks.database: %w", err)
	}
	return &Tasks{
		cfg: cfg, db: db, queue: queue.New(db, now, logger), now: now, logger: logger,
		streams: make(chan struct{}, cfg.Streams), runs: map[string]*Run{},
	}, nil
}

// ByID finds a task that ctx may see. The error is ErrNotFound when there is none.
func (t *Tasks) ByID(ctx context.Context, taskID string) (*Task, error) {
	var found row
	// A replica may not have yet what a client was just told to look for.
	err := t.db.Reader(database.Fresh(ctx)).Omit("saved").Where("id = ?", taskID).Take(&found).Error
	if database.IsNotFound(err) || err == nil && !mayUse(ctx, found.Owner) {
		return nil, missing(taskID)
	}
	if err != nil {
		return nil, fmt.Errorf("find the task %s: %w", taskID, err)
	}
	return t.present(&found), nil
}

// Filter chooses tasks. The zero value chooses all that ctx may see.
type Filter struct {
	State State
	Kind  string
	Mine  bool // only those of the user who asks, also for whoever may see others
}

// List gives the tasks that ctx may see, the latest first, without their results, which may be large.
func (t *Tasks) List(ctx context.Context, f Filter, wanted page.Request) (page.Page[Task], error) {
	query := t.db.Reader(ctx).Scopes(wanted.Keyset("id").Scope).Omit("saved", "result")
	if f.Mine || !auth.May(ctx, Manage) {
		query = query.Where("owner = ?", auth.PrincipalOf(ctx).UserID)
	}
	if f.State != "" {
		query = query.Where("state = ?", f.State)
	}
	if f.Kind != "" {
		query = query.Where("kind = ?", f.Kind)
	}
	var rows []row
	if err := query.Find(&rows).Error; err != nil {
		return page.Page[Task]{}, fmt.Errorf("list tasks: %w", err)
	}
	found := make([]Task, len(rows))
	for i := range rows {
		found[i] = *t.present(&rows[i])
	}
	return page.Cut(found, wanted.Limit, func(t *Task) page.Position { return page.Position{Value: t.ID, ID: t.ID} }), nil
}

// present is the task of a row, with the progress that was not written down yet.
func (t *Tasks) present(r *row) *Task {
	task := r.task()
	if run := t.running(r.ID); run != nil && !task.State.Finished() {
		task.Progress, task.Message = run.progress() // is written down from time to time only
	}
	return task
}

func missing(taskID string) error { return ErrNotFound.New("no task has the id " + taskID) }

// mayUse is the one place that decides who sees and cancels a task: whose it is, and who may manage all. One that
// nobody's request began belongs to the program itself.
func mayUse(ctx context.Context, owner string) bool {
	return owner == auth.PrincipalOf(ctx).UserID || auth.May(ctx, Manage)
}

func (t *Tasks) running(taskID string) *Run {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.runs[taskID]
}

// Cancel cancels a task that ctx may see: one that waits at once, one that runs soon. One that is canceled already stays
// as it is; the error is ErrFinished for one that came to another end, ErrOwed, and ErrNotFound.
func (t *Tasks) Cancel(ctx context.Context, taskID string) (*Task, error) {
	seen, err := t.ByID(ctx, taskID)
	if err != nil {
		return nil, err
	}
	if seen.owed {
		return nil, ErrOwed.Errorf("a task of the kind %s cannot be canceled", seen.Kind)
	}
	if run := t.running(taskID); run != nil {
		run.end(errCanceled) // before the database is written: the handler may hold the only writer
	}
	var task *Task
	err = t.db.InTx(ctx, func(ctx context.Context) error {
		found, err := t.lock(ctx, taskID)
		if err != nil {
			return err
		}
		switch found.State {
		case Queued:
			if err = t.finish(ctx, found, Canceled, nil); err == nil {
				_, err = t.queue.Withdraw(ctx, queueName, taskID)
			}
		case Running:
			found.Canceling = true
			err = t.db.Writer(ctx).Model(found).Update("canceling", true).Error
		case Canceled:
		default:
			err = ErrFinished.Errorf("the task has %s", found.State)
		}
		task = found.task()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cancel the task %s: %w", taskID, err)
	}
	return task, nil
}

// lock reads a task that is going to be changed. The error is ErrNotFound when there is none.
func (t *Tasks) lock(ctx context.Context, taskID string) (*row, error) {
	var found row
	err := t.db.Writer(ctx).Scopes(database.ForUpdate).Where("id = ?", taskID).Take(&found).Error
	if database.IsNotFound(err) {
		return nil, missing(taskID)
	}
	return &found, err
}
