package testkit

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/cache"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
)

// Cache is a started cache of the test's own, which ends with it. Several with one client are several processes; without
// one it is in process alone.
func Cache(t testing.TB, client redis.UniversalClient) *cache.Store {
	t.Helper()
	store, err := cache.Open(cache.Config{
		Enabled: true, Prefix: "test", MaxSize: 8 * config.MiB, TTL: time.Hour, LocalTTL: time.Hour, BlindTTL: time.Hour,
		NegativeTTL: time.Hour, LoadTimeout: setUpTimeout, RedisTimeout: setUpTimeout,
	}, client, clock.System, Quiet())
	require.NoError(t, err)
	require.NoError(t, store.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), setUpTimeout)
		defer cancel()
		require.NoError(t, store.Close(ctx))
	})
	return store
}
