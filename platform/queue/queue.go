// Package queue is a durable work queue in a table of any transactional database. Jobs are written in the caller's
// transaction, and carried out at least once by the workers of any process that has the database.
//
//	q := queue.New(db, clock.System, logger)
//	err := db.InTx(ctx, func(ctx context.Context) error {
//		…
//		return q.Enqueue(ctx, queue.Job{Queue: "mail", Key: customer.ID, Payload: body})
//	})
//
//	w := q.Worker("mail", send, queue.Options{Concurrency: 8})
//	go w.Run(ctx)         // until Drain, or the end of ctx
//	err = w.Drain(ctx)    // takes no more, waits for what runs
//
// What is promised:
//
//   - A job that was committed is carried out, also when processes die: who takes a job takes a lease, renewed while the
//     handler runs; when it ends, others take the job. So a handler may see a job twice and must bear it.
//   - Jobs with the same key are carried out one at a time, in the order in which they were enqueued; this is the order of
//     the commits where the transactions wait for each other, as those that lock one aggregate do. A job that failed holds
//     back the later ones of its key until it is done or dead; all other keys go on. After a crash those of a key that were
//     done and not yet struck off are done again, in the same order.
//   - A job that fails is tried again after a growing wait, and is dead after the last attempt: it is kept with its error,
//     until somebody retries or discards it.
//
// Workers of the process in which a job is enqueued are woken by the commit; those of others look from time to time. The
// times are those of the processes' clocks: let them differ by less than the lease.
package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm/clause"

	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/id"
)

// The longest that a job's names may be, in characters.
const (
	MaxName = 100 // of a queue
	MaxKey  = 200 // of a key
)

// Job is a piece of work.
type Job struct {
	ID       string    // unique in its queue: one that is there already is not enqueued again. Empty: a new UUIDv7
	Queue    string    // who carries it out
	Key      string    // those with the same key are carried out in order; empty: in any order
	Priority int       // those of a lower class go first: see Options.Classes
	Payload  []byte    // what the handler needs
	DueAt    time.Time // not before; zero: at once

	Attempt    int       // how many times it was begun, this one included. Set by the worker
	EnqueuedAt time.Time // set by Enqueue
}

// Queue is the table of one database.
type Queue struct {
	db     *database.DB
	now    clock.Clock
	logger *slog.Logger

	mu      sync.Mutex
	workers map[string][]*Worker // those that run in this process
}

// New makes the queue of a database. It touches nothing.
func New(db *database.DB, now clock.Clock, logger *slog.Logger) *Queue {
	return &Queue{db: db, now: now, logger: logger, workers: map[string][]*Worker{}}
}

// Enqueue stores jobs in the transaction of ctx, or in one of its own when ctx is in none. Jobs of one call and key are
// in the order of the arguments.
func (q *Queue) Enqueue(ctx context.Context, jobs ...Job) error {
	rows, err := q.rows(jobs)
	if err != nil {
		return err
	}
	named := slices.ContainsFunc(jobs, func(job Job) bool { return job.ID != "" })
	return q.db.InTx(ctx, func(ctx context.Context) error {
		for chunk := range chunks(rows) {
			insert := q.db.Writer(ctx)
			if named {
				insert = insert.Clauses(clause.OnConflict{DoNothing: true})
			}
			if err := insert.Create(&chunk).Error; err != nil {
				return fmt.Errorf("enqueue %d jobs: %w", len(jobs), err)
			}
		}
		database.AfterCommit(ctx, func(context.Context) { q.wake(jobs) })
		return nil
	})
}

// Withdraw takes a job back that nobody has begun, in the transaction of ctx when it is in one, and answers whether there
// was one.
func (q *Queue) Withdraw(ctx context.Context, queue, jobID string) (found bool, err error) {
	gone := q.db.Writer(ctx).Where("queue = ? AND id = ? AND owner IS NULL", queue, jobID).Delete(&row{})
	if gone.Error != nil {
		return false, fmt.Errorf("withdraw the job %s: %w", jobID, gone.Error)
	}
	return gone.RowsAffected > 0, nil
}

func (q *Queue) rows(jobs []Job) ([]row, error) {
	now := q.now().UnixMicro()
	rows := make([]row, len(jobs))
	for i, job := range jobs {
		switch {
		case job.Queue == "":
			return nil, errors.New("enqueue: the job names no queue")
		case len(job.Queue) > MaxName || len(job.Key) > MaxKey:
			return nil, fmt.Errorf("enqueue: a queue's name has at most %d bytes, and a key %d", MaxName, MaxKey)
		case job.Priority < 0:
			return nil, errors.New("enqueue: the first priority is 0")
		}
		rows[i] = row{
			Queue: job.Queue, ID: job.ID, OrderKey: job.Key, Priority: job.Priority, Payload: job.Payload,
			DueAt: max(now, job.DueAt.UnixMicro()), EnqueuedAt: now,
		}
		if job.ID == "" {
			rows[i].ID = id.New()
		}
	}
	return rows, nil
}

// wake tells the workers of this process that there is something to do.
func (q *Queue) wake(jobs []Job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, job := range jobs {
		for _, worker := range q.workers[job.Queue] {
			worker.wake()
		}
	}
}

func (q *Queue) register(w *Worker) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.workers[w.queue] = append(q.workers[w.queue], w)
}

func (q *Queue) unregister(w *Worker) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var rest []*Worker
	for _, other := range q.workers[w.queue] {
		if other != w {
			rest = append(rest, other)
		}
	}
	q.workers[w.queue] = rest
}

// Backlog is what waits in one queue.
type Backlog struct {
	Queue  string
	Jobs   int64     // that are not done
	Oldest time.Time // when the first of them was enqueued
}

// Backlogs counts the jobs of every queue that has any.
func (q *Queue) Backlogs(ctx context.Context) ([]Backlog, error) {
	var counted []struct {
		Queue  string
		Jobs   int64
		Oldest int64
	}
	err := q.db.Reader(ctx).Model(&row{}).Select("queue, COUNT(*) AS jobs, MIN(enqueued_at) AS oldest").
		Group("queue").Order("queue").Find(&counted).Error
	if err != nil {
		return nil, fmt.Errorf("count the jobs: %w", err)
	}
	backlogs := make([]Backlog, len(counted))
	for i, c := range counted {
		backlogs[i] = Backlog{Queue: c.Queue, Jobs: c.Jobs, Oldest: time.UnixMicro(c.Oldest).UTC()}
	}
	return backlogs, nil
}
