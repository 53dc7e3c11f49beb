package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/queue"
)

// The causes with which the ctx of a handler ends.
var (
	errCanceled = errors.New("the task was canceled")
	// ErrSuperseded says that another run of the task has begun, since this one's process seemed dead: it must not change
	// anything any more.
	ErrSuperseded = errors.New("another run of the task has begun")
)

// Run is one attempt at a task, as its handler sees it. It is safe for concurrent use.
type Run struct {
	ID      string // of the task
	Attempt int    // from 1

	tasks *Tasks
	token string // names the run in the task's row
	saved []byte
	end   context.CancelCauseFunc

	mu      sync.Mutex
	percent int
	message string
	dirty   bool // not written down yet
}

const maxMessage = 500 // bytes of it that are kept

// Progress says how far the run has come, from 0 to 100 %, and with what. It is cheap: what is reported is written down
// about twice a second, and outside of any transaction.
func (r *Run) Progress(percent int, message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	message = database.Clip(message, maxMessage)
	percent = min(max(percent, 0), 100)
	if percent != r.percent || message != r.message {
		r.percent, r.message, r.dirty = percent, message, true
	}
}

func (r *Run) progress() (percent int, message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.percent, r.message
}

// Save stores state for later runs of the task, in the transaction of ctx: so that what was done is not done again.
// The error is ErrSuperseded when another run has begun, and then the transaction must not be committed.
func (r *Run) Save(ctx context.Context, state any) error {
	encoded, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("encode the state of the task %s: %w", r.ID, err)
	}
	return r.update(ctx, map[string]any{"saved": encoded})
}

// Saved reads what an earlier run has saved last, and answers whether there was something.
func (r *Run) Saved(state any) (bool, error) {
	if len(r.saved) == 0 {
		return false, nil
	}
	if err := json.Unmarshal(r.saved, state); err != nil {
		return false, Final(fmt.Errorf("decode the state of the task %s: %w", r.ID, err))
	}
	return true, nil
}

// update changes the task's row, unless the run has been superseded.
func (r *Run) update(ctx context.Context, values map[string]any) error {
	mine := r.tasks.db.Writer(ctx).Model(&row{}).Where("id = ? AND run = ?", r.ID, r.token).Updates(values)
	if mine.Error != nil {
		return fmt.Errorf("write the task %s: %w", r.ID, mine.Error)
	}
	if mine.RowsAffected == 0 {
		return fmt.Errorf("write the task %s: %w", r.ID, errors.Join(ErrSuperseded, queue.ErrLeaseLost))
	}
	return nil
}
