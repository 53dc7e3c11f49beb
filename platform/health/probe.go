package health

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/trellis-go/trellis/platform/problem"
)

var errHangs = fmt.Errorf("the probe has not returned: %w", context.DeadlineExceeded)

// probe is a check with what is known of it. Only one round at a time looks at it.
type probe struct {
	Check
	logger  *slog.Logger
	running atomic.Bool // a call of Probe has not returned
	since   time.Time   // when that call began, or the last one
	down    time.Time   // when it was first seen down; zero while it is up
}

// look probes until ctx ends. A Probe that ignores the end of ctx is left behind, counted in left, and not called again
// before it has returned.
func (p *probe) look(ctx context.Context, left *sync.WaitGroup) Result {
	err := errHangs
	if p.running.CompareAndSwap(false, true) {
		p.since = time.Now()
		answer := make(chan error, 1)
		left.Go(func() {
			defer p.running.Store(false)
			answer <- p.call(ctx)
		})
		select {
		case err = <-answer:
		case <-ctx.Done():
			err = lastWord(answer)
		}
	}
	took := time.Since(p.since)
	if !errors.Is(ctx.Err(), context.Canceled) { // Close has ended it: that says nothing of what was looked at
		p.note(err)
	}
	result := Result{Name: p.Name, Status: StatusUp, Required: p.Required, LatencyMS: float64(took.Microseconds()) / 1000}
	if err != nil {
		result.Status, result.Error = StatusDown, class(err)
	}
	return result
}

// lastWord waits a moment for a Probe that heeds the end of its ctx, because its error says more than ours.
func lastWord(answer <-chan error) error {
	select {
	case err := <-answer:
		return err
	case <-time.After(100 * time.Millisecond):
		return errHangs
	}
}

func (p *probe) call(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = problem.Trace(fmt.Errorf("the probe panicked: %v", v))
		}
	}()
	return p.Probe(ctx)
}

// note logs a change between up and down.
func (p *probe) note(err error) {
	switch {
	case err != nil && p.down.IsZero():
		p.down = time.Now()
		attrs := []any{"check", p.Name, "required", p.Required, "err", err}
		if stack := problem.Stack(err); stack != nil {
			attrs = append(attrs, "stack", string(stack))
		}
		p.logger.Warn("health check is down", attrs...)
	case err == nil && !p.down.IsZero():
		p.logger.Info("health check is up again", "check", p.Name, "required", p.Required, "down_for", time.Since(p.down))
		p.down = time.Time{}
	}
}

// class is what may be shown of err.
func class(err error) string {
	var network net.Error
	var lookup *net.DNSError
	var operation *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "timed out"
	case errors.As(err, &lookup), errors.As(err, &operation), errors.Is(err, syscall.ECONNREFUSED),
		errors.Is(err, driver.ErrBadConn), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "unreachable"
	default:
		return "failed"
	}
}
