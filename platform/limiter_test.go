package platform_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/ratelimit"
	"github.com/trellis-go/trellis/test/testkit"
)

func limiter(t *testing.T, store string, databases database.Configs) (ratelimit.Limiter, error) {
	t.Helper()
	m, err := database.Open(databases, testkit.Quiet())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close(context.Background())) })
	cfg := ratelimit.Config{Store: store, Database: "redis", OnError: ratelimit.OnErrorMemory, Timeout: time.Second}
	return platform.NewLimiter(cfg, m, testkit.Quiet(), prometheus.NewRegistry())
}

func TestTheStoreOfRateLimitsIsTheOneThatIsConfigured(t *testing.T) {
	redis := database.Configs{"redis": {Driver: "redis", DSN: "redis://127.0.0.1:1"}}
	for name, test := range map[string]struct {
		store     string
		databases database.Configs
		want      ratelimit.Limiter
	}{
		"auto with a Redis":    {ratelimit.StoreAuto, redis, &ratelimit.Guard{}},
		"auto without a Redis": {ratelimit.StoreAuto, nil, &ratelimit.Memory{}},
		"memory":               {ratelimit.StoreMemory, redis, &ratelimit.Memory{}},
		"redis":                {ratelimit.StoreRedis, redis, &ratelimit.Guard{}},
	} {
		t.Run(name, func(t *testing.T) {
			made, err := limiter(t, test.store, test.databases)
			require.NoError(t, err)
			assert.IsType(t, test.want, made)
		})
	}
}

func TestAStoreOfRateLimitsThatIsNoRedisIsRefused(t *testing.T) {
	_, err := limiter(t, ratelimit.StoreRedis, nil)
	require.ErrorIs(t, err, database.ErrNotConfigured)
	require.ErrorContains(t, err, "rate_limit.database: ")
	_, err = limiter(t, ratelimit.StoreAuto, database.Configs{"redis": testkit.EmptySQLite(t)})
	assert.ErrorContains(t, err, "databases.redis.driver is sqlite")
}
