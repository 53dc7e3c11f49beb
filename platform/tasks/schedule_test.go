package tasks_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/tasks"
	"github.com/trellis-go/trellis/test/testkit"
)

func scheduled(t *testing.T, in *tasks.Tasks, handler tasks.Handler, schedules ...tasks.Schedule) *tasks.Worker {
	t.Helper()
	w, err := tasks.NewWorker(in, prometheus.NewRegistry(), []tasks.Handler{handler}, schedules)
	require.NoError(t, err)
	return w
}

func TestReplicasStartAScheduledTaskOnceForEachTime(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		const rounds, replicas = 3, 3
		began := clock.System()
		seen := map[time.Duration]int{}
		var mu sync.Mutex
		handler := greet.On(func(context.Context, *tasks.Run, params) (result, error) {
			mu.Lock()
			defer mu.Unlock()
			seen[clock.System().Sub(began).Truncate(time.Second)]++
			return result{}, nil
		}, tasks.Options{})
		for range replicas {
			start(t, scheduled(t, newTasks(t, m), handler, tasks.Every("test", time.Second, greet, params{})))
		}
		total := func() (n int) {
			mu.Lock()
			defer mu.Unlock()
			for _, times := range seen {
				n += times
			}
			return n
		}
		require.Eventually(t, func() bool { return total() >= rounds }, patience, time.Millisecond)
		elapsed := clock.System().Sub(began)
		assert.LessOrEqual(t, total(), int(elapsed/time.Second), "never more often than there were seconds")
	})
}

func TestWhatWasMissedIsMadeUpForOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		var offset atomic.Int64
		now := func() time.Time { return clock.System().Add(time.Duration(offset.Load())) }
		times := make(chan string, 100)
		begin := func() (end func()) {
			in := configured(t, m, settings, now)
			return start(t, scheduled(t, in, greet.On(func(_ context.Context, _ *tasks.Run, p params) (result, error) {
				times <- p.Name
				return result{}, nil
			}, tasks.Options{}),
				tasks.Cron("daily", "0 3 * * *", "Europe/Berlin", greet, params{"daily"}),
				tasks.Every("probe", time.Second, greet, params{"probe"})))
		}
		end := begin()
		assert.Equal(t, "probe", <-times)
		end()
		offset.Store(int64(10 * 24 * time.Hour))
		for len(times) > 0 {
			assert.Equal(t, "probe", <-times)
		}
		begin()
		counted := map[string]int{}
		for counted["probe"] < 2 {
			counted[<-times]++
		}
		assert.Equal(t, 1, counted["daily"], "ten were missed")
	})
}

func TestSchedulesThatCannotBeAreRefused(t *testing.T) {
	in := newTasks(t, testkit.Database(t))
	for want, schedule := range map[string]tasks.Schedule{
		"expected exactly 5 fields":                      tasks.Cron("odd", "every day", "UTC", greet, params{}),
		"unknown time zone Europe/Atlantis":              tasks.Cron("far", "0 3 * * *", "Europe/Atlantis", greet, params{}),
		"never comes":                                    tasks.Cron("never", "0 0 30 2 *", "UTC", greet, params{}),
		"below a second":                                 tasks.Every("busy", time.Millisecond, greet, params{}),
		"nobody carries out tasks of the kind test.wait": tasks.Every("orphan", time.Hour, wait, params{}),
	} {
		_, err := tasks.NewWorker(in, prometheus.NewRegistry(), []tasks.Handler{greet.On(hello, tasks.Options{})}, []tasks.Schedule{schedule})
		assert.ErrorContains(t, err, want)
	}
	same := tasks.Every("same", time.Hour, greet, params{})
	_, err := tasks.NewWorker(in, prometheus.NewRegistry(), []tasks.Handler{greet.On(hello, tasks.Options{})}, []tasks.Schedule{same, same})
	assert.ErrorContains(t, err, "two schedules have the name same")
}

func TestFinishedTasksAreForgottenAfterTheirRetention(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		var offset atomic.Int64
		in := configured(t, m, settings, func() time.Time { return clock.System().Add(time.Duration(offset.Load())) })
		end := start(t, newWorker(t, in, greet.On(hello, tasks.Options{Retention: time.Hour}), wait.On(hello, tasks.Options{})))
		short := enqueue(t, in, "short", tasks.Spec{})
		long, err := wait.Enqueue(t.Context(), in, params{}, tasks.Spec{})
		require.NoError(t, err)
		ended(t, in, short.ID, tasks.Succeeded)
		ended(t, in, long.ID, tasks.Succeeded)
		end()
		offset.Store(int64(2 * time.Hour))
		work(t, in, greet.On(hello, tasks.Options{}))
		require.Eventually(t, func() bool {
			_, err := in.ByID(t.Context(), short.ID)
			return err != nil
		}, patience, 5*time.Millisecond)
		_, err = in.ByID(t.Context(), short.ID)
		require.ErrorIs(t, err, tasks.ErrNotFound)
		read(t, in, long.ID)
	})
}
