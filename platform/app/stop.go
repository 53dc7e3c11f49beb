package app

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/trellis-go/trellis/platform/problem"
)

// drain lets every component finish what it has, in reverse order.
func (a *App) drain(ctx context.Context, parts []*part) error {
	limited, cancel := context.WithTimeout(ctx, a.cfg.DrainTimeout)
	defer cancel()
	var failed []error
	for _, p := range slices.Backward(parts) {
		failed = append(failed, a.finish(limited, "drain", p.Name, p.Drain))
	}
	return errors.Join(failed...)
}

// stop stops those components that have started, in reverse order, and waits for what they ran. The failure that ended
// the program is known already.
func (a *App) stop(ctx context.Context, parts []*part, known *failed) error {
	var errs []error
	for _, p := range slices.Backward(parts) {
		limited, cancel := context.WithTimeout(ctx, a.cfg.StopTimeout)
		errs = append(errs, a.finish(limited, "stop", p.Name, p.Stop))
		p.end()
		if err := a.finish(limited, "wait for", p.Name, p.wait); err != nil {
			errs = append(errs, err)
		} else if p.failure != nil && p.failure != known {
			a.note(ctx, "a component failed", p.failure)
			errs = append(errs, p.failure)
		}
		cancel()
	}
	return errors.Join(errs...)
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
	err = WithExitCode(fmt.Errorf("%s %s: %w", doing, name, err), code)
	a.note(ctx, "not ended in order", err)
	return err
}

// within calls fn and goes on without it when ctx ends first.
func within(ctx context.Context, fn func(context.Context) error) error {
	done := make(chan error, 1)
	go guard(ctx, fn, func(err error) { done <- err })
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

// guard calls fn and then, whatever becomes of fn: it makes an error of a panic, so that the other components still
// stop, and of an fn that ends its goroutine, so that nobody waits for ever.
func guard(ctx context.Context, fn func(context.Context) error, then func(error)) {
	err := errors.New("it ended its goroutine")
	defer func() {
		if cause := recover(); cause != nil {
			err = WithExitCode(problem.TraceAt(fmt.Errorf("panic: %v", cause), debug.Stack()), ExitSoftware)
		}
		then(err)
	}()
	err = fn(ctx)
}

// part is a component that has started, and its Run.
type part struct {
	Component
	end     context.CancelFunc // ends the ctx of Run
	done    chan struct{}      // closed when Run has returned
	failure *failed            // of Run; may be read once done is closed
}

// failed is the error of a Run function.
type failed struct{ error }

func (f *failed) Unwrap() error { return f.error }

// failureOf is the failure that ended ctx; nil when something else did.
func failureOf(ctx context.Context) *failed {
	var f *failed
	errors.As(context.Cause(ctx), &f)
	return f
}

// begin runs a component until it returns. That is a failure, and ends life, unless life has ended.
func begin(life context.Context, component Component, fail context.CancelCauseFunc) *part {
	ctx, end := context.WithCancel(context.WithoutCancel(life))
	p := &part{Component: component, end: end, done: make(chan struct{})}
	if p.Run == nil {
		close(p.done)
		return p
	}
	go guard(ctx, p.Run, func(err error) {
		defer close(p.done)
		switch {
		case err == nil && life.Err() == nil:
			err = errors.New("it ended by itself")
		case err == nil, ctx.Err() != nil && errors.Is(err, context.Canceled):
			return
		}
		p.failure = &failed{WithExitCode(fmt.Errorf("run %s: %w", p.Name, err), ExitSoftware)}
		fail(p.failure)
	})
	return p
}

func (p *part) wait(ctx context.Context) error {
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
