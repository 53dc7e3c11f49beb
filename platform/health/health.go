// Package health is what the probes answer: whether the process lives, has started, and can take traffic.
//
//	h := health.New(logger, health.Check{Name: "primary", Required: true, Probe: db.Ping})
//	h.MarkStarted()          // the lifecycle, when every component is up
//	report := h.Ready(ctx)   // the readiness endpoint: 200 when report.OK(), else 503
//	h.MarkDraining()         // the lifecycle, before it stops anything
//	h.Close(ctx)             // ends the probes that still run
//
// Nothing of a probe's error is shown to those who ask, beyond a class; its text goes to the log, once when a check
// goes down and not at every probe.
package health

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	// With a last word of 100 ms and an answer that is up to cacheFor old, a database that stopped answering shows within 3 s.
	probeTimeout = 1800 * time.Millisecond
	cacheFor     = time.Second
)

// Check is one thing that the service depends on.
type Check struct {
	Name     string                          // as Report and the log name it
	Required bool                            // whether the service is unavailable, rather than degraded, without it
	Probe    func(ctx context.Context) error // nil when it is up; its ctx ends after 1.8 s
}

// Health answers for one process. It is safe for concurrent use.
type Health struct {
	probes []*probe
	base   context.Context // around every probe, ended by Close
	end    context.CancelFunc
	wait   sync.WaitGroup // of every goroutine that Health has started

	mu                        sync.Mutex // guards what follows
	started, draining, closed bool
	latest                    *round // nil before the first one
}

// round is one look at every check. Its report may be read once done is closed.
type round struct {
	begun  time.Time
	done   chan struct{}
	report Report
}

// stands tells whether the round is still to be waited for, or its report still fresh.
func (r *round) stands() bool {
	select {
	case <-r.done:
		return time.Since(r.begun) < cacheFor
	default:
		return true
	}
}

// New makes the health of a process that is starting.
func New(logger *slog.Logger, checks ...Check) *Health {
	base, end := context.WithCancel(context.Background())
	h := &Health{base: base, end: end}
	for _, check := range checks {
		h.probes = append(h.probes, &probe{Check: check, logger: logger})
	}
	return h
}

// MarkStarted says that every component is up.
func (h *Health) MarkStarted() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.started = true
}

// MarkDraining says that the process is about to stop. It cannot be taken back.
func (h *Health) MarkDraining() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
}

// Live says that the process can answer: always ok. It looks at no dependency, because a restart mends none.
func (h *Health) Live() Report { return Report{Status: StatusOK, Checks: []Result{}} }

// Started is ok from MarkStarted on, and starting before.
func (h *Health) Started() Report {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.started {
		return Report{Status: StatusStarting, Checks: []Result{}}
	}
	return Report{Status: StatusOK, Checks: []Result{}}
}

// Ready is starting or draining without a look at the checks, and else what they find. All are probed at once, for 2 s
// at most. Those who ask while they are probed, or within a second of the beginning, share the answer. It is unavailable
// when ctx ends first.
func (h *Health) Ready(ctx context.Context) Report {
	status, round := h.current()
	if round == nil {
		return Report{Status: status, Checks: []Result{}}
	}
	select {
	case <-round.done:
		return round.report
	case <-ctx.Done():
		return Report{Status: StatusUnavailable, Checks: []Result{}}
	}
}

// current gives the status that needs no look at the checks, or the round that answers.
func (h *Health) current() (status string, r *round) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.draining || h.closed:
		return StatusDraining, nil
	case !h.started:
		return StatusStarting, nil
	}
	if h.latest == nil || !h.latest.stands() {
		next := &round{begun: time.Now(), done: make(chan struct{})}
		h.latest = next
		h.wait.Go(func() { h.look(next) })
	}
	return "", h.latest
}

func (h *Health) look(r *round) {
	ctx, cancel := context.WithTimeout(h.base, probeTimeout)
	defer cancel()
	results := make([]Result, len(h.probes))
	var all sync.WaitGroup
	for i, p := range h.probes {
		all.Go(func() { results[i] = p.look(ctx, &h.wait) })
	}
	all.Wait()
	r.report = reportOf(results)
	close(r.done)
}

// Close ends the probes that run and waits for them. When ctx ends first, the error names those that have not
// returned. Ready answers draining from then on.
func (h *Health) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.end()

	done := make(chan struct{})
	go func() { // ends with the last probe
		h.wait.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	var hanging []string
	for _, p := range h.probes {
		if p.running.Load() {
			hanging = append(hanging, p.Name)
		}
	}
	return fmt.Errorf("probes still run: %s: %w", strings.Join(hanging, ", "), ctx.Err())
}
