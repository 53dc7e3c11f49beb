// Package app is the life of the program: its parts start in order, run, and stop in the reverse order, each within its
// deadline.
//
//	a := app.New(cfg, logger, health,
//		app.Component{Name: "databases", Start: databases.Start, Stop: databases.Close},
//		app.Component{Name: "http", Start: server.Start, Run: server.Run, Drain: server.Drain, Stop: server.Stop},
//	)
//	err := a.Run(ctx)
//	os.Exit(app.ExitCode(err))
//
// SIGTERM and SIGINT end it in order: readiness goes first, then after the drain delay every part drains, that is, takes
// no more work and finishes what it has, and then every part stops. A second signal ends it at once. SIGHUP calls what
// OnReload was given. ExitCode says why the program ended.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/trellis-go/trellis/platform/health"
	"github.com/trellis-go/trellis/platform/problem"
)

// Config is the section app.
type Config struct {
	StartTimeout time.Duration `validate:"min=1ms"` // for each part to start
	DrainDelay   time.Duration `validate:"min=0"`   // from "not ready" to draining, for load balancers to notice
	DrainTimeout time.Duration `validate:"min=1ms"` // for all parts together to finish the work they have
	StopTimeout  time.Duration `validate:"min=1ms"` // for each part to stop
}

// Component is a part of the program. Every function may be nil.
type Component struct {
	Name  string
	Start func(ctx context.Context) error // makes it ready; parts listed before it are
	Slow  bool                            // Start may take as long as it likes: what it does must not be cut off
	Run   func(ctx context.Context) error // works until Drain or Stop, its ctx ends after Stop; returning before the end is a failure
	Drain func(ctx context.Context) error // takes no more work and waits for what it has
	Stop  func(ctx context.Context) error // gives back what Start took; parts listed after it have stopped
}

// App runs components.
type App struct {
	cfg        Config
	log        *slog.Logger
	health     *health.Health
	components []Component
	reload     func(ctx context.Context) error
	signals    chan os.Signal
}

// New makes an app of components, in the order in which they start.
func New(cfg Config, logger *slog.Logger, probes *health.Health, components ...Component) *App {
	return &App{
		cfg: cfg, log: logger, health: probes, components: components,
		signals: make(chan os.Signal, 8), // more than a person sends before they are read
	}
}

// OnReload says what SIGHUP does. It is called before Run.
func (a *App) OnReload(fn func(ctx context.Context) error) { a.reload = fn }

// Run lives until a signal comes, ctx ends, or a component fails, and gives nil when it was told to end and ended in
// order. Every error names the component; ExitCode tells their classes. A function that does not heed the end of its
// ctx is left behind and named.
func (a *App) Run(ctx context.Context) error {
	signal.Notify(a.signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(a.signals)
	life, end := context.WithCancelCause(ctx)
	defer end(nil)
	ended := make(chan error, 1)
	go func() { ended <- a.live(life, end) }()
	hangUps, idle := make(chan struct{}, 1), make(chan struct{})
	go func() { defer close(idle); a.reloads(life, hangUps) }()

	for told := false; ; {
		select {
		case err := <-ended:
			end(nil)
			<-idle
			return err
		case sig := <-a.signals:
			switch {
			case sig == syscall.SIGHUP:
				select {
				case hangUps <- struct{}{}:
				default: // a reload is due anyway
				}
			case told:
				return forced(sig)
			default:
				a.log.InfoContext(ctx, "told to end", "signal", sig.String())
				told = true
				end(nil)
			}
		}
	}
}

// reloads keeps reloading off the loop of Run, so that one which hangs does not hold up the signals that end the program.
func (a *App) reloads(ctx context.Context, hangUps <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangUps:
			a.hangUp(ctx)
		}
	}
}

func (a *App) hangUp(ctx context.Context) {
	if a.reload == nil {
		return
	}
	limited, cancel := context.WithTimeout(ctx, a.cfg.StartTimeout)
	defer cancel()
	if err := within(limited, a.reload); err != nil {
		a.note(ctx, "not reloaded: what was in force stays", err)
		return
	}
	a.log.InfoContext(ctx, "reloaded")
}

// live starts everything, waits for the end of ctx or the failure of a component, and stops everything.
func (a *App) live(ctx context.Context, fail context.CancelCauseFunc) error {
	began := time.Now()
	parts, err := a.startAll(ctx, fail)
	ready := err == nil && len(parts) == len(a.components)
	if ready {
		a.health.MarkStarted()
		a.log.InfoContext(ctx, "ready", "took", time.Since(began))
		<-ctx.Done()
	}
	a.health.MarkDraining()
	failure := failureOf(ctx)
	rest := context.WithoutCancel(ctx)
	if ready {
		if failure == nil {
			time.Sleep(a.cfg.DrainDelay)
		}
		err = a.drain(rest, parts)
	}
	var first error // a nil *failed would not be a nil error
	if failure != nil {
		first = failure
		a.note(ctx, "a component failed", failure)
	}
	if err = errors.Join(first, err, a.stop(rest, parts, failure)); err == nil {
		a.log.InfoContext(ctx, "ended")
	}
	return err
}

// startAll gives the parts that have started: all of them, or those before the one that failed or that the end of ctx
// came at.
func (a *App) startAll(ctx context.Context, fail context.CancelCauseFunc) (parts []*part, err error) {
	for _, component := range a.components {
		err := a.start(ctx, component)
		switch {
		case ctx.Err() != nil && err != nil:
			a.log.InfoContext(ctx, "told to end while starting", "component", component.Name, "error", err)
			return parts, nil
		case err != nil:
			a.note(ctx, "not started", err)
			return parts, err
		}
		parts = append(parts, begin(ctx, component, fail))
	}
	return parts, nil
}

func (a *App) start(ctx context.Context, component Component) error {
	if ctx.Err() != nil || component.Start == nil {
		return ctx.Err()
	}
	limited, cancel := ctx, context.CancelFunc(func() {})
	if !component.Slow {
		limited, cancel = context.WithTimeout(ctx, a.cfg.StartTimeout)
	}
	defer cancel()
	if err := within(limited, component.Start); err != nil {
		return withDefaultCode(fmt.Errorf("start %s: %w", component.Name, err), ExitUnavailable)
	}
	return nil
}

// note logs an error, with the stack of a panic.
func (a *App) note(ctx context.Context, what string, err error) {
	attrs := []any{"error", err}
	if stack := problem.Stack(err); stack != nil {
		attrs = append(attrs, "stack", string(stack))
	}
	a.log.ErrorContext(ctx, what, attrs...)
}
