package ratelimit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/ratelimit"
)

// store is a shared limiter that can be broken.
type store struct {
	broken atomic.Bool
	asked  atomic.Int32
	answer func(ctx context.Context) error
}

func (s *store) Allow(ctx context.Context, _ string, quota ratelimit.Quota) (ratelimit.Result, error) {
	s.asked.Add(1)
	if s.broken.Load() {
		return ratelimit.Result{}, s.answer(ctx)
	}
	return ratelimit.Result{Allowed: true, Limit: quota.Burst, Remaining: 77}, nil
}

func refuses(context.Context) error { return errors.New("connection refused") }

func hangs(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

// guarded is a guard before a store that is broken.
func guarded(t *testing.T, onError string, answer func(context.Context) error) (*ratelimit.Guard, *store, *bytes.Buffer, *prometheus.Registry) {
	t.Helper()
	shared := &store{answer: answer}
	shared.broken.Store(true)
	var log bytes.Buffer
	registry := prometheus.NewRegistry()
	guard, err := ratelimit.NewGuard(ratelimit.Config{OnError: onError, Timeout: 75 * time.Millisecond}, shared,
		slog.New(slog.NewTextHandler(&log, nil)), registry)
	require.NoError(t, err)
	return guard, shared, &log, registry
}

func TestAGuardAnswersAsItsStoreDoes(t *testing.T) {
	guard, shared, _, _ := guarded(t, ratelimit.OnErrorMemory, refuses)
	shared.broken.Store(false)
	assert.Equal(t, 77, allow(t, guard, "a", slow).Remaining)
}

func TestWithMemoryEachProcessLimitsByItselfWhileTheStoreIsDown(t *testing.T) {
	guard, _, _, registry := guarded(t, ratelimit.OnErrorMemory, refuses)
	for left := 2; left >= 0; left-- {
		assert.Equal(t, left, allow(t, guard, "a", slow).Remaining)
	}
	assert.False(t, allow(t, guard, "a", slow).Allowed)
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
		# HELP trellis_rate_limit_fallbacks_total Requests whose rate limit was decided without its store.
		# TYPE trellis_rate_limit_fallbacks_total counter
		trellis_rate_limit_fallbacks_total{on_error="memory"} 4
	`)))
}

func TestWithAllowNothingIsLimitedWhileTheStoreIsDown(t *testing.T) {
	guard, _, _, _ := guarded(t, ratelimit.OnErrorAllow, refuses)
	for range 10 {
		assert.Equal(t, ratelimit.Result{Allowed: true, Limit: 3, Remaining: 3}, allow(t, guard, "a", slow))
	}
}

func TestWithDenyNothingIsServedWhileTheStoreIsDown(t *testing.T) {
	guard, _, _, _ := guarded(t, ratelimit.OnErrorDeny, refuses)
	for range 10 {
		_, err := guard.Allow(t.Context(), "a", slow)
		require.ErrorIs(t, err, ratelimit.ErrUnknown)
		assert.Equal(t, time.Second, problem.From(err).RetryAfter)
	}
}

func TestAStoreThatHangsDelaysARequestByTheTimeoutAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard, _, _, _ := guarded(t, ratelimit.OnErrorMemory, hangs)
		began := time.Now()
		assert.True(t, allow(t, guard, "a", slow).Allowed)
		assert.Equal(t, 75*time.Millisecond, time.Since(began))
	})
}

func TestAStoreThatKeepsFailingIsLeftAloneAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard, shared, log, _ := guarded(t, ratelimit.OnErrorAllow, refuses)
		for range 100 {
			allow(t, guard, "a", slow)
		}
		assert.EqualValues(t, 5, shared.asked.Load())
		assert.Equal(t, 1, strings.Count(log.String(), "level=WARN msg=\"the store of rate limits is down\" on_error=allow"))

		time.Sleep(time.Second)
		for range 100 {
			allow(t, guard, "a", slow)
		}
		assert.EqualValues(t, 6, shared.asked.Load(), "one request tries it")

		time.Sleep(time.Second)
		shared.broken.Store(false)
		for range 100 {
			assert.Equal(t, 77, allow(t, guard, "a", slow).Remaining)
		}
		assert.EqualValues(t, 106, shared.asked.Load())
		assert.Equal(t, 1, strings.Count(log.String(), "level=INFO msg=\"the store of rate limits is up again\""))
	})
}

func TestOneRequestTriesAStoreThatWasLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard, shared, _, _ := guarded(t, ratelimit.OnErrorAllow, hangs)
		for range 5 {
			allow(t, guard, "a", slow)
		}
		time.Sleep(time.Second)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { allow(t, guard, "a", slow) })
		}
		all.Wait()
		assert.EqualValues(t, 6, shared.asked.Load())
	})
}

func TestAClientThatGoesAwayIsNoFailureOfTheStore(t *testing.T) {
	guard, shared, log, _ := guarded(t, ratelimit.OnErrorDeny, refuses)
	shared.broken.Store(false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 {
		state, err := guard.Allow(ctx, "a", slow)
		require.NoError(t, err)
		assert.True(t, state.Allowed)
	}
	assert.Empty(t, log.String())
}
