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
	Run   func(ctx context.Context) error // works until Drain or Stop; returning before that is a failure
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
// order. Every error names the component; ExitCode tells their classes.
func (a *App) Run(ctx context.Context) error {
	signal.Notify(a.signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(a.signals)
	life, end := context.WithCancel(ctx)
	defer end()
	ended := make(chan error, 1)
	go func() { ended <- a.live(life) }()

	for told := false; ; {
		select {
		case err := <-ended:
			return err
		case sig := <-a.signals:
			switch {
			case sig == syscall.SIGHUP:
				a.hangUp(ctx)
			case told:
				return forced(sig)
			default:
				a.log.InfoContext(ctx, "told to end", "signal", sig.String())
				told = true
				end()
			}
		}
	}
}

func (a *App) hangUp(ctx context.Context) {
	if a.reload == nil {
		return
	}
	if err := guard(ctx, a.reload); err != nil {
		a.log.ErrorContext(ctx, "not reloaded: what was in force stays", "error", err)
		return
	}
	a.log.InfoContext(ctx, "reloaded")
}

// live starts everything, waits for the end of ctx or the failure of a component, and stops everything.
func (a *App) live(ctx context.Context) error {
	began := time.Now()
	runs := newRuns(len(a.components))
	for i, component := range a.components {
		if err := a.start(ctx, component); err != nil {
			return errors.Join(err, a.stop(context.WithoutCancel(ctx), a.components[:i], runs))
		}
		runs.begin(context.WithoutCancel(ctx), component)
	}
	a.health.MarkStarted()
	a.log.InfoContext(ctx, "ready", "took", time.Since(began))

	var failure error
	select {
	case <-ctx.Done():
	case failure = <-runs.failed:
		a.log.ErrorContext(ctx, "a component failed", "error", failure)
	}
	a.health.MarkDraining()
	return errors.Join(failure, a.end(context.WithoutCancel(ctx), failure == nil, runs))
}

func (a *App) start(ctx context.Context, component Component) error {
	if component.Start == nil {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, a.cfg.StartTimeout)
	defer cancel()
	err := within(limited, component.Start)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return WithExitCode(fmt.Errorf("told to end while %s was starting: %w", component.Name, err), ExitOK)
	default:
		return withDefaultCode(fmt.Errorf("start %s: %w", component.Name, err), ExitUnavailable)
	}
}
