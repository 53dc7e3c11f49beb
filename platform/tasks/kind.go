package tasks

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/queue"
)

// Kind names tasks that take parameters P, give a result R, and are carried out by the same handler: module.verb. P and R
// are stored as JSON, and may meet another version of the program there.
type Kind[P, R any] string

// Priority is a class: those of a higher one go first.
type Priority int

// The classes of priority. The zero value is Normal.
const (
	Normal Priority = iota
	High
	Low
)

// class is the priority as the queue counts them, and classes how many there are.
func (p Priority) class() int { return map[Priority]int{High: 0, Normal: 1, Low: 2}[p] }

const classes = 3

// Spec says how a task is to be carried out. The zero value: once, as soon as possible.
type Spec struct {
	Key      string    // at most one task of this kind and key is unfinished; empty: any number. At most MaxKey bytes
	At       time.Time // not before; zero: at once
	Priority Priority
	Owner    string // the user whose it is; empty: who sends the request, or nobody
	Owed     bool   // the program owes it to somebody: it belongs to nobody, and nobody can cancel it
}

// MaxKey is the longest that Spec.Key may be, in bytes.
const MaxKey = 200

// queueName is the queue of all tasks: one, for the priorities to count among all kinds.
const queueName = "tasks"

// Enqueue stores a task in the transaction of ctx, or in one of its own when ctx is in none. When an unfinished one has
// the same key that one is given, and nothing is stored.
func (k Kind[P, R]) Enqueue(ctx context.Context, to *Tasks, params P, spec Spec) (*Task, error) {
	payload, err := json.Marshal(params)
	if err != nil {
		return nil, fmt.Errorf("encode the parameters of the task %s: %w", k, err)
	}
	return to.enqueue(ctx, string(k), payload, spec)
}

// Unfinished tells whether a task of this kind with the key is still to be carried out, or is being so. It is asked of the
// primary.
func (k Kind[P, R]) Unfinished(ctx context.Context, in *Tasks, key string) (bool, error) {
	var found int64
	err := in.db.Reader(database.Fresh(ctx)).Model(&row{}).Where("unique_key = ?", unique(string(k), key)).Count(&found).Error
	if err != nil {
		return false, fmt.Errorf("look for the task %s: %w", k, err)
	}
	return found > 0, nil
}

func unique(kind, key string) string { return kind + "/" + key }

func (t *Tasks) enqueue(ctx context.Context, kind string, payload []byte, spec Spec) (*Task, error) {
	if len(kind) > queue.MaxName || len(spec.Key) > MaxKey {
		return nil, fmt.Errorf("enqueue the task %s: its kind has at most %d bytes, and its key %d", kind, queue.MaxName, MaxKey)
	}
	var task *Task
	err := t.db.InTx(ctx, func(ctx context.Context) error {
		stored, isNew, err := t.store(ctx, t.row(ctx, kind, spec))
		if err != nil {
			return err
		}
		task = stored.task()
		if !isNew {
			return nil
		}
		return t.queue.Enqueue(ctx, queue.Job{
			ID: stored.ID, Queue: queueName, Priority: spec.Priority.class(), Payload: payload, DueAt: spec.At,
		})
	})
	if err != nil {
		return nil, fmt.Errorf("enqueue the task %s: %w", kind, err)
	}
	return task, nil
}

func (t *Tasks) row(ctx context.Context, kind string, spec Spec) *row {
	now := t.now().UnixMicro()
	r := &row{
		ID: id.New(), Kind: kind, Owner: cmp.Or(spec.Owner, auth.PrincipalOf(ctx).UserID), Owed: spec.Owed, State: Queued,
		RunAt: max(now, spec.At.UnixMicro()), CreatedAt: now,
	}
	if spec.Owed {
		r.Owner = ""
	}
	if spec.Key != "" {
		key := unique(kind, spec.Key)
		r.UniqueKey = &key
	}
	return r
}

const collisions = 5 // tries to store a task while others with its key come and go

// store inserts a task, or gives the unfinished one that has its key.
func (t *Tasks) store(ctx context.Context, r *row) (stored *row, isNew bool, err error) {
	for range collisions {
		err = t.db.Writer(ctx).Create(r).Error
		if err == nil || !errors.Is(err, database.ErrDuplicate) {
			return r, true, err
		}
		var first row
		found := t.db.Writer(ctx).Scopes(database.ForUpdate).Where("unique_key = ?", *r.UniqueKey).Take(&first).Error
		if !database.IsNotFound(found) {
			return &first, false, found
		}
	}
	return nil, false, err
}

// Options say how tasks of a kind are carried out. The zero value of each field means the default that stands beside it.
type Options struct {
	Attempts  int                 // how often a task is begun: 3
	Backoff   backoff.Exponential // the wait between attempts: from 5 s to 5 min
	Timeout   time.Duration       // for one attempt: 1 h
	Retention time.Duration       // how long a finished task is kept: 7 days
}

func (o Options) withDefaults() Options {
	o.Attempts = cmp.Or(o.Attempts, 3)
	o.Backoff.First = cmp.Or(o.Backoff.First, 5*time.Second)
	o.Backoff.Last = cmp.Or(o.Backoff.Last, 5*time.Minute)
	o.Timeout = cmp.Or(o.Timeout, time.Hour)
	o.Retention = cmp.Or(o.Retention, 7*24*time.Hour)
	return o
}

// Handler is who carries out the tasks of one kind. It is made by Kind.On.
type Handler struct {
	kind    string
	options Options
	do      func(ctx context.Context, run *Run, payload []byte) (result []byte, err error)
}

// On makes the handler of a kind. do runs at least once for each task; its ctx ends when the task is canceled, after
// Options.Timeout, when the process is told to stop and does not wait any longer, and when another process has taken
// the task over. It should heed that.
func (k Kind[P, R]) On(do func(ctx context.Context, run *Run, params P) (R, error), options Options) Handler {
	return Handler{string(k), options.withDefaults(), func(ctx context.Context, run *Run, payload []byte) ([]byte, error) {
		var params P
		if err := json.Unmarshal(payload, &params); err != nil {
			return nil, Final(ErrUnknownKind.Because(fmt.Errorf("decode the parameters: %w", err)))
		}
		result, err := do(ctx, run, params)
		if err != nil {
			return nil, err
		}
		encoded, err := json.Marshal(result)
		if err == nil && len(encoded) > MaxResult {
			err = fmt.Errorf("it has %d bytes, and may have %d", len(encoded), MaxResult)
		}
		if err != nil {
			return nil, Final(fmt.Errorf("encode the result: %w", err))
		}
		return encoded, nil
	}}
}

// MaxResult is how long a result may be, in bytes of JSON.
const MaxResult = 1 << 20

// Final makes an error after which a task is not tried again.
func Final(err error) error { return &finalError{err} }

type finalError struct{ error }

func (e *finalError) Unwrap() error { return e.error }
