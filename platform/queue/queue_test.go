package queue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/queue"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestAJobIsCarriedOutOnceItsTransactionIsCommitted(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		q, done := newQueue(db), newBook()
		start(t, q.Worker("work", done.noting, queue.Options{Poll: never}))
		failed := errors.New("changed my mind")
		require.ErrorIs(t, db.InTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, q.Enqueue(ctx, jobs("", "rolled back")...))
			return failed
		}), failed)
		for range 20 {
			require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
				return q.Enqueue(ctx, jobs("", "committed")...)
			}))
			done.await(t, 1) // the commit wakes it: it does not look by itself
			empty(t, q)
		}
		assert.NotContains(t, done.read(), "rolled back")
	})
}

func TestWhatAnotherProcessEnqueuesIsFound(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		done := newBook()
		start(t, newQueue(db).Worker("work", done.noting, queue.Options{Poll: 5 * time.Millisecond}))
		elsewhere := newQueue(db) // wakes nobody here
		enqueue(t, elsewhere, jobs("", "from elsewhere")...)
		done.await(t, 1)
	})
}

func TestJobsOfAKeyAreCarriedOutOneAtATimeAndInOrderByAllWorkersTogether(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		const keys, each = 20, 25
		q := newQueue(db)
		var all []queue.Job
		for n := range each {
			for k := range keys {
				all = append(all, queue.Job{Queue: "work", Key: fmt.Sprint("key-", k), Payload: fmt.Append(nil, n)})
			}
		}
		enqueue(t, q, all...)
		done := newBook()
		var mu sync.Mutex
		next := map[string]int{}
		handler := func(_ context.Context, job queue.Job) error {
			mu.Lock()
			want := next[job.Key]
			next[job.Key] = -1 // nobody else may have this key now
			mu.Unlock()
			if got := string(job.Payload); got != fmt.Sprint(want) {
				done.note(fmt.Sprintf("%s: %s instead of %d", job.Key, got, want))
			}
			time.Sleep(time.Millisecond) // long enough for another one to be seen
			mu.Lock()
			next[job.Key] = want + 1
			mu.Unlock()
			return nil
		}
		for range 3 {
			start(t, newQueue(db).Worker("work", handler, queue.Options{Concurrency: 4, Prefetch: 10, Poll: 5 * time.Millisecond}))
		}
		empty(t, q)
		assert.Empty(t, done.read())
		for k := range keys {
			assert.Equal(t, each, next[fmt.Sprint("key-", k)])
		}
	})
}

func TestAFailedJobHoldsBackTheLaterOnesOfItsKeyAlone(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		q, done := newQueue(db), newBook()
		enqueue(t, q, append(jobs("a", "a1", "a2", "a3"), jobs("b", "b1", "b2")...)...)
		var repaired atomic.Bool
		start(t, q.Worker("work", func(ctx context.Context, job queue.Job) error {
			if string(job.Payload) == "a1" && !repaired.Load() {
				return errors.New("not yet")
			}
			return done.noting(ctx, job)
		}, queue.Options{Backoff: quick, Attempts: 1 << 30, Poll: 5 * time.Millisecond}))
		done.await(t, 2)
		assert.Equal(t, []string{"b1", "b2"}, done.read())
		enqueue(t, q, jobs("a", "a4")...)
		repaired.Store(true)
		done.await(t, 4)
		assert.Equal(t, []string{"a1", "a2", "a3", "a4"}, done.read()[2:])
	})
}

func TestAJobIsNotBegunBeforeItIsDue(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		var now atomic.Int64
		now.Store(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).UnixMicro())
		at := func() time.Time { return time.UnixMicro(now.Load()).UTC() }
		q, done := queue.New(db, at, testkit.Quiet()), newBook()
		enqueue(t, q, queue.Job{Queue: "work", Payload: []byte("later"), DueAt: at().Add(time.Minute)})
		enqueue(t, q, jobs("", "now")...)
		start(t, q.Worker("work", done.noting, queue.Options{Poll: time.Millisecond}))
		done.await(t, 1)
		assert.Equal(t, []string{"now"}, done.read())
		left(t, q, 1)
		now.Add(time.Minute.Microseconds())
		done.await(t, 1)
		assert.Equal(t, []string{"now", "later"}, done.read())
	})
}

