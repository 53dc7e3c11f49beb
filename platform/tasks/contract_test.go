package tasks_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/tasks"
	"github.com/trellis-go/trellis/test/testkit"
)

// TestContract goes through every statement on every engine.
func TestContract(t *testing.T) {
	testkit.Contract(t, testkit.Scenarios(func(t *testing.T, m *database.Manager) *shop {
		s := &shop{now: time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)}
		s.Tasks = configured(t, m, settings, func() time.Time { return s.now })
		var err error
		s.worker, err = tasks.NewWorker(s.Tasks, prometheus.NewRegistry(),
			[]tasks.Handler{greet.On(func(ctx context.Context, run *tasks.Run, p params) (result, error) {
				return s.do(ctx, run, p)
			}, tasks.Options{Retention: time.Hour, Attempts: 2})},
			[]tasks.Schedule{tasks.Every("hourly", time.Hour, greet, params{"all"})})
		require.NoError(t, err)
		s.do = hello
		return s
	}, map[string]func(*testing.T, *shop){
		"a task is carried out, with what it saved":  taskCarriedOut,
		"a task that failed is tried again":          taskTriedAgain,
		"a task is canceled, before and while":       taskCanceled,
		"a task that is owed is not canceled":        taskOwed,
		"a key belongs to one task that is not done": taskUnique,
		"a schedule starts a task when it is due":    scheduleStarted,
		"finished tasks are forgotten":               tasksForgotten,
	}))
}

// shop has tasks at a time of its own, and a worker that carries out what it is told to.
type shop struct {
	*tasks.Tasks
	worker *tasks.Worker
	now    time.Time
	do     func(ctx context.Context, run *tasks.Run, p params) (result, error)
}

func (s *shop) carryOut(t *testing.T, task *tasks.Task) error {
	t.Helper()
	return s.worker.CarryOut(t.Context(), task.ID, []byte(`{"Name":"Ada"}`))
}

func taskCarriedOut(t *testing.T, s *shop) {
	task := enqueue(t, s.Tasks, "Ada", tasks.Spec{})
	s.do = func(ctx context.Context, run *tasks.Run, p params) (result, error) {
		if err := run.Save(ctx, "half"); err != nil {
			return result{}, err
		}
		return hello(ctx, run, p)
	}
	require.NoError(t, s.carryOut(t, task))
	done := read(t, s.Tasks, task.ID)
	assert.Equal(t, tasks.Succeeded, done.State)
	assert.JSONEq(t, `{"Greeting":"hello Ada"}`, string(done.Result))
	_, err := s.ByID(t.Context(), "nobody's")
	require.ErrorIs(t, err, tasks.ErrNotFound)
}

func taskTriedAgain(t *testing.T, s *shop) {
	task := enqueue(t, s.Tasks, "Ada", tasks.Spec{})
	s.do = func(context.Context, *tasks.Run, params) (result, error) { return result{}, errors.New("not now") }
	require.Error(t, s.carryOut(t, task), "the job comes again")
	assert.Equal(t, tasks.Queued, read(t, s.Tasks, task.ID).State)
	require.NoError(t, s.carryOut(t, task))
	assert.Equal(t, tasks.Failed, read(t, s.Tasks, task.ID).State)
}

func taskCanceled(t *testing.T, s *shop) {
	before := enqueue(t, s.Tasks, "Ada", tasks.Spec{})
	_, err := s.Cancel(t.Context(), before.ID)
	require.NoError(t, err)
	assert.Equal(t, tasks.Canceled, read(t, s.Tasks, before.ID).State)

	while := enqueue(t, s.Tasks, "Ada", tasks.Spec{})
	s.do = func(ctx context.Context, _ *tasks.Run, _ params) (result, error) {
		_, err := s.Cancel(context.WithoutCancel(ctx), while.ID)
		assert.NoError(t, err)
		return result{}, context.Cause(ctx)
	}
	require.NoError(t, s.carryOut(t, while))
	assert.Equal(t, tasks.Canceled, read(t, s.Tasks, while.ID).State)
}

func taskOwed(t *testing.T, s *shop) {
	owed := enqueue(t, s.Tasks, "Ada", tasks.Spec{Owed: true})
	_, err := s.Cancel(t.Context(), owed.ID)
	require.ErrorIs(t, err, tasks.ErrOwed)
}

func taskUnique(t *testing.T, s *shop) {
	first := enqueue(t, s.Tasks, "Ada", tasks.Spec{Key: "ada"})
	again := enqueue(t, s.Tasks, "Ada", tasks.Spec{Key: "ada"})
	assert.Equal(t, read(t, s.Tasks, first.ID).ID, again.ID)
	for _, key := range []string{"ada", "bob"} { // in one order in each run
		unfinished, err := greet.Unfinished(t.Context(), s.Tasks, key)
		require.NoError(t, err)
		assert.Equal(t, key == "ada", unfinished, key)
	}
}

func scheduleStarted(t *testing.T, s *shop) {
	for range 2 {
		require.NoError(t, s.worker.Enter(t.Context()))
	}
	s.now = s.now.Add(2 * time.Hour)
	for range 2 {
		next, err := s.worker.StartDue(t.Context())
		require.NoError(t, err)
		assert.True(t, next.After(s.now))
	}
	started, err := s.List(t.Context(), tasks.Filter{Kind: string(greet), State: tasks.Queued}, page.Request{Limit: 10, Sort: "-id"})
	require.NoError(t, err)
	require.Len(t, started.Items, 1, "what was missed is made up for once")
	require.NoError(t, s.worker.CarryOut(t.Context(), started.Items[0].ID, []byte(`{"Name":"all"}`)))
	assert.JSONEq(t, `{"Greeting":"hello all"}`, string(read(t, s.Tasks, started.Items[0].ID).Result))
}

func tasksForgotten(t *testing.T, s *shop) {
	task := enqueue(t, s.Tasks, "Ada", tasks.Spec{})
	require.NoError(t, s.carryOut(t, task))
	s.now = s.now.Add(2 * time.Hour)
	require.NoError(t, s.worker.Enter(t.Context()))
	s.now = s.now.Add(time.Hour)
	forget := enqueueForget(t, s.Tasks)
	require.NoError(t, s.worker.CarryOut(t.Context(), forget.ID, []byte(`{}`)))
	_, err := s.ByID(t.Context(), task.ID)
	require.ErrorIs(t, err, tasks.ErrNotFound)
}

func enqueueForget(t *testing.T, in *tasks.Tasks) *tasks.Task {
	t.Helper()
	const forget tasks.Kind[struct{}, struct{}] = "tasks.forget"
	task, err := forget.Enqueue(t.Context(), in, struct{}{}, tasks.Spec{})
	require.NoError(t, err)
	return task
}
