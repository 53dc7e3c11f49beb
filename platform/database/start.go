package database

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	connectTimeout         = 30 * time.Second
	connectTimeoutOptional = 5 * time.Second // nobody waits long for what the service can do without
	attemptTimeout         = 5 * time.Second
	firstRetry             = 100 * time.Millisecond
	lastRetry              = 5 * time.Second
)

// Start connects everything in parallel. Each connection is tried again, ever more slowly, until its ConnectTimeout;
// every attempt is in the log. A required one that stays down makes Start fail with ErrUnavailable in the chain and its
// name in the text, all of them if they are several, and closes the manager. An optional one is only warned about, and
// serves as soon as it comes up. Start returns early when ctx ends.
func (m *Manager) Start(ctx context.Context) error {
	var (
		group  sync.WaitGroup
		failed = make([]error, len(m.members))
	)
	for i, member := range m.members {
		group.Go(func() { failed[i] = m.start(ctx, member) })
	}
	group.Wait()
	if err := errors.Join(failed...); err != nil {
		return errors.Join(err, m.Close(context.WithoutCancel(ctx)))
	}
	return nil
}

// start is Start for one connection.
func (m *Manager) start(ctx context.Context, c *member) error {
	fallback := connectTimeout
	if !c.cfg.required() {
		fallback = connectTimeoutOptional
	}
	timeout := cmp.Or(c.cfg.ConnectTimeout, fallback)
	connecting, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	err := m.connect(connecting, c)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("connecting the database %s: %w", c.Name(), ctx.Err())
	case errors.Is(err, errMisset):
		return fmt.Errorf("the database %s (%s) cannot be used: %w", c.Name(), c.Driver(), err)
	case !c.cfg.required():
		m.logger.WarnContext(ctx, "going on without an optional database", slog.String("database", c.Name()),
			slog.String("driver", c.Driver()), slog.Duration("tried", timeout), slog.Any("error", err))
		return nil
	default:
		return fmt.Errorf("the database %s (%s) is not reachable, tried for %s: %w",
			c.Name(), c.Driver(), timeout, unavailable(err))
	}
}

// connect tries until it succeeds or ctx ends, and gives the error of the last attempt that said more than that ctx has
// ended.
func (m *Manager) connect(ctx context.Context, c *member) error {
	logger := m.logger.With(slog.String("database", c.Name()), slog.String("driver", c.Driver()))
	began := time.Now()
	var last error
	for attempt, wait := 1, firstRetry; ; attempt, wait = attempt+1, min(2*wait, lastRetry) {
		err := try(ctx, c)
		if err == nil {
			logger.InfoContext(ctx, "database connected", slog.Int("attempt", attempt),
				slog.Duration("took", time.Since(began)))
			return nil
		}
		if last == nil || ctx.Err() == nil {
			last = err
		}
		if errors.Is(err, errMisset) { // it would be no better the next time
			return err
		}
		pause := jittered(wait)
		if deadline, _ := ctx.Deadline(); time.Until(deadline) < pause {
			return last
		}
		logger.WarnContext(ctx, "database not reachable yet", slog.Int("attempt", attempt),
			slog.Duration("next_try", pause), slog.Any("error", err))
		if !sleep(ctx, pause) {
			return last
		}
	}
}

// try connects once. A connection that has more to do than a ping implements connect.
func try(ctx context.Context, c *member) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	if connector, more := c.Connection.(interface{ connect(context.Context) error }); more {
		return connector.connect(ctx)
	}
	return c.Ping(ctx)
}

// jittered spreads a pause over half to all of itself, so that those who failed together do not try again together.
func jittered(pause time.Duration) time.Duration {
	return pause/2 + rand.N(pause/2+1) //nolint:gosec // spread, not secrecy
}

// sleep waits, and says whether it waited to the end.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
