package testkit

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
)

// RedisVariable names the environment variable with host:port of a Redis server that is there for tests: they empty its
// databases 1 to 15.
const RedisVariable = "TRELLIS_TEST_REDIS_ADDR"

const (
	redisDatabases = 15
	leaseTime      = 10 * time.Minute // longer than the tests of a package run: a lease ends by itself if its test was killed
)

// Redis configures a Redis database that is empty and the test's own until it ends. Channels of publish and subscribe are
// the server's: name them so that no other test has the same. It skips the test when RedisVariable is not set.
func Redis(t testing.TB) database.Config {
	t.Helper()
	addr := RedisServer(t)
	number := lease(t, addr)
	own := redis.NewClient(&redis.Options{Addr: addr, DB: number})
	empty := func(ctx context.Context) { require.NoError(t, own.FlushDB(ctx).Err()) }
	empty(t.Context())
	t.Cleanup(func() {
		empty(context.Background())
		require.NoError(t, own.Close())
	})
	return database.Config{Driver: "redis", DSN: config.DSN(fmt.Sprintf("redis://%s/%d", addr, number))}
}

// RedisServer is the address of the server, to stand a Proxy before it. It skips the test when RedisVariable is not set.
func RedisServer(t testing.TB) string {
	t.Helper()
	RunsOn(t, "redis", Live)
	addr := os.Getenv(RedisVariable)
	if addr == "" {
		t.Skip("needs a Redis server that may be emptied: set " + RedisVariable + ", for example to 127.0.0.1:36379")
	}
	return addr
}

// lease takes one of the numbered databases for the test, among all processes that do so; it waits for one to be free.
func lease(t testing.TB, addr string) int {
	t.Helper()
	server := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	holder := rand.Text()
	number := 0
	require.Eventually(t, func() bool {
		for n := 1; n <= redisDatabases && number == 0; n++ {
			key := leaseKey(n)
			got, err := server.SetNX(t.Context(), key, holder, leaseTime).Result()
			require.NoError(t, err, RedisVariable)
			if got {
				number = n
			}
		}
		return number != 0
	}, time.Minute, 20*time.Millisecond, "every database of %s is leased", addr)
	t.Cleanup(func() { require.NoError(t, server.Del(context.Background(), leaseKey(number)).Err()) })
	return number
}

func leaseKey(number int) string { return fmt.Sprintf("trellis:test:lease:%d", number) }
