package app_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/health"
	"github.com/trellis-go/trellis/platform/log"
)

func TestMain(m *testing.M) {
	if os.Getenv("TRELLIS_APP_CHILD") != "" {
		child()
	}
	// The runtime begins to watch for signals once; it must not do so inside the bubble of a test.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGUSR1)
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("os/signal.loop"))
}

var settings = app.Config{StartTimeout: time.Minute, DrainDelay: 5 * time.Second, DrainTimeout: 30 * time.Second, StopTimeout: 10 * time.Second}

// journal is what happened, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, ", ")
}

// component is one that notes everything it does.
func component(j *journal, name string) app.Component {
	stopped := make(chan struct{})
	step := func(what string, then func()) func(context.Context) error {
		return func(context.Context) error {
			j.note(what + " " + name)
			then()
			return nil
		}
	}
	return app.Component{
		Name:  name,
		Start: step("start", func() {}),
		Run:   func(context.Context) error { <-stopped; return nil },
		Drain: step("drain", func() {}),
		Stop:  step("stop", func() { close(stopped) }),
	}
}

func newHealth(t *testing.T) *health.Health {
	t.Helper()
	return health.New(log.Discard())
}

// runUntil runs the components and ends them after that long.
func runUntil(t *testing.T, after time.Duration, components ...app.Component) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), after)
	defer cancel()
	return app.New(settings, log.Discard(), newHealth(t), components...).Run(ctx)
}

func TestComponentsStartInOrderAndStopInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		require.NoError(t, runUntil(t, time.Hour, component(&j, "a"), component(&j, "b")))
		assert.Equal(t, "start a, start b, drain b, drain a, stop b, stop a", j.String())
	})
}

func TestWhatHasNoDrainWorksUntilAllHaveDrained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		taker := component(&j, "taker")
		recorder := app.Component{Name: "recorder", Run: func(ctx context.Context) error { <-ctx.Done(); j.note("end recorder"); return nil }}
		require.NoError(t, runUntil(t, time.Hour, taker, recorder))
		assert.Equal(t, "start taker, drain taker, end recorder, stop taker", j.String())
	})
}

func TestReadinessGoesBeforeTheDoorCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		probes := newHealth(t)
		var drained atomic.Pointer[time.Time]
		ctx, cancel := context.WithCancel(t.Context())
		http := app.Component{Name: "http", Drain: func(context.Context) error {
			now := time.Now()
			drained.Store(&now)
			return nil
		}}
		ended := make(chan error)
		go func() { ended <- app.New(settings, log.Discard(), probes, http).Run(ctx) }()
		synctest.Wait()
		assert.True(t, probes.Ready(ctx).OK())

		told := time.Now()
		cancel()
		synctest.Wait()
		assert.Equal(t, health.StatusDraining, probes.Ready(t.Context()).Status)
		assert.Nil(t, drained.Load())
		require.NoError(t, <-ended)
		assert.Equal(t, settings.DrainDelay, drained.Load().Sub(told))
	})
}

func TestAFailedStartStopsWhatHasStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		broken := app.Component{Name: "broken", Start: func(context.Context) error { return errors.New("no route") }}
		err := runUntil(t, time.Hour, component(&j, "a"), broken, component(&j, "c"))
		require.ErrorContains(t, err, "start broken: no route")
		assert.Equal(t, app.ExitUnavailable, app.ExitCode(err))
		assert.Equal(t, "start a, stop a", j.String())
	})
}

func TestAStartHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging := app.Component{Name: "slow", Start: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		began := time.Now()
		err := runUntil(t, time.Hour, hanging)
		require.ErrorContains(t, err, "start slow")
		assert.Equal(t, settings.StartTimeout, time.Since(began))
	})
}

func TestASlowStartHasNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		slow := app.Component{Name: "slow", Slow: true, Start: func(ctx context.Context) error {
			select {
			case <-time.After(10 * settings.StartTimeout):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		require.NoError(t, runUntil(t, time.Hour, slow, component(&j, "a")))
		assert.Contains(t, j.String(), "start a")
	})
}

func TestTheEndMayComeDuringTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		hanging := app.Component{Name: "slow", Start: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		err := runUntil(t, time.Second, component(&j, "a"), hanging)
		assert.Equal(t, app.ExitOK, app.ExitCode(err))
		assert.Equal(t, "start a, stop a", j.String())
	})
}

