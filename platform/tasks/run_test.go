package tasks_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/queue"
	"github.com/trellis-go/trellis/platform/tasks"
	"github.com/trellis-go/trellis/test/testkit"
)

// clockOf is a clock that moves on by a millisecond each time it is read.
func clockOf(t *testing.T) clock.Clock {
	t.Helper()
	began, read := clock.System().Add(-time.Hour), atomic.Int64{}
	return func() time.Time { return began.Add(time.Duration(read.Add(1)) * time.Millisecond) }
}

// patient is a handler that runs until its ctx ends.
func patient(begun chan<- int) func(context.Context, *tasks.Run, params) (result, error) {
	return func(ctx context.Context, run *tasks.Run, _ params) (result, error) {
		begun <- run.Attempt
		<-ctx.Done()
		return result{}, ctx.Err()
	}
}

func TestATaskThatWaitsIsCanceledAtOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		in := newTasks(t, m)
		task := enqueue(t, in, "unwanted", tasks.Spec{})
		for range 2 {
			canceled, err := in.Cancel(t.Context(), task.ID)
			require.NoError(t, err)
			assert.Equal(t, tasks.Canceled, canceled.State)
		}
		work(t, in, greet.On(hello, tasks.Options{}))
		done := enqueue(t, in, "wanted", tasks.Spec{})
		ended(t, in, done.ID, tasks.Succeeded)
		assert.Zero(t, read(t, in, task.ID).Attempt)
		_, err := in.Cancel(t.Context(), done.ID)
		require.ErrorIs(t, err, tasks.ErrFinished)
	})
}

func TestATaskThatRunsIsCanceledWhereverItRuns(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		here, there := newTasks(t, m), newTasks(t, m)
		begun := make(chan int)
		work(t, there, greet.On(patient(begun), tasks.Options{}))
		for _, from := range []*tasks.Tasks{here, there} {
			task := enqueue(t, here, "long", tasks.Spec{})
			<-begun
			told, err := from.Cancel(t.Context(), task.ID)
			require.NoError(t, err)
			assert.True(t, told.Canceling || told.State == tasks.Canceled)
			ended(t, here, task.ID, tasks.Canceled)
		}
	})
}

func TestProgressIsSeenByAllProcesses(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		here, there := newTasks(t, m), newTasks(t, m)
		release := make(chan struct{})
		work(t, there, greet.On(func(_ context.Context, run *tasks.Run, _ params) (result, error) {
			run.Progress(-1, "begun")
			run.Progress(40, "rows 400 of 1000")
			<-release
			return result{}, nil
		}, tasks.Options{}))
		task := enqueue(t, here, "", tasks.Spec{})
		for _, from := range []*tasks.Tasks{there, here} {
			seen := until(t, from, task.ID, func(task *tasks.Task) bool { return task.Progress > 0 })
			assert.Equal(t, 40, seen.Progress)
			assert.Equal(t, "rows 400 of 1000", seen.Message)
		}
		close(release)
		assert.Equal(t, "rows 400 of 1000", ended(t, here, task.ID, tasks.Succeeded).Message, "the last stays")
	})
}

// cutOff is a process on the database of cfg that dies, as others see it, when it is closed.
func cutOff(t *testing.T, cfg database.Config, lease time.Duration) (*tasks.Tasks, *database.DB) {
	t.Helper()
	there := testkit.Start(t, database.Configs{testkit.Name: cfg})
	db, err := there.DB(testkit.Name)
	require.NoError(t, err)
	short := settings
	short.Lease = lease
	return configured(t, there, short, clock.System), db
}

func TestTheTasksOfAProcessThatDiedAreBegunAgainByOthers(t *testing.T) {
	testkit.EachEmpty(t, func(t *testing.T, cfg database.Config) {
		in := newTasks(t, testkit.MigratedOn(t, cfg, migrations.Files))
		task := enqueue(t, in, "Ada", tasks.Spec{})
		dying, db := cutOff(t, cfg, time.Second)
		begun, told := make(chan int), make(chan error, 1)
		work(t, dying, greet.On(func(ctx context.Context, run *tasks.Run, p params) (result, error) {
			assert.NoError(t, run.Save(ctx, 7))
			defer func() { told <- context.Cause(ctx) }()
			return patient(begun)(ctx, run, p)
		}, tasks.Options{}))
		<-begun
		require.NoError(t, db.Close())
		work(t, in, greet.On(func(_ context.Context, run *tasks.Run, p params) (result, error) {
			var saved int
			found, err := run.Saved(&saved)
			assert.True(t, found)
			assert.Equal(t, 7, saved)
			assert.Equal(t, 2, run.Attempt, "the one that was cut off counts")
			return result{p.Name}, err
		}, tasks.Options{}))
		ended(t, in, task.ID, tasks.Succeeded)
		assert.ErrorIs(t, <-told, queue.ErrLeaseLost)
	})
}
