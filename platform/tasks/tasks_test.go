package tasks_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/tasks"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestATaskIsCarriedOutAndKeepsItsResult(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		in := newTasks(t, m)
		task := enqueue(t, in, "Ada", tasks.Spec{})
		assert.Equal(t, tasks.Queued, task.State)
		assert.Nil(t, task.StartedAt)
		work(t, in, greet.On(hello, tasks.Options{}))
		done := ended(t, in, task.ID, tasks.Succeeded)
		assert.JSONEq(t, `{"Greeting":"hello Ada"}`, string(done.Result))
		assert.Equal(t, 100, done.Progress)
		assert.Equal(t, 1, done.Attempt)
		assert.Nil(t, done.Problem)
		assert.False(t, done.FinishedAt.Before(*done.StartedAt))
		assert.False(t, done.StartedAt.Before(done.CreatedAt))
	})
}

func TestATaskOfATransactionThatIsRolledBackDoesNotExist(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		in := newTasks(t, m)
		db, err := m.DB(testkit.Name)
		require.NoError(t, err)
		var names atomic.Pointer[string]
		var gone *tasks.Task
		err = db.InTx(t.Context(), func(ctx context.Context) (err error) {
			gone, err = greet.Enqueue(ctx, in, params{"nobody"}, tasks.Spec{})
			require.NoError(t, err)
			return errors.New("no")
		})
		require.Error(t, err)
		_, err = in.ByID(t.Context(), gone.ID)
		require.ErrorIs(t, err, tasks.ErrNotFound)
		work(t, in, greet.On(func(_ context.Context, _ *tasks.Run, p params) (result, error) {
			names.Store(&p.Name)
			return result{}, nil
		}, tasks.Options{}))
		ended(t, in, enqueue(t, in, "somebody", tasks.Spec{Priority: tasks.Low}).ID, tasks.Succeeded)
		assert.Equal(t, "somebody", *names.Load(), "the other would have gone first")
	})
}

func TestASecondTaskWithTheKeyOfAnUnfinishedOneIsThatOne(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		in := newTasks(t, m)
		first := enqueue(t, in, "first", tasks.Spec{Key: "k"})
		assert.Equal(t, first.ID, enqueue(t, in, "second", tasks.Spec{Key: "k"}).ID, "while it waits")
		assert.NotEqual(t, first.ID, enqueue(t, in, "other", tasks.Spec{Key: "l"}).ID)
		other, err := wait.Enqueue(t.Context(), in, params{}, tasks.Spec{Key: "k"})
		require.NoError(t, err)
		assert.NotEqual(t, first.ID, other.ID, "keys are those of a kind")
		_, err = in.Cancel(t.Context(), other.ID)
		require.NoError(t, err)

		release := make(chan struct{})
		work(t, in, greet.On(func(ctx context.Context, run *tasks.Run, p params) (result, error) {
			<-release
			return hello(ctx, run, p)
		}, tasks.Options{}))
		until(t, in, first.ID, func(task *tasks.Task) bool { return task.State == tasks.Running })
		assert.Equal(t, first.ID, enqueue(t, in, "second", tasks.Spec{Key: "k"}).ID, "while it runs")
		close(release)
		assert.JSONEq(t, `{"Greeting":"hello first"}`, string(ended(t, in, first.ID, tasks.Succeeded).Result))
		assert.NotEqual(t, first.ID, enqueue(t, in, "second", tasks.Spec{Key: "k"}).ID, "once it is finished")
	})
}

func TestManyWhoEnqueueTheSameKeyAtOnceGetOneTask(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		in := newTasks(t, m)
		const many = 8
		ids := make(chan string, many)
		for range many {
			go func() {
				task, err := greet.Enqueue(context.Background(), in, params{}, tasks.Spec{Key: "k"})
				if assert.NoError(t, err) {
					ids <- task.ID
				}
			}()
		}
		first := <-ids
		for range many - 1 {
			assert.Equal(t, first, <-ids)
		}
	})
}

func TestHigherPrioritiesGoFirst(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		one := settings
		one.Concurrency = 1
		in := configured(t, m, one, clockOf(t))
		enqueue(t, in, "low", tasks.Spec{Priority: tasks.Low})
		enqueue(t, in, "normal", tasks.Spec{})
		enqueue(t, in, "high", tasks.Spec{Priority: tasks.High})
		names := make(chan string, 3)
		work(t, in, greet.On(func(_ context.Context, _ *tasks.Run, p params) (result, error) {
			names <- p.Name
			return result{}, nil
		}, tasks.Options{}))
		assert.Equal(t, []string{"high", "normal", "low"}, []string{<-names, <-names, <-names})
	})
}

