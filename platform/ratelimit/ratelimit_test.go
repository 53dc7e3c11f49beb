package ratelimit_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/ratelimit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var slow = ratelimit.Quota{Requests: 1, Period: time.Hour, Burst: 3}

func newMemory(t testing.TB) *ratelimit.Memory {
	t.Helper()
	limiter, err := ratelimit.NewMemory()
	require.NoError(t, err)
	return limiter
}

func TestABurstIsAdmittedAndThenTheRate(t *testing.T) {
	limiter := newMemory(t)
	for left := 2; left >= 0; left-- {
		state, err := limiter.Allow(t.Context(), "a", slow)
		require.NoError(t, err)
		assert.True(t, state.Allowed)
		assert.Equal(t, 3, state.Limit)
		assert.Equal(t, left, state.Remaining)
	}
	state, err := limiter.Allow(t.Context(), "a", slow)
	require.NoError(t, err)
	assert.False(t, state.Allowed)
	assert.InDelta(t, time.Hour, state.RetryAfter, float64(time.Minute))
	assert.InDelta(t, 3*time.Hour, state.ResetAfter, float64(time.Minute))
}

func TestKeysAreIndependent(t *testing.T) {
	limiter := newMemory(t)
	for i := range 10 {
		state, err := limiter.Allow(t.Context(), strconv.Itoa(i), slow)
		require.NoError(t, err)
		assert.Equal(t, 2, state.Remaining)
	}
}

func TestAQuotaIsSpentOnceHoweverManyAsk(t *testing.T) {
	limiter := newMemory(t)
	quota := ratelimit.Quota{Requests: 1, Period: time.Hour, Burst: 50}
	var allowed atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if state, err := limiter.Allow(t.Context(), "a", quota); err == nil && state.Allowed {
					allowed.Add(1)
				}
			}
		})
	}
	all.Wait()
	assert.LessOrEqual(t, allowed.Load(), int64(50))
	assert.Positive(t, allowed.Load())
}

func BenchmarkMemory(b *testing.B) {
	limiter := newMemory(b)
	quota := ratelimit.Quota{Requests: 1_000_000, Period: time.Millisecond, Burst: 1_000_000}
	for b.Loop() {
		if _, err := limiter.Allow(b.Context(), "a", quota); err != nil {
			b.Fatal(err)
		}
	}
}
