package queue_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/queue"
	"github.com/trellis-go/trellis/test/testkit"
)

// TestContract goes through every statement on every engine.
func TestContract(t *testing.T) {
	testkit.Contract(t, testkit.Scenarios(func(t *testing.T, m *database.Manager) *desk {
		db, err := m.DB(testkit.Name)
		require.NoError(t, err)
		d := &desk{now: time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC), done: newBook(), db: db}
		d.Queue = queue.New(db, func() time.Time { return d.now }, testkit.Quiet())
		d.worker = d.Worker("work", func(ctx context.Context, job queue.Job) error {
			if d.fails != nil {
				return d.fails
			}
			return d.done.noting(ctx, job)
		}, queue.Options{Attempts: 2, Backoff: backoff.Exponential{First: time.Minute, Last: time.Minute}, Lease: time.Hour})
		return d
	}, map[string]func(*testing.T, *desk){
		"jobs are carried out in the order of their key": jobsInOrder,
		"each key has its share of a turn":               jobsOfEachKey,
		"a key that is busy holds up no other":           jobsBehindABusyKey,
		"a job that failed holds back its key":           jobPutOff,
		"a job is given back as it was taken":            jobGivenBack,
		"a job that is postponed was not tried":          jobPostponed,
		"a key may have jobs of several classes":         jobsOfClasses,
		"a job that was taken by others is let go":       jobLost,
		"a dead job is kept, retried and discarded":      jobDead,
		"of a job that died twice the last is kept":      jobDeadTwice,
		"an error may be of any bytes":                   jobWithAnyError,
		"a job is withdrawn while nobody has begun it":   jobWithdrawn,
		"the backlog is counted":                         jobsCounted,
	}))
}

// desk is a queue at a time of its own, and a worker that takes a turn when it is told to.
type desk struct {
	*queue.Queue
	db     *database.DB
	worker *queue.Worker
	done   *book
	now    time.Time
	fails  error
}

func (d *desk) turn(t *testing.T, limit, want int) {
	t.Helper()
	took, err := d.worker.Turn(t.Context(), limit)
	require.NoError(t, err)
	assert.Equal(t, want, took)
}

// named are jobs of one key with ids.
func named(key string, ids ...string) []queue.Job {
	all := jobs(key, ids...)
	for i, id := range ids {
		all[i].ID = id
	}
	return all
}

func jobsInOrder(t *testing.T, d *desk) {
	enqueue(t, d.Queue, named("a", "a1", "a2", "a3")...)
	enqueue(t, d.Queue, named("a", "a1")...) // is there already
	enqueue(t, d.Queue, jobs("", "free")...)
	d.turn(t, 2, 2)
	d.turn(t, 10, 2)
	d.turn(t, 10, 0)
	all := d.done.read()
	assert.ElementsMatch(t, []string{"a1", "a2", "a3", "free"}, all)
	assert.Equal(t, []string{"a1", "a2", "a3"}, slices.DeleteFunc(all, func(one string) bool { return one == "free" }))
}

func jobsOfEachKey(t *testing.T, d *desk) {
	enqueue(t, d.Queue, named("a", "a1", "a2", "a3", "a4")...)
	enqueue(t, d.Queue, named("b", "b1")...)
	d.turn(t, 3, 3)
	assert.ElementsMatch(t, []string{"a1", "a2", "b1"}, d.done.read())
}

