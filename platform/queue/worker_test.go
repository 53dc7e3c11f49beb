package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/queue"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestAJobIsTriedAgainAndThenDead(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		q, done := newQueue(db), newBook()
		enqueue(t, q, jobs("a", "poison", "a2")...)
		start(t, q.Worker("work", func(ctx context.Context, job queue.Job) error {
			_ = done.noting(ctx, job)
			if string(job.Payload) == "poison" {
				return errors.New("bitter")
			}
			return nil
		}, queue.Options{Attempts: 3, Backoff: quick, Poll: 5 * time.Millisecond}))
		done.await(t, 4)
		assert.Equal(t, []string{"poison", "poison", "poison", "a2"}, done.read())
		empty(t, q)
		listed, err := q.Dead(t.Context(), "work", 0, 10)
		require.NoError(t, err)
		require.Len(t, listed, 1)
		assert.Equal(t, 3, listed[0].Attempt)
		assert.Equal(t, "bitter", listed[0].Error)
		assert.Equal(t, "a", listed[0].Key)
	})
}

func TestAnErrorMayBeFinal(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		q, done := newQueue(db), newBook()
		enqueue(t, q, jobs("", "poison")...)
		start(t, q.Worker("work", func(ctx context.Context, job queue.Job) error {
			_ = done.noting(ctx, job)
			return queue.Dead(errors.New("no use"))
		}, queue.Options{Backoff: quick}))
		empty(t, q)
		assert.Len(t, done.read(), 1)
	})
}

func TestAPanicIsAFailure(t *testing.T) {
	q := newQueue(onSQLite(t))
	enqueue(t, q, jobs("", "poison")...)
	start(t, q.Worker("work", func(context.Context, queue.Job) error { panic("boom") }, queue.Options{Attempts: 1}))
	empty(t, q)
	listed, err := q.Dead(t.Context(), "", 0, 10)
	require.NoError(t, err)
	require.Len(t, listed, 1)
	assert.Equal(t, "panic: boom", listed[0].Error)
}

func TestDeadJobsAreRetriedOrDiscarded(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		q, done := newQueue(db), newBook()
		enqueue(t, q, queue.Job{Queue: "work", ID: "one", Key: "a", Payload: []byte("one")}, queue.Job{Queue: "work", ID: "two"})
		end := start(t, q.Worker("work", func(context.Context, queue.Job) error { return errors.New("no") }, queue.Options{Attempts: 1}))
		empty(t, q)
		end()
		first, err := q.Dead(t.Context(), "", 0, 1)
		require.NoError(t, err)
		require.Len(t, first, 1)
		rest, err := q.Dead(t.Context(), "work", first[0].Seq, 10)
		require.NoError(t, err)
		assert.Len(t, rest, 1)

		found, err := q.Discard(t.Context(), "work", "two")
		require.NoError(t, err)
		assert.True(t, found)
		found, err = q.Retry(t.Context(), "work", "one")
		require.NoError(t, err)
		assert.True(t, found)
		start(t, q.Worker("work", func(ctx context.Context, job queue.Job) error {
			assert.Equal(t, 1, job.Attempt, "it has all its attempts before it")
			assert.Equal(t, "a", job.Key)
			return done.noting(ctx, job)
		}, queue.Options{}))
		done.await(t, 1)
		assert.Equal(t, []string{"one"}, done.read())
		for _, gone := range []func(context.Context, string, string) (bool, error){q.Retry, q.Discard} {
			found, err := gone(t.Context(), "work", "one")
			require.NoError(t, err)
			assert.False(t, found)
		}
		none, err := q.DeadByID(t.Context(), "work", "one")
		assert.NoError(t, err)
		assert.Nil(t, none)
	})
}