func TestATaskIsNotBegunBeforeItsTime(t *testing.T) {
	in := newTasks(t, testkit.Database(t))
	later := time.Now().Add(300 * time.Millisecond)
	task := enqueue(t, in, "later", tasks.Spec{At: later})
	work(t, in, greet.On(hello, tasks.Options{}))
	done := ended(t, in, task.ID, tasks.Succeeded)
	assert.False(t, done.StartedAt.Before(later.Truncate(time.Microsecond)))
}

func TestATaskThatFailsIsTriedAgainAndThenHasFailed(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		in := newTasks(t, m)
		var attempts atomic.Int32
		work(t, in, greet.On(func(_ context.Context, run *tasks.Run, p params) (result, error) {
			assert.Equal(t, int(attempts.Add(1)), run.Attempt)
			if p.Name == "lucky" && run.Attempt == 3 {
				return result{"at last"}, nil
			}
			return result{}, errors.New("the secret of the house")
		}, tasks.Options{Attempts: 3, Backoff: quick}))
		failed := ended(t, in, enqueue(t, in, "poison", tasks.Spec{}).ID, tasks.Failed)
		assert.Equal(t, 3, failed.Attempt)
		assert.Equal(t, problem.Internal.Code, failed.Problem.Code)
		assert.NotContains(t, failed.Problem.Detail, "secret")

		attempts.Store(0)
		assert.Equal(t, 3, ended(t, in, enqueue(t, in, "lucky", tasks.Spec{}).ID, tasks.Succeeded).Attempt)
	})
}

func TestWhatTheClientDidWrongIsNotTriedAgainAndSaysWhy(t *testing.T) {
	in := newTasks(t, testkit.Database(t))
	work(t, in,
		greet.On(func(context.Context, *tasks.Run, params) (result, error) {
			return result{}, problem.Invalid.New("a name is needed").With(problem.Field{In: "body", Line: 3, Detail: "must be there"})
		}, tasks.Options{Backoff: quick}),
		wait.On(func(context.Context, *tasks.Run, params) (result, error) {
			return result{}, tasks.Final(errors.New("no use"))
		}, tasks.Options{Backoff: quick}),
	)
	failed := ended(t, in, enqueue(t, in, "", tasks.Spec{}).ID, tasks.Failed)
	assert.Equal(t, 1, failed.Attempt)
	assert.Equal(t, problem.Document{
		Type: "/problems/validation_failed", Title: problem.Invalid.Title, Status: 422, Code: "validation_failed", Detail: "a name is needed",
		Errors: []problem.Field{{In: "body", Line: 3, Detail: "must be there"}},
	}, *failed.Problem)
	task, err := wait.Enqueue(t.Context(), in, params{}, tasks.Spec{})
	require.NoError(t, err)
	assert.Equal(t, 1, ended(t, in, task.ID, tasks.Failed).Attempt)
}

func TestAPanicAndAPassedTimeLimitAreFailures(t *testing.T) {
	in := newTasks(t, testkit.Database(t))
	work(t, in,
		greet.On(func(context.Context, *tasks.Run, params) (result, error) { panic("boom") }, tasks.Options{Attempts: 1}),
		wait.On(func(ctx context.Context, _ *tasks.Run, _ params) (result, error) {
			<-ctx.Done()
			return result{}, ctx.Err()
		}, tasks.Options{Attempts: 1, Timeout: time.Millisecond}),
	)
	assert.Equal(t, "internal", ended(t, in, enqueue(t, in, "", tasks.Spec{}).ID, tasks.Failed).Problem.Code)
	task, err := wait.Enqueue(t.Context(), in, params{}, tasks.Spec{})
	require.NoError(t, err)
	assert.Equal(t, "timeout", ended(t, in, task.ID, tasks.Failed).Problem.Code)
}

func TestATaskThatIsNotThereIsNotFound(t *testing.T) {
	in := newTasks(t, testkit.Database(t))
	_, err := in.ByID(t.Context(), "nothing")
	require.ErrorIs(t, err, tasks.ErrNotFound)
	_, err = in.Cancel(t.Context(), "nothing")
	require.ErrorIs(t, err, tasks.ErrNotFound)
}

func TestTwoHandlersOfOneKindAreRefused(t *testing.T) {
	in := newTasks(t, testkit.Database(t))
	_, err := tasks.NewWorker(in, prometheus.NewRegistry(), []tasks.Handler{greet.On(hello, tasks.Options{}), greet.On(hello, tasks.Options{})}, nil)
	assert.ErrorContains(t, err, "two handlers carry out tasks of the kind test.greet")
}
