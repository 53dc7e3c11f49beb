package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/problem"
)

// Handler carries out a job. Nil: it is done. An error: it is tried again later, or dead when it was the last attempt, or
// when the error is one of Dead; one of Later says itself when. Its ctx ends when the lease is lost, after
// Options.Timeout, or when the worker is stopped without being drained.
type Handler func(ctx context.Context, job Job) error

// Options say how a worker works. The zero value of each field means the default that stands beside it.
type Options struct {
	Concurrency int                 // how many jobs run at once: 8
	Prefetch    int                 // how many jobs are held, those that run included, and one more for each free handler: 4 times Concurrency
	Classes     int                 // how many classes of priority there are: 1, so that all jobs of a higher one stay
	Attempts    int                 // how often a job is tried: 8
	Backoff     backoff.Exponential // the wait between them: from 1 s to 5 min
	Timeout     time.Duration       // for one run of the handler: 5 min
	Lease       time.Duration       // how long others leave a job alone after the last sign of life: 30 s
	Poll        time.Duration       // how often to look for what other processes enqueued: about every second
}

func (o Options) withDefaults() Options {
	o.Concurrency = cmp.Or(o.Concurrency, 8)
	o.Prefetch = max(o.Concurrency, cmp.Or(o.Prefetch, 4*o.Concurrency))
	o.Classes = cmp.Or(o.Classes, 1)
	o.Attempts = cmp.Or(o.Attempts, 8)
	o.Backoff.First = cmp.Or(o.Backoff.First, time.Second)
	o.Backoff.Last = cmp.Or(o.Backoff.Last, 5*time.Minute)
	o.Timeout = cmp.Or(o.Timeout, 5*time.Minute)
	o.Lease = cmp.Or(o.Lease, 30*time.Second)
	o.Poll = cmp.Or(o.Poll, time.Second)
	return o
}

// Dead makes an error after which the job is not tried again.
func Dead(err error) error { return &deadError{err} }

type deadError struct{ error }

func (e *deadError) Unwrap() error { return e.error }

// Later makes an error after which the job is tried again when wait is over, however often it was tried: for a handler
// that counts the attempts itself.
func Later(wait time.Duration, err error) error { return &laterError{err, wait} }

type laterError struct {
	error
	wait time.Duration
}

func (e *laterError) Unwrap() error { return e.error }

// Postpone makes an error after which the job is tried again when wait is over, as if it had not been begun: for what is no
// fault of the job.
func Postpone(wait time.Duration, err error) error { return &postponedError{err, wait} }

type postponedError struct {
	error
	wait time.Duration
}

func (e *postponedError) Unwrap() error { return e.error }

// ErrLeaseLost is the cause with which a handler's ctx ends when others may have taken the job.
var ErrLeaseLost = errors.New("the lease of the job was lost")

// errNotBegun is the outcome of a job that is given back as it was taken.
var errNotBegun = errors.New("not begun")

// Worker carries out the jobs of one queue.
type Worker struct {
	*Queue
	queue   string
	handler Handler
	options Options

	woken    chan struct{} // one signal is kept
	draining chan struct{}
	drain    sync.Once
	ended    chan struct{} // closed when Run has returned
	runs     chan run
	outcomes chan outcome
	held     holdings
}

// run is jobs that are carried out one after the other, and their place in the claim.
type run struct {
	claim *claim
	rows  []row
}

// Worker makes a worker, which works when it is run.
func (q *Queue) Worker(name string, handler Handler, options Options) *Worker {
	options = options.withDefaults()
	return &Worker{
		Queue: q, queue: name, handler: handler, options: options,
		woken: make(chan struct{}, 1), draining: make(chan struct{}), ended: make(chan struct{}),
		runs: make(chan run, options.Prefetch+options.Concurrency), outcomes: make(chan outcome, options.Prefetch),
		held: holdings{claims: map[*claim]map[int64]context.CancelCauseFunc{}, less: make(chan struct{}, 1)},
	}
}

func (w *Worker) wake() {
	select {
	case w.woken <- struct{}{}:
	default:
	}
}

// Run works until Drain, or until ctx ends: then the handlers' contexts end, too, and what they had not finished is
// tried again. It is called once.
func (w *Worker) Run(ctx context.Context) error {
	defer close(w.ended)
	w.register(w)
	defer w.unregister(w)
	var handlers, clerks sync.WaitGroup
	for range w.options.Concurrency {
		handlers.Go(func() {
			for r := range w.runs {
				w.carryOut(ctx, r)
			}
		})
	}
	rest := context.WithoutCancel(ctx) // what has been done is written down, whatever has ended
	renewing, stop := context.WithCancel(rest)
	clerks.Go(func() { w.finish(rest) })
	clerks.Go(func() { w.renew(renewing) })
	w.feed(ctx)
	close(w.runs)
	handlers.Wait()
	close(w.outcomes)
	stop()
	clerks.Wait()
	return nil
}

