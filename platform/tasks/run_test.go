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
			run.Progress(40, "rows 400 of caf\xe91000") // no text in itself
			<-release
			return result{}, nil
		}, tasks.Options{}))
		task := enqueue(t, here, "", tasks.Spec{})
		for _, from := range []*tasks.Tasks{there, here} {
			seen := until(t, from, task.ID, func(task *tasks.Task) bool { return task.Progress > 0 })
			assert.Equal(t, 40, seen.Progress)
			assert.Equal(t, "rows 400 of caf1000", seen.Message)
		}
		close(release)
		assert.Equal(t, "rows 400 of caf1000", ended(t, here, task.ID, tasks.Succeeded).Message, "the last stays")
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

func TestARunThatWasSupersededChangesNothing(t *testing.T) {
	testkit.EachEmpty(t, func(t *testing.T, cfg database.Config) {
		m := testkit.MigratedOn(t, cfg, migrations.Files)
		in, other := newTasks(t, m), newTasks(t, m)
		db, err := m.DB(testkit.Name)
		require.NoError(t, err)
		begun, release, lost := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		work(t, in, greet.On(func(ctx context.Context, run *tasks.Run, p params) (result, error) {
			if run.Attempt > 1 {
				return hello(ctx, run, p)
			}
			close(begun)
			<-release
			err := db.InTx(context.WithoutCancel(ctx), func(ctx context.Context) error {
				_, err := wait.Enqueue(ctx, other, params{"doubled"}, tasks.Spec{Key: "doubled"})
				require.NoError(t, err)
				return run.Save(ctx, "done")
			})
			lost <- err
			return result{"late"}, nil
		}, tasks.Options{}))
		task := enqueue(t, in, "Ada", tasks.Spec{})
		<-begun
		require.NoError(t, db.Writer(t.Context()).Table("queue_jobs").Where("id = ?", task.ID).
			Updates(map[string]any{"due_at": 0}).Error, "as if the lease had run out")
		assert.JSONEq(t, `{"Greeting":"hello Ada"}`, string(ended(t, in, task.ID, tasks.Succeeded).Result))
		close(release)
		require.ErrorIs(t, <-lost, tasks.ErrSuperseded)
		var jobs int64
		require.NoError(t, db.Reader(t.Context()).Table("queue_jobs").Where("id <> ?", task.ID).Where("payload LIKE ?", "%doubled%").Count(&jobs).Error)
		assert.Zero(t, jobs, "its transaction was rolled back")
		assert.JSONEq(t, `{"Greeting":"hello Ada"}`, string(read(t, in, task.ID).Result))
	})
}

func TestATaskThatBringsItsProcessDownIsGivenUp(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		in := newTasks(t, m)
		db, err := m.DB(testkit.Name)
		require.NoError(t, err)
		task := enqueue(t, in, "deadly", tasks.Spec{})
		require.NoError(t, db.Writer(t.Context()).Table("tasks_tasks").Where("id = ?", task.ID).
			Updates(map[string]any{"attempt": 3, "state": "running", "run": "that-died"}).Error)
		work(t, in, greet.On(hello, tasks.Options{Attempts: 3}))
		assert.Equal(t, "task_interrupted", ended(t, in, task.ID, tasks.Failed).Problem.Code)
	})
}

func TestAKindThatIsNotKnownWaitsForAProcessThatKnowsIt(t *testing.T) {
	in := newTasks(t, testkit.Database(t))
	task := enqueue(t, in, "new", tasks.Spec{})
	old := start(t, newWorker(t, in, wait.On(hello, tasks.Options{})))
	other, err := wait.Enqueue(t.Context(), in, params{}, tasks.Spec{Priority: tasks.Low})
	require.NoError(t, err)
	ended(t, in, other.ID, tasks.Succeeded)
	old()
	waiting := read(t, in, task.ID)
	assert.Equal(t, tasks.Queued, waiting.State)
	assert.Zero(t, waiting.Attempt)
}

func TestDrainWaitsForWhatRunsAndGivesBackWhatDoesNotEnd(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		in := newTasks(t, m)
		begun, release := make(chan int), make(chan struct{})
		w := newWorker(t, in,
			greet.On(func(ctx context.Context, run *tasks.Run, p params) (result, error) {
				begun <- run.Attempt
				<-release
				return hello(ctx, run, p)
			}, tasks.Options{}),
			wait.On(patient(begun), tasks.Options{Attempts: 1}))
		running := make(chan error, 1)
		go func() { running <- w.Run(context.Background()) }()
		short := enqueue(t, in, "short", tasks.Spec{})
		long, err := wait.Enqueue(t.Context(), in, params{}, tasks.Spec{})
		require.NoError(t, err)
		<-begun
		<-begun
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		close(release)
		require.NoError(t, w.Drain(ctx))
		require.NoError(t, <-running)
		assert.Equal(t, tasks.Succeeded, read(t, in, short.ID).State)
		back := read(t, in, long.ID)
		assert.Equal(t, tasks.Queued, back.State)
		assert.Zero(t, back.Attempt, "it is no fault of the task")

		work(t, in, wait.On(hello, tasks.Options{Attempts: 1}))
		assert.Equal(t, 1, ended(t, in, long.ID, tasks.Succeeded).Attempt)
	})
}

func TestATaskInATransactionOfItsOwnIsCanceledAtOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		in, begun := newTasks(t, m), make(chan int)
		db, err := m.DB(testkit.Name)
		require.NoError(t, err)
		work(t, in, greet.On(func(ctx context.Context, run *tasks.Run, p params) (result, error) {
			return result{}, db.InTx(ctx, func(ctx context.Context) error {
				_, err := patient(begun)(ctx, run, p)
				return err
			})
		}, tasks.Options{}))
		task := enqueue(t, in, "holds the only writer of SQLite", tasks.Spec{})
		<-begun
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		_, err = in.Cancel(ctx, task.ID)
		require.NoError(t, err)
		ended(t, in, task.ID, tasks.Canceled)
	})
}