func TestALaterJobDoesNotOvertakeOneOfItsKeyThatIsNotDue(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		var late atomic.Bool
		now := time.Now().UTC()
		at := func() time.Time {
			if late.Load() {
				return now.Add(time.Hour)
			}
			return now
		}
		q, done := queue.New(db, at, testkit.Quiet()), newBook()
		all := jobs("a", "a1", "a2", "a3")
		all[1].DueAt = now.Add(time.Minute)
		enqueue(t, q, append(all, jobs("", "other")...)...)
		start(t, q.Worker("work", done.noting, queue.Options{Concurrency: 1, Poll: time.Millisecond}))
		done.await(t, 2)
		assert.Equal(t, []string{"a1", "other"}, done.read())
		left(t, q, 2)
		late.Store(true)
		done.await(t, 2)
		assert.Equal(t, []string{"a2", "a3"}, done.read()[2:])
	})
}

func TestManyThatWaitForARetryAreInNobodysWay(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		q, done := newQueue(db), newBook()
		enqueue(t, q, jobs("a", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9")...)
		enqueue(t, q, jobs("b", "b1")...)
		start(t, q.Worker("work", func(ctx context.Context, job queue.Job) error {
			if job.Key == "a" {
				return errors.New("not today")
			}
			return done.noting(ctx, job)
		}, queue.Options{Concurrency: 1, Prefetch: 1, Backoff: backoff.Exponential{First: never, Last: never}, Poll: time.Millisecond}))
		done.await(t, 1)
	})
}

func TestTheFirstOfAKeyIsFoundAlsoWhenItIsDueAfterManyOthers(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		q, done := newQueue(db), newBook()
		enqueue(t, q, jobs("a", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9")...)
		var first int64
		require.NoError(t, db.Reader(t.Context()).Table("queue_jobs").Select("MIN(seq)").Take(&first).Error)
		require.NoError(t, db.Writer(t.Context()).Table("queue_jobs").Where("seq IN ?", []int64{first, first + 1}).
			Updates(map[string]any{"owner": "dead", "due_at": time.Now().UnixMicro()}).Error, "a lease that has ended")
		start(t, q.Worker("work", done.noting, queue.Options{Concurrency: 1, Prefetch: 1, Poll: time.Millisecond}))
		done.await(t, 9)
		assert.Equal(t, []string{"a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"}, done.read())
	})
}

func TestALowerClassGoesFirst(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		q, done := newQueue(db), newBook()
		for class := 2; class >= 0; class-- {
			enqueue(t, q, queue.Job{Queue: "work", Priority: class, Payload: fmt.Append(nil, class)})
		}
		start(t, q.Worker("work", done.noting, queue.Options{Concurrency: 1, Prefetch: 1, Classes: 3}))
		done.await(t, 3)
		assert.Equal(t, []string{"0", "1", "2"}, done.read())
	})
}

func TestAnIDIsEnqueuedOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		q, done := newQueue(db), newBook()
		for range 2 {
			enqueue(t, q, queue.Job{Queue: "work", ID: "event-1", Payload: []byte("work")},
				queue.Job{Queue: "other", ID: "event-1", Payload: []byte("other")})
		}
		start(t, q.Worker("work", done.noting, queue.Options{}))
		start(t, q.Worker("other", done.noting, queue.Options{}))
		empty(t, q)
		assert.ElementsMatch(t, []string{"work", "other"}, done.read())
	})
}

func TestALargePayloadComesWhole(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		q, done := newQueue(db), newBook()
		large := strings.Repeat("trellis ", 1<<17)
		for range 10 {
			enqueue(t, q, jobs("", large)...)
		}
		enqueue(t, q, jobs("", large, large, large, large, large, large, large)...)
		start(t, q.Worker("work", func(_ context.Context, job queue.Job) error {
			done.note(fmt.Sprint(bytes.Equal(job.Payload, []byte(large))))
			return nil
		}, queue.Options{}))
		done.await(t, 17)
		assert.NotContains(t, done.read(), "false")
	})
}

func TestWhatCannotBeAJobIsRefused(t *testing.T) {
	q := newQueue(onSQLite(t))
	for _, wrong := range []queue.Job{
		{}, {Queue: strings.Repeat("q", queue.MaxName+1)}, {Queue: "work", Key: strings.Repeat("k", queue.MaxKey+1)},
		{Queue: "work", Priority: -1},
	} {
		assert.Error(t, q.Enqueue(t.Context(), wrong))
	}
}

func TestTheBacklogIsCounted(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		q, before := newQueue(db), time.Now().Add(-time.Second)
		enqueue(t, q, append(jobs("", "1", "2"), queue.Job{Queue: "other"})...)
		counted, err := q.Backlogs(t.Context())
		require.NoError(t, err)
		require.Len(t, counted, 2)
		assert.Equal(t, "other", counted[0].Queue)
		assert.EqualValues(t, 2, counted[1].Jobs)
		assert.True(t, counted[1].Oldest.After(before))
	})
}

func onSQLite(t *testing.T) *database.DB {
	t.Helper()
	db, err := testkit.Database(t).DB(testkit.Name)
	require.NoError(t, err)
	return db
}
