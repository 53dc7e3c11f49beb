package tasks_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/tasks"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// quick tries again at once.
var quick = backoff.Exponential{First: time.Millisecond, Last: time.Millisecond}

type params struct{ Name string }

type result struct{ Greeting string }

const (
	greet tasks.Kind[params, result] = "test.greet"
	wait  tasks.Kind[params, result] = "test.wait"
)

var settings = tasks.Config{Database: testkit.Name, Concurrency: 4, Lease: 30 * time.Second, Streams: 10}

// newTasks is a process that has the database.
func newTasks(t *testing.T, m *database.Manager) *tasks.Tasks {
	return configured(t, m, settings, clock.System)
}

func configured(t *testing.T, m *database.Manager, cfg tasks.Config, now clock.Clock) *tasks.Tasks {
	t.Helper()
	made, err := tasks.New(cfg, m, now, testkit.Quiet())
	require.NoError(t, err)
	return made
}

func newWorker(t *testing.T, in *tasks.Tasks, handlers ...tasks.Handler) *tasks.Worker {
	t.Helper()
	w, err := tasks.NewWorker(in, prometheus.NewRegistry(), handlers, nil)
	require.NoError(t, err)
	return w
}

// start runs a worker until the test ends, and gives how to end it before.
func start(t *testing.T, w *tasks.Worker) (end func()) {
	t.Helper()
	var running sync.WaitGroup
	running.Go(func() { assert.NoError(t, w.Run(context.Background())) })
	end = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		assert.NoError(t, w.Drain(ctx))
		running.Wait()
	})
	t.Cleanup(end)
	return end
}

// work runs a worker with these handlers until the test ends.
func work(t *testing.T, in *tasks.Tasks, handlers ...tasks.Handler) {
	t.Helper()
	start(t, newWorker(t, in, handlers...))
}

func enqueue(t *testing.T, to *tasks.Tasks, name string, spec tasks.Spec) *tasks.Task {
	t.Helper()
	task, err := greet.Enqueue(t.Context(), to, params{name}, spec)
	require.NoError(t, err)
	return task
}

func read(t *testing.T, from *tasks.Tasks, id string) *tasks.Task {
	t.Helper()
	task, err := from.ByID(t.Context(), id)
	require.NoError(t, err)
	return task
}

// until waits until a task is as wanted.
func until(t *testing.T, from *tasks.Tasks, id string, wanted func(*tasks.Task) bool) *tasks.Task {
	t.Helper()
	var last *tasks.Task
	require.Eventually(t, func() bool {
		last = read(t, from, id)
		return wanted(last)
	}, patience, 2*time.Millisecond)
	return last
}

// ended waits until a task is in a last state.
func ended(t *testing.T, from *tasks.Tasks, id string, state tasks.State) *tasks.Task {
	t.Helper()
	task := until(t, from, id, func(task *tasks.Task) bool { return task.State.Finished() })
	require.Equal(t, state, task.State, "%+v", task.Problem)
	return task
}

func hello(_ context.Context, _ *tasks.Run, p params) (result, error) {
	return result{"hello " + p.Name}, nil
}

// eachEngine runs a specification on every engine.
func eachEngine(t *testing.T, run func(t *testing.T, m *database.Manager)) {
	t.Helper()
	testkit.EachEngine(t, run)
}
