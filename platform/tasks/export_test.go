package tasks

import (
	"context"
	"time"

	"github.com/trellis-go/trellis/platform/queue"
)

// CarryOut does what the worker does with the job of a task, in an order that is the same each time.
func (w *Worker) CarryOut(ctx context.Context, taskID string, payload []byte) error {
	return w.carryOut(ctx, queue.Job{ID: taskID, Payload: payload})
}

// Enter stores the timetables.
func (w *Worker) Enter(ctx context.Context) error { return w.enter(ctx) }

// StartDue starts the tasks that are due.
func (w *Worker) StartDue(ctx context.Context) (time.Time, error) { return w.startDue(ctx) }