func jobsBehindABusyKey(t *testing.T, d *desk) {
	enqueue(t, d.Queue, named("a", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10")...)
	enqueue(t, d.Queue, append(named("b", "b1", "b2"), named("", "free")...)...)
	err := d.db.Writer(t.Context()).Exec("UPDATE queue_jobs SET owner = ?, due_at = ? WHERE id = ?", "other",
		d.now.Add(time.Hour).UnixMicro(), "a1").Error
	require.NoError(t, err)
	for range 3 {
		d.turn(t, 1, 1)
	}
	d.turn(t, 1, 0)
	assert.Equal(t, []string{"b1", "b2", "free"}, d.done.read())
}

func jobPutOff(t *testing.T, d *desk) {
	enqueue(t, d.Queue, named("a", "a1", "a2")...)
	d.fails = errors.New("not now")
	d.turn(t, 1, 1)
	d.fails = nil
	d.turn(t, 10, 0)
	d.now = d.now.Add(10 * time.Minute)
	d.turn(t, 10, 2)
	assert.Equal(t, []string{"a1", "a2"}, d.done.read())
}

func jobGivenBack(t *testing.T, d *desk) {
	enqueue(t, d.Queue, named("a", "a1")...)
	d.fails = queue.NotBegun
	d.turn(t, 10, 1)
	d.fails = nil
	d.turn(t, 10, 1)
	assert.Equal(t, []string{"a1"}, d.done.read())
}

func jobPostponed(t *testing.T, d *desk) {
	enqueue(t, d.Queue, named("a", "a1")...)
	d.fails = queue.Postpone(time.Minute, errors.New("not now"))
	for range 3 {
		d.turn(t, 10, 1)
		d.turn(t, 10, 0)
		d.now = d.now.Add(time.Minute)
	}
	d.fails = errors.New("wrong")
	d.turn(t, 10, 1)
	dead, err := d.Dead(t.Context(), "work", 0, 10)
	require.NoError(t, err)
	assert.Empty(t, dead, "it was the first of two attempts")
}

func jobsOfClasses(t *testing.T, d *desk) {
	d.worker = d.Worker("work", d.done.noting, queue.Options{Classes: 2, Lease: time.Hour})
	later, sooner := named("a", "a1"), named("a", "a2")
	later[0].Priority = 1
	enqueue(t, d.Queue, append(later, sooner...)...)
	d.turn(t, 10, 2)
	assert.Equal(t, []string{"a1", "a2"}, d.done.read())
}

func jobLost(t *testing.T, d *desk) {
	enqueue(t, d.Queue, named("a", "a1", "a2")...)
	d.worker = d.Worker("work", func(ctx context.Context, job queue.Job) error {
		if job.ID == "a1" {
			return d.db.Writer(ctx).Exec("UPDATE queue_jobs SET owner = ? WHERE id = ?", "other", job.ID).Error
		}
		return nil
	}, queue.Options{Lease: time.Hour})
	d.turn(t, 10, 2)
	left(t, d.Queue, 1)
}

func jobDead(t *testing.T, d *desk) {
	enqueue(t, d.Queue, named("a", "a1", "a2")...)
	d.fails = queue.Dead(errors.New("never"))
	d.turn(t, 10, 2)
	dead, err := d.Dead(t.Context(), "work", 0, 10)
	require.NoError(t, err)
	require.Len(t, dead, 2)
	all, err := d.Dead(t.Context(), "", dead[0].Seq, 10)
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, "never", all[0].Error)
	for _, want := range []bool{true, false} {
		found, err := d.Retry(t.Context(), "work", "a1")
		require.NoError(t, err)
		assert.Equal(t, want, found)
		found, err = d.Discard(t.Context(), "work", "a2")
		require.NoError(t, err)
		assert.Equal(t, want, found)
	}
	d.fails = nil
	d.turn(t, 10, 1)
	assert.Equal(t, []string{"a1"}, d.done.read())
}

func jobDeadTwice(t *testing.T, d *desk) {
	for _, cause := range []string{"once", "twice"} {
		enqueue(t, d.Queue, named("a", "a1")...)
		d.fails = queue.Dead(errors.New(cause))
		d.turn(t, 10, 1)
	}
	dead, err := d.Dead(t.Context(), "work", 0, 10)
	require.NoError(t, err)
	require.Len(t, dead, 1)
	assert.Equal(t, "twice", dead[0].Error)
}

func jobWithAnyError(t *testing.T, d *desk) {
	enqueue(t, d.Queue, named("a", "a1")...)
	d.fails = errors.New("caf\xe9 " + strings.Repeat("語", 2000))
	d.turn(t, 10, 1)
	d.now = d.now.Add(10 * time.Minute)
	d.turn(t, 10, 1)
	dead, err := d.Dead(t.Context(), "work", 0, 10)
	require.NoError(t, err)
	require.Len(t, dead, 1)
	assert.Equal(t, "caf "+strings.Repeat("語", 1331), dead[0].Error)
}

func jobWithdrawn(t *testing.T, d *desk) {
	enqueue(t, d.Queue, named("a", "a1")...)
	for _, want := range []bool{true, false} {
		found, err := d.Withdraw(t.Context(), "work", "a1")
		require.NoError(t, err)
		assert.Equal(t, want, found)
	}
}

func jobsCounted(t *testing.T, d *desk) {
	enqueue(t, d.Queue, named("a", "a1", "a2")...)
	backlogs, err := d.Backlogs(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []queue.Backlog{{Queue: "work", Jobs: 2, Oldest: d.now}}, backlogs)
}