func TestAComponentThatFailsEndsTheProgram(t *testing.T) {
	for name, run := range map[string]func(context.Context) error{
		"run failing: out of memory":        func(context.Context) error { return errors.New("out of memory") },
		"run failing: it ended by itself":   func(context.Context) error { return nil },
		"run failing: panic: index is wild": func(context.Context) error { panic("index is wild") },
	} {
		synctest.Test(t, func(t *testing.T) {
			var j journal
			err := runUntil(t, time.Hour, component(&j, "a"), app.Component{Name: "failing", Run: run})
			require.ErrorContains(t, err, name)
			assert.Equal(t, app.ExitSoftware, app.ExitCode(err))
			assert.Equal(t, "start a, drain a, stop a", j.String(), "the others still end in order")
		})
	}
}

func TestAnOverrunIsNamedAndDoesNotHoldUpTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		release := make(chan struct{})
		deaf := app.Component{Name: "deaf", Stop: func(context.Context) error { <-release; return nil }}
		err := runUntil(t, time.Hour, component(&j, "a"), deaf)
		close(release)
		require.ErrorContains(t, err, "stop deaf")
		assert.Equal(t, app.ExitDrain, app.ExitCode(err))
		assert.Equal(t, "start a, drain a, stop a", j.String())
	})
}

func TestErrorsOfTheEndAreAllNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := func(context.Context) error { return errors.New("boom") }
		err := runUntil(t, time.Hour, app.Component{Name: "a", Drain: fails, Stop: fails})
		require.ErrorContains(t, err, "drain a: boom")
		require.ErrorContains(t, err, "stop a: boom")
	})
}

func TestTheExitCodeIsThatOfTheError(t *testing.T) {
	boom := errors.New("boom")
	assert.Equal(t, 0, app.ExitCode(nil))
	assert.Equal(t, 1, app.ExitCode(boom))
	assert.Equal(t, 78, app.ExitCode(errors.Join(app.WithExitCode(boom, app.ExitConfig))))
	require.NoError(t, app.WithExitCode(nil, 5))
	require.ErrorIs(t, app.WithExitCode(boom, 5), boom)
}

// child is the program that the tests of signals run: it says what happens on standard output.
func child() {
	say := func(line string) { _, _ = os.Stdout.WriteString(line + "\n") }
	hang := os.Getenv("TRELLIS_APP_CHILD") == "hang"
	stopped := make(chan struct{})
	worker := app.Component{
		Name: "worker",
		Run:  func(context.Context) error { say("running"); <-stopped; return nil },
		Drain: func(ctx context.Context) error {
			say("draining")
			if hang {
				<-ctx.Done()
			}
			return nil
		},
		Stop: func(context.Context) error { close(stopped); return nil },
	}
	cfg := app.Config{StartTimeout: time.Minute, DrainTimeout: time.Minute, StopTimeout: time.Minute}
	a := app.New(cfg, log.Discard(), health.New(log.Discard()), worker)
	a.OnReload(func(ctx context.Context) error {
		say("reloading")
		if os.Getenv("TRELLIS_APP_CHILD") == "hang reload" {
			<-ctx.Done()
		}
		return errors.New("not valid")
	})
	os.Exit(app.ExitCode(a.Run(context.Background())))
}

// process is a running child, and what it says.
type process struct {
	cmd  *exec.Cmd
	said chan string
}

func start(t *testing.T, mode string) process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TRELLIS_APP_CHILD="+mode)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p := process{cmd: cmd, said: make(chan string, 10)}
	go func() {
		defer close(p.said)
		buffer := make([]byte, 1024)
		for {
			n, err := out.Read(buffer)
			for line := range strings.Lines(string(buffer[:n])) {
				p.said <- strings.TrimSpace(line)
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	require.Equal(t, "running", <-p.said)
	return p
}

func (p process) exit() int {
	for range p.said {
	}
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

func TestATermSignalEndsInOrder(t *testing.T) {
	p := start(t, "run")
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, "draining", <-p.said)
	assert.Equal(t, 0, p.exit())
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	p := start(t, "hang")
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, "draining", <-p.said)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGINT))
	assert.Equal(t, 128+int(syscall.SIGINT), p.exit())
}

func TestAHangUpReloadsAndGoesOn(t *testing.T) {
	p := start(t, "run")
	for range 2 {
		require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
		assert.Equal(t, "reloading", <-p.said)
	}
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	assert.Equal(t, "draining", <-p.said)
	assert.Equal(t, 0, p.exit())
}
