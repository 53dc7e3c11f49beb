package app_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/log"
)

func TestAFailedStopCountsWhenTheEndCameDuringTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		deaf := app.Component{Name: "deaf", Stop: func(context.Context) error { <-release; return nil }}
		slow := app.Component{Name: "slow", Start: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		err := runUntil(t, time.Second, deaf, slow)
		close(release)
		require.ErrorContains(t, err, "stop deaf")
		assert.Equal(t, app.ExitDrain, app.ExitCode(err))
	})
}

func TestAFailureDuringTheStartEndsTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failing := app.Component{Name: "failing", Run: func(context.Context) error { return errors.New("boom") }}
		slow := app.Component{Name: "slow", Start: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		began := time.Now()
		err := runUntil(t, time.Hour, failing, slow)
		require.ErrorContains(t, err, "run failing: boom")
		assert.Equal(t, app.ExitSoftware, app.ExitCode(err))
		assert.Less(t, time.Since(began), time.Second)
	})
}

func TestAFailureOfWhatRunsIsNamedWhileEnding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopped := make(chan struct{})
		err := runUntil(t, time.Hour, app.Component{
			Name: "worker",
			Run:  func(context.Context) error { <-stopped; return errors.New("the last batch was lost") },
			Stop: func(context.Context) error { close(stopped); return nil },
		})
		require.ErrorContains(t, err, "run worker: the last batch was lost")
		assert.Equal(t, app.ExitSoftware, app.ExitCode(err))
	})
}

func TestEveryComponentThatFailsIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := func(context.Context) error { time.Sleep(time.Second); return errors.New("boom") }
		err := runUntil(t, time.Hour, app.Component{Name: "a", Run: fails}, app.Component{Name: "b", Run: fails})
		require.ErrorContains(t, err, "run a: boom")
		require.ErrorContains(t, err, "run b: boom")
	})
}

func TestAFailureIsToldOnceAndWaitsForNoLoadBalancer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := runUntil(t, time.Hour, app.Component{Name: "a", Run: func(context.Context) error { return errors.New("boom") }})
		require.EqualError(t, err, "run a: boom")
		assert.Zero(t, time.Since(began))
	})
}

func TestARunWithoutAStopEndsByItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		require.NoError(t, runUntil(t, time.Hour, app.Component{Name: "worker", Run: run}))
	})
}

func TestComponentsMayShareAName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		worker := func() app.Component { return component(&j, "worker") }
		require.NoError(t, runUntil(t, time.Hour, worker(), worker()))
	})
}

func TestARunThatEndsItsGoroutineIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := runUntil(t, time.Hour, app.Component{Name: "quitter", Run: func(context.Context) error { runtime.Goexit(); return nil }})
		require.ErrorContains(t, err, "run quitter")
	})
}

func TestAPanicIsLoggedWithItsStack(t *testing.T) {
	panics := func(context.Context) error { panic("index is wild") }
	for name, part := range map[string]app.Component{
		"start": {Name: "a", Start: panics}, "run": {Name: "a", Run: panics}, "stop": {Name: "a", Stop: panics},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			err := app.New(settings, log.NewTest(&out), newHealth(t), part).Run(ctx)
			require.ErrorContains(t, err, name+" a: panic: index is wild")
			assert.Equal(t, app.ExitSoftware, app.ExitCode(err))
			assert.Regexp(t, `"stack":"goroutine .*failure_test.go`, out.String())
		})
	}
}

type withCode struct{ error }

func (withCode) ExitCode() int { return 42 }

func TestAnErrorMayKnowItsExitCode(t *testing.T) {
	assert.Equal(t, 42, app.ExitCode(errors.Join(errors.New("x"), withCode{errors.New("y")})))
}

func TestAReloadThatHangsDoesNotHoldUpTheEnd(t *testing.T) {
	p := start(t, "hang reload")
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	assert.Equal(t, "reloading", <-p.said)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case said := <-p.said:
		assert.Equal(t, "draining", said)
	case <-time.After(5 * time.Second):
		t.Fatal("the signal is not heeded")
	}
	assert.Equal(t, 0, p.exit())
}

func TestRunReturnsAfterTheReload(t *testing.T) {
	var reloaded atomic.Bool
	ctx, cancel := context.WithCancel(t.Context())
	a := app.New(app.Config{StartTimeout: time.Minute, DrainTimeout: time.Minute, StopTimeout: time.Minute}, log.Discard(), newHealth(t),
		app.Component{Name: "self", Run: func(ctx context.Context) error {
			err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP)
			<-ctx.Done()
			return err
		}})
	a.OnReload(func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		time.Sleep(20 * time.Millisecond) // the rest of the program would be done by now
		reloaded.Store(true)
		return nil
	})
	require.NoError(t, a.Run(ctx))
	assert.True(t, reloaded.Load())
}
