package ratelimit_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/ratelimit"
	"github.com/trellis-go/trellis/test/testkit"
)

func redisClient(t testing.TB) redis.UniversalClient { return clients(t, 1)[0] }

// clients are several of one Redis, as replicas of the service have them.
func clients(t testing.TB, n int) []redis.UniversalClient {
	t.Helper()
	cfg := testkit.Redis(t)
	all := make([]redis.UniversalClient, n)
	for i := range all {
		r, err := testkit.Start(t, database.Configs{"redis": cfg}).Redis("redis")
		require.NoError(t, err)
		all[i] = r.Client()
	}
	return all
}

func TestReplicasShareAQuota(t *testing.T) {
	replicas := clients(t, 2)
	one, two := ratelimit.NewRedis(replicas[0]), ratelimit.NewRedis(replicas[1])
	assert.Equal(t, 2, allow(t, one, "a", slow).Remaining)
	assert.Equal(t, 1, allow(t, two, "a", slow).Remaining)
	quota := ratelimit.Quota{Requests: 1, Period: time.Hour, Burst: 50}
	assert.EqualValues(t, 48, admitted(t, quota, one, two), "what the first two left")
}

func TestRedisForgetsAClientOnceItsBurstIsBack(t *testing.T) {
	client := redisClient(t)
	allow(t, ratelimit.NewRedis(client), "a", slow)
	keys := client.Keys(t.Context(), "*").Val()
	require.Equal(t, []string{"trellis:rate:a"}, keys)
	assert.InDelta(t, time.Hour, client.PTTL(t.Context(), keys[0]).Val(), float64(time.Minute))
}

func TestAClockThatWentBackOrASmallerQuotaLocksNobodyOut(t *testing.T) {
	client := redisClient(t)
	limiter := ratelimit.NewRedis(client)
	ahead := time.Now().Add(1000 * time.Hour).UnixMicro()
	require.NoError(t, client.Set(t.Context(), "trellis:rate:a", strconv.FormatInt(ahead, 10), time.Hour).Err())
	state := allow(t, limiter, "a", slow)
	assert.False(t, state.Allowed)
	assert.Equal(t, time.Hour, state.RetryAfter)
	assert.Equal(t, 3*time.Hour, state.ResetAfter)
}

func TestRedisLimitsAgainAfterItForgotItsScripts(t *testing.T) {
	client := redisClient(t)
	limiter := ratelimit.NewRedis(client)
	allow(t, limiter, "a", slow)
	require.NoError(t, client.ScriptFlush(t.Context()).Err())
	assert.Equal(t, 1, allow(t, limiter, "a", slow).Remaining)
}

func TestRedisThatHasSomethingElseUnderTheKeyIsAnError(t *testing.T) {
	client := redisClient(t)
	require.NoError(t, client.LPush(t.Context(), "trellis:rate:a", "x").Err())
	_, err := ratelimit.NewRedis(client).Allow(t.Context(), "a", slow)
	assert.ErrorContains(t, err, "spend the rate limit in Redis: WRONGTYPE")
}

func BenchmarkRedis(b *testing.B) {
	limiter := ratelimit.NewRedis(redisClient(b))
	quota := ratelimit.Quota{Requests: 1_000_000, Period: time.Millisecond, Burst: 1_000_000}
	for b.Loop() {
		if _, err := limiter.Allow(b.Context(), "a", quota); err != nil {
			b.Fatal(err)
		}
	}
}
