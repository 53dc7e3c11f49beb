package app

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/trellis-go/trellis/platform/problem"
)

// end drains and stops every component, in reverse order.
func (a *App) end(ctx context.Context, orderly bool, runs *runs) error {
	runs.ending()
	if orderly {
		time.Sleep(a.cfg.DrainDelay)
	}
	draining, cancel := context.WithTimeout(ctx, a.cfg.DrainTimeout)
	defer cancel()
	var failed []error
	for _, component := range slices.Backward(a.components) {
		failed = append(failed, a.finish(draining, "drain", component.Name, component.Drain))
	}
	failed = append(failed, a.stop(ctx, a.components, runs))
	err := errors.Join(failed...)
	if err == nil {
		a.log.InfoContext(ctx, "ended")
	}
	return err
}

// stop stops those components that have started, in reverse order, and waits for what they ran.
func (a *App) stop(ctx context.Context, started []Component, runs *runs) error {
	runs.ending()
	var failed []error
	for _, component := range slices.Backward(started) {
		limited, cancel := context.WithTimeout(ctx, a.cfg.StopTimeout)
		failed = append(failed,
			a.finish(limited, "stop", component.Name, component.Stop),
			a.finish(limited, "wait for", component.Name, runs.waitFor(component.Name)))
		cancel()
	}
	return errors.Join(failed...)
}

func (a *App) finish(ctx context.Context, doing, name string, fn func(context.Context) error) error {
	if fn == nil {
		return nil
	}
	err := within(ctx, fn)
	if err == nil {
		return nil
	}
	code := ExitSoftware
	if errors.Is(err, context.DeadlineExceeded) {
		code = ExitDrain
	}
	return WithExitCode(fmt.Errorf("%s %s: %w", doing, name, err), code)
}

// within calls fn and goes on without it when ctx ends first.
func within(ctx context.Context, fn func(context.Context) error) error {
	done := make(chan error, 1)
	go func() { done <- guard(ctx, fn) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		select {
		case err := <-done: // it noticed, too
			return err
		case <-time.After(grace):
			return ctx.Err()
		}
	}
}

// grace is how long a function may take to notice that its context has ended.
const grace = 100 * time.Millisecond

// guard makes an error of a panic, so that the other components still stop.
func guard(ctx context.Context, fn func(context.Context) error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = problem.TraceAt(fmt.Errorf("panic: %v", cause), debug.Stack())
		}
	}()
	return fn(ctx)
}

// runs are the Run functions under way.
type runs struct {
	failed chan error // the first failures; buffered for all
	over   chan struct{}
	once   sync.Once
	done   map[string]chan struct{}
}

func newRuns(most int) *runs {
	return &runs{failed: make(chan error, most), over: make(chan struct{}), done: map[string]chan struct{}{}}
}

// begin runs a component until it returns. That is a failure, unless the end has begun.
func (r *runs) begin(ctx context.Context, component Component) {
	if component.Run == nil {
		return
	}
	done := make(chan struct{})
	r.done[component.Name] = done
	go func() {
		defer close(done)
		err := guard(ctx, component.Run)
		select {
		case <-r.over:
			return
		default:
		}
		if err == nil {
			err = errors.New("it ended by itself")
		}
		r.failed <- WithExitCode(fmt.Errorf("run %s: %w", component.Name, err), ExitSoftware)
	}()
}

// ending says that Run functions may return now.
func (r *runs) ending() { r.once.Do(func() { close(r.over) }) }

// waitFor waits until the component's Run has returned.
func (r *runs) waitFor(name string) func(context.Context) error {
	done, ok := r.done[name]
	if !ok {
		return nil
	}
	return func(ctx context.Context) error {
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
