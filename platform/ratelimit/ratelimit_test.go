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

// eachLimiter runs a specification on every store.
func eachLimiter(t *testing.T, run func(t *testing.T, limiter ratelimit.Limiter)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { run(t, ratelimit.NewMemory()) })
	t.Run("redis", func(t *testing.T) { run(t, ratelimit.NewRedis(redisClient(t))) })
}

func allow(t *testing.T, limiter ratelimit.Limiter, key string, quota ratelimit.Quota) ratelimit.Result {
	t.Helper()
	state, err := limiter.Allow(t.Context(), key, quota)
	require.NoError(t, err)
	return state
}

func TestABurstIsAdmittedAndThenTheRate(t *testing.T) {
	eachLimiter(t, func(t *testing.T, limiter ratelimit.Limiter) {
		for left := 2; left >= 0; left-- {
			state := allow(t, limiter, "a", slow)
			assert.True(t, state.Allowed)
			assert.Equal(t, 3, state.Limit)
			assert.Equal(t, left, state.Remaining)
			assert.Zero(t, state.RetryAfter)
			assert.InDelta(t, time.Duration(3-left)*time.Hour, state.ResetAfter, float64(time.Minute))
		}
		state := allow(t, limiter, "a", slow)
		assert.False(t, state.Allowed)
		assert.Equal(t, 3, state.Limit)
		assert.Zero(t, state.Remaining)
		assert.InDelta(t, time.Hour, state.RetryAfter, float64(time.Minute))
		assert.InDelta(t, 3*time.Hour, state.ResetAfter, float64(time.Minute))
	})
}

func TestManyOfOneClassDoNotMakeItForgetAnother(t *testing.T) {
	limiter := ratelimit.NewMemory()
	for range 3 {
		allow(t, limiter, "code:ada", slow)
	}
	for n := range ratelimit.MaxClients + 1 {
		allow(t, limiter, "read:"+strconv.Itoa(n), slow)
	}
	assert.False(t, allow(t, limiter, "code:ada", slow).Allowed)
}

func TestWhatIsSpentComesBackAtTheRate(t *testing.T) {
	eachLimiter(t, func(t *testing.T, limiter ratelimit.Limiter) {
		quota := ratelimit.Quota{Requests: 100, Period: time.Second, Burst: 1}
		require.True(t, allow(t, limiter, "a", quota).Allowed)
		require.Eventually(t, func() bool { return allow(t, limiter, "a", quota).Allowed }, 5*time.Second, time.Millisecond)
	})
}

func TestWhatRemainsIsExactThoughTheRateHasNoRoundInterval(t *testing.T) {
	eachLimiter(t, func(t *testing.T, limiter ratelimit.Limiter) {
		for _, requests := range []int{1, 3, 7, 49} {
			quota := ratelimit.Quota{Requests: requests, Period: time.Hour, Burst: 10}
			assert.Equal(t, 9, allow(t, limiter, strconv.Itoa(requests), quota).Remaining)
		}
	})
}

func TestAClientThatWasIdleIsAdmittedWhateverTheQuota(t *testing.T) {
	eachLimiter(t, func(t *testing.T, limiter ratelimit.Limiter) {
		for _, quota := range []ratelimit.Quota{
			{Requests: 1, Period: time.Millisecond, Burst: 1}, {Requests: 1_000_000, Period: time.Millisecond, Burst: 1},
			{Requests: 1, Period: 100 * 24 * time.Hour, Burst: 1_000_000},
		} {
			assert.True(t, allow(t, limiter, quota.Period.String()+strconv.Itoa(quota.Requests), quota).Allowed)
		}
	})
}

func TestKeysAreIndependent(t *testing.T) {
	eachLimiter(t, func(t *testing.T, limiter ratelimit.Limiter) {
		for i := range 10 {
			assert.Equal(t, 2, allow(t, limiter, strconv.Itoa(i), slow).Remaining)
		}
	})
}

func TestAQuotaIsSpentOnceHoweverManyAsk(t *testing.T) {
	eachLimiter(t, func(t *testing.T, limiter ratelimit.Limiter) {
		quota := ratelimit.Quota{Requests: 1, Period: time.Hour, Burst: 50}
		assert.LessOrEqual(t, admitted(t, quota, limiter), int64(50))
		assert.False(t, allow(t, limiter, "a", quota).Allowed)
	})
}

// admitted counts how many of many requests for one key the limiters admit when all ask at once.
func admitted(t *testing.T, quota ratelimit.Quota, limiters ...ratelimit.Limiter) int64 {
	t.Helper()
	var allowed atomic.Int64
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 20 {
				// Memory gives up when too many change one key at once; that is an error and admits nobody.
				if state, err := limiters[i%len(limiters)].Allow(t.Context(), "a", quota); err == nil && state.Allowed {
					allowed.Add(1)
				}
			}
		})
	}
	all.Wait()
	return allowed.Load()
}

func BenchmarkMemory(b *testing.B) {
	limiter := ratelimit.NewMemory()
	quota := ratelimit.Quota{Requests: 1_000_000, Period: time.Millisecond, Burst: 1_000_000}
	for b.Loop() {
		if _, err := limiter.Allow(b.Context(), "a", quota); err != nil {
			b.Fatal(err)
		}
	}
}
