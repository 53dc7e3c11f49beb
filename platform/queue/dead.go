package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/trellis-go/trellis/platform/database"
)

// DeadJob is a job that was given up.
type DeadJob struct {
	Job
	Seq    int64     // its place in the list
	DiedAt time.Time //
	Error  string    // of the last attempt
}

func (d *dead) job() DeadJob {
	return DeadJob{
		Job: Job{
			ID: d.ID, Queue: d.Queue, Key: d.OrderKey, Priority: d.Priority, Payload: d.Payload, Attempt: d.Attempt,
			EnqueuedAt: time.UnixMicro(d.EnqueuedAt).UTC(),
		},
		Seq: d.Seq, DiedAt: time.UnixMicro(d.DiedAt).UTC(), Error: d.LastError,
	}
}

// Dead lists up to limit dead jobs in the order of their death, from the one behind the place after. An empty queue
// means all queues.
func (q *Queue) Dead(ctx context.Context, queue string, after int64, limit int) ([]DeadJob, error) {
	query := q.db.Reader(ctx).Where("seq > ?", after).Order("seq").Limit(limit)
	if queue != "" {
		query = query.Where("queue = ?", queue)
	}
	var rows []dead
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list dead jobs: %w", err)
	}
	jobs := make([]DeadJob, len(rows))
	for i := range rows {
		jobs[i] = rows[i].job()
	}
	return jobs, nil
}

// DeadByID finds a dead job. It is nil when there is none.
func (q *Queue) DeadByID(ctx context.Context, queue, jobID string) (*DeadJob, error) {
	var found dead
	err := q.db.Reader(ctx).Where("queue = ? AND id = ?", queue, jobID).Take(&found).Error
	if database.IsNotFound(err) {
		return nil, nil //nolint:nilnil // said so
	}
	if err != nil {
		return nil, fmt.Errorf("find the dead job %s: %w", jobID, err)
	}
	job := found.job()
	return &job, nil
}

// Retry enqueues a dead job again, behind the jobs that wait, with all its attempts before it. It answers whether there
// was one.
func (q *Queue) Retry(ctx context.Context, queue, jobID string) (found bool, err error) {
	err = q.db.InTx(ctx, func(ctx context.Context) error {
		job, err := q.DeadByID(ctx, queue, jobID)
		if found = err == nil && job != nil; !found {
			return err
		}
		if found, err = q.Discard(ctx, queue, jobID); err != nil || !found {
			return err
		}
		again := job.Job
		return q.Enqueue(ctx, again)
	})
	return found, err
}

// Discard forgets a dead job for good. It answers whether there was one.
func (q *Queue) Discard(ctx context.Context, queue, jobID string) (found bool, err error) {
	gone := q.db.Writer(ctx).Where("queue = ? AND id = ?", queue, jobID).Delete(&dead{})
	if gone.Error != nil {
		return false, fmt.Errorf("discard the dead job %s: %w", jobID, gone.Error)
	}
	return gone.RowsAffected > 0, nil
}