func TestDrainWaitsForWhatRunsAndGivesBackTheRest(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		q, done := newQueue(db), newBook()
		enqueue(t, q, append(jobs("a", "a1", "a2"), jobs("", "b", "c")...)...)
		begun, release := make(chan struct{}, 4), make(chan struct{})
		w := q.Worker("work", func(ctx context.Context, job queue.Job) error {
			begun <- struct{}{}
			<-release
			assert.NoError(t, ctx.Err())
			return done.noting(ctx, job)
		}, queue.Options{Concurrency: 1, Prefetch: 4})
		end := start(t, w)
		<-begun
		hasty, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, w.Drain(hasty), context.Canceled)
		close(release)
		end()
		assert.Equal(t, []string{"a1"}, done.read())

		again := newBook()
		start(t, q.Worker("work", func(ctx context.Context, job queue.Job) error {
			assert.Equal(t, 1, job.Attempt, "what was not begun was no attempt")
			return again.noting(ctx, job)
		}, queue.Options{Concurrency: 1}))
		again.await(t, 3)
		assert.ElementsMatch(t, []string{"a2", "b", "c"}, again.read())
	})
}

func TestAStoppedHandlerHasNotFailed(t *testing.T) {
	q := newQueue(onSQLite(t))
	enqueue(t, q, jobs("", "long")...)
	begun := make(chan queue.Job)
	long := func(ctx context.Context, job queue.Job) error {
		begun <- job
		<-ctx.Done()
		return ctx.Err()
	}
	for range 2 {
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- q.Worker("work", long, queue.Options{Attempts: 1}).Run(ctx) }()
		assert.Equal(t, 1, (<-begun).Attempt)
		stop()
		require.NoError(t, <-ended)
	}
}

func TestALeaseIsRenewedWhileTheHandlerRuns(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		const lease = 300 * time.Millisecond
		q, done := newQueue(db), newBook()
		enqueue(t, q, jobs("", "long")...)
		release := make(chan struct{})
		slow := func(ctx context.Context, _ queue.Job) error {
			done.note("begun")
			<-release
			return ctx.Err()
		}
		start(t, q.Worker("work", slow, queue.Options{Lease: lease}))
		done.await(t, 1)
		until := leaseOf(t, db)
		start(t, newQueue(db).Worker("work", slow, queue.Options{Lease: lease, Poll: 5 * time.Millisecond}))
		require.Eventually(t, func() bool { return leaseOf(t, db) > until+3*lease.Microseconds() }, patience, time.Millisecond)
		close(release)
		empty(t, q)
		assert.Equal(t, []string{"begun"}, done.read(), "the other worker has looked many times")
	})
}

func leaseOf(t *testing.T, db *database.DB) int64 {
	t.Helper()
	var until int64
	require.NoError(t, db.Reader(t.Context()).Table("queue_jobs").Select("due_at").Take(&until).Error)
	return until
}

func TestTheJobsOfAProcessThatIsCutOffAreTakenByOthers(t *testing.T) {
	testkit.EachEmpty(t, func(t *testing.T, cfg database.Config) {
		const lease = 300 * time.Millisecond
		here, err := testkit.MigratedOn(t, cfg, migrations.Files).DB(testkit.Name)
		require.NoError(t, err)
		there := testkit.Start(t, database.Configs{testkit.Name: cfg})
		lost, err := there.DB(testkit.Name)
		require.NoError(t, err)
		q, done := newQueue(here), newBook()
		enqueue(t, q, jobs("a", "a1", "a2")...)
		begun, ended := make(chan struct{}), make(chan error, 1)
		start(t, newQueue(lost).Worker("work", func(ctx context.Context, _ queue.Job) error {
			close(begun)
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return ctx.Err()
		}, queue.Options{Lease: lease, Concurrency: 1}))
		<-begun
		require.NoError(t, lost.Close())
		start(t, q.Worker("work", func(ctx context.Context, job queue.Job) error {
			return done.noting(ctx, job)
		}, queue.Options{Poll: 5 * time.Millisecond}))
		done.await(t, 2)
		assert.Equal(t, []string{"a1", "a2"}, done.read())
		assert.ErrorIs(t, <-ended, queue.ErrLeaseLost, "the handler is told")
	})
}

