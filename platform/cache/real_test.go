//go:build integration

package cache_test

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/cache"
	"github.com/trellis-go/trellis/test/testkit"
)

// realPair is newPair with a Redis server.
func realPair(t *testing.T, cfg cache.Config) *pair {
	t.Helper()
	cfg.Prefix = strings.ToLower(rand.Text())
	dsn := testkit.Redis(t).DSN.Reveal()
	address, err := url.Parse(dsn)
	require.NoError(t, err)
	p := &pair{clock: newHand(), lineA: testkit.NewProxy(t, address.Host), lineB: testkit.NewProxy(t, address.Host)}
	behind := func(line *testkit.Proxy) redis.UniversalClient {
		options, err := redis.ParseURL(dsn)
		require.NoError(t, err)
		options.Addr, options.ContextTimeoutEnabled, options.DialerRetries = line.Addr, true, 1
		client := redis.NewClient(options)
		t.Cleanup(func() { _ = client.Close() })
		return client
	}
	p.a, p.b = open(t, cfg, behind(p.lineA), p.clock), open(t, cfg, behind(p.lineB), p.clock)
	return p
}

func TestTwoProcessesWithARealRedisReadNothingOlderThanTheyKnowOf(t *testing.T) {
	twoProcesses(t, realPair(t, settings()), 32, 400)
}

func TestARealRedisIsRecognisedAndIsNotFlushedForALostLine(t *testing.T) {
	p := realPair(t, settings())
	a, b := cache.New[int](p.a, cache.Options{Name: "n"}), cache.New[int](p.b, cache.Options{Name: "n"})
	s := newSource(map[string]int{"a": 1})
	must(t, a, s, "a", 1)
	cut(t, p.lineA, p.a)
	p.lineA.Restore(t)
	up(t, p.a)
	must(t, a, s, "a", 1)
	must(t, b, s, "a", 1)
	require.Equal(t, 1, s.count())
	p.a.Flush(context.Background())
	must(t, a, s, "a", 1)
	require.Equal(t, 2, s.count())
}