// Drain lets the handlers that run come to their end, and gives back what was not begun. The error is that of ctx when
// it ends first. Without a Run before it, it makes the next Run return at once.
func (w *Worker) Drain(ctx context.Context) error {
	w.drain.Do(func() { close(w.draining) })
	select {
	case <-w.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("drain the queue %s: %w", w.queue, ctx.Err())
	}
}

// feed takes jobs while there is room for them.
func (w *Worker) feed(ctx context.Context) {
	failures := 0
	for w.working(ctx) {
		room := w.room()
		if room == 0 {
			w.pause(ctx, w.held.less, 0)
			continue
		}
		taken, err := w.take(ctx, room)
		switch {
		case err != nil:
			failures++
			if ctx.Err() == nil {
				w.logger.WarnContext(ctx, "no jobs taken", slog.String("queue", w.queue), slog.Any("error", err))
			}
			w.pause(ctx, nil, backoff.Exponential{First: 100 * time.Millisecond, Last: 10 * time.Second}.After(failures))
		case len(taken.runs) == 0:
			failures = 0
			w.idle(ctx)
		default:
			failures = 0
			w.held.add(taken)
			for _, rows := range taken.runs {
				w.runs <- run{taken, rows} // has room for all that may be held
			}
		}
	}
}

// room is how many jobs are to be taken: none while there is something for every handler and most of what may be held is.
// A key whose jobs are all that is held keeps one handler at work, and must not keep the others from it.
func (w *Worker) room() int {
	jobs, runs := w.held.count()
	if runs >= w.options.Concurrency && jobs >= w.options.Prefetch/2 {
		return 0
	}
	return max(w.options.Concurrency-runs, w.options.Prefetch-jobs)
}

func (w *Worker) working(ctx context.Context) bool {
	select {
	case <-w.draining:
		return false
	default:
		return ctx.Err() == nil
	}
}

// idle waits until there may be something to do: a commit of this process, the end of a job that others of its key wait
// for, or, looked for from time to time, what came from elsewhere or has become due.
func (w *Worker) idle(ctx context.Context) {
	for w.working(ctx) {
		if w.pause(ctx, w.woken, backoff.Jitter(w.options.Poll)) {
			return
		}
		found, err := w.due(ctx)
		if found || err != nil { // the error shows when jobs are taken
			return
		}
	}
}

// pause waits for a signal, and says whether it came: not when the time, unless it is 0, or the work ended before.
func (w *Worker) pause(ctx context.Context, signal <-chan struct{}, limit time.Duration) bool {
	var timeout <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case <-signal:
		return true
	case <-timeout:
	case <-w.draining:
	case <-ctx.Done():
	}
	return false
}

// carryOut runs the handler on the jobs of a run, one after the other. When one fails, those behind it are given back.
func (w *Worker) carryOut(ctx context.Context, r run) {
	defer w.held.end()
	for i := range r.rows {
		if !w.working(ctx) {
			w.outcomes <- outcome{claim: r.claim, rows: r.rows[i:], err: errNotBegun, last: true}
			return
		}
		err := w.attempt(ctx, r.claim, &r.rows[i])
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			err = errNotBegun // it was told to stop: that is no fault of the job
		}
		last := i+1 == len(r.rows)
		w.outcomes <- outcome{claim: r.claim, rows: r.rows[i : i+1], err: err, last: last}
		if err != nil && !last {
			w.outcomes <- outcome{claim: r.claim, rows: r.rows[i+1:], err: errNotBegun, last: true}
			return
		}
	}
}

// attempt runs the handler once.
func (w *Worker) attempt(ctx context.Context, taken *claim, r *row) (err error) {
	ctx, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	if !w.held.begin(taken, r.Seq, lose) {
		return ErrLeaseLost
	}
	ctx, cancel := context.WithTimeout(ctx, w.options.Timeout)
	defer cancel()
	defer func() {
		if lost := context.Cause(ctx); err != nil && errors.Is(lost, ErrLeaseLost) {
			err = lost
		}
	}()
	return problem.Guard(func() error { return w.handler(ctx, r.job()) })
}