func TestWhoHoldsTheOnlyWriterKeepsItsLease(t *testing.T) {
	const lease = 60 * time.Millisecond
	db, err := testkit.Database(t).DB(testkit.Name)
	require.NoError(t, err)
	q := newQueue(db)
	enqueue(t, q, jobs("", "one")...)
	ended := make(chan error, 1)
	start(t, q.Worker("work", func(ctx context.Context, _ queue.Job) error {
		err := db.InTx(ctx, func(ctx context.Context) error { // none of the renewals can write
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(5 * lease):
				return nil
			}
		})
		ended <- err
		return err
	}, queue.Options{Lease: lease, Concurrency: 1}))
	require.NoError(t, <-ended)
}

func TestWhoLostItsLeaseChangesNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		q := newQueue(db)
		enqueue(t, q, jobs("", "one")...)
		begun, release := make(chan struct{}), make(chan struct{})
		end := start(t, q.Worker("work", func(context.Context, queue.Job) error {
			close(begun)
			<-release
			return nil
		}, queue.Options{Poll: never}))
		<-begun
		require.NoError(t, db.Writer(t.Context()).Table("queue_jobs").Where("seq > 0").
			Updates(map[string]any{"owner": "somebody-else", "attempt": 2}).Error)
		close(release)
		end()
		left, err := q.Backlogs(t.Context())
		require.NoError(t, err)
		require.Len(t, left, 1, "it belongs to somebody else, who is at it")
	})
}

func TestAHandlerMaySayWhenToTryAgain(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		q, done := newQueue(db), newBook()
		enqueue(t, q, jobs("", "stubborn")...)
		start(t, q.Worker("work", func(ctx context.Context, job queue.Job) error {
			if job.Attempt < 4 {
				return queue.Later(time.Millisecond, errors.New("not yet"))
			}
			return done.noting(ctx, job)
		}, queue.Options{Attempts: 1, Poll: never}))
		done.await(t, 1)
	})
}

// stay runs a worker whose handlers note their jobs, and stay at them until the test ends.
func stay(t *testing.T, q *queue.Queue, done *book, options queue.Options) {
	t.Helper()
	release := make(chan struct{})
	start(t, q.Worker("work", func(ctx context.Context, job queue.Job) error {
		_ = done.noting(ctx, job)
		<-release
		return nil
	}, options))
	t.Cleanup(func() { close(release) })
}

func TestAFreeHandlerTakesWhatComesWhileOthersAreAtWork(t *testing.T) {
	q, done := newQueue(onSQLite(t)), newBook()
	stay(t, q, done, queue.Options{Concurrency: 2, Prefetch: 2, Poll: never})
	enqueue(t, q, jobs("", "first")...)
	done.await(t, 1)
	enqueue(t, q, jobs("", "second")...)
	done.await(t, 1)
}

func TestAKeyWithManyJobsLeavesTheOtherHandlersToOthers(t *testing.T) {
	q, done := newQueue(onSQLite(t)), newBook()
	enqueue(t, q, jobs("a", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9")...)
	stay(t, q, done, queue.Options{Concurrency: 3, Prefetch: 4, Poll: never})
	done.await(t, 1)
	enqueue(t, q, jobs("b", "b1", "b2")...)
	enqueue(t, q, jobs("c", "c1")...)
	done.await(t, 2)
	assert.ElementsMatch(t, []string{"a1", "b1", "c1"}, done.read())
}

func TestAJobIsWithdrawnUnlessSomebodyHasBegunIt(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		q, done := newQueue(db), newBook()
		enqueue(t, q, queue.Job{Queue: "work", ID: "one"})
		withdraw := func() bool {
			found, err := q.Withdraw(t.Context(), "work", "one")
			require.NoError(t, err)
			return found
		}
		assert.True(t, withdraw())
		empty(t, q)
		assert.False(t, withdraw())
		enqueue(t, q, queue.Job{Queue: "work", ID: "one"})
		release := make(chan struct{})
		start(t, q.Worker("work", func(ctx context.Context, job queue.Job) error {
			_ = done.noting(ctx, job)
			<-release
			return nil
		}, queue.Options{}))
		done.await(t, 1)
		assert.False(t, withdraw())
		close(release)
	})
}
