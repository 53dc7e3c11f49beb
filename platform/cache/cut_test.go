package cache_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/cache"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestWithoutRedisReadsAreLoadsAndHeldForAMoment(t *testing.T) {
	p := newPair(t, settings())
	a := cache.New[int](p.a, cache.Options{Name: "n", StaleFor: time.Hour, StaleIfError: time.Hour})
	s := newSource(map[string]int{"a": 1})
	must(t, a, s, "a", 1)
	cut(t, p.lineA, p.a)
	s.set("a", 2)
	must(t, a, s, "a", 2)
	s.set("a", 3)
	must(t, a, s, "a", 2)
	p.clock.move(time.Second)
	must(t, a, s, "a", 3)
	p.clock.move(time.Second)
	s.fail(errBroken)
	_, err := a.Get(t.Context(), "a", s.load("a"))
	require.ErrorIs(t, err, errBroken, "who does not hear of invalidations has nothing to spare")
}

func TestAStoreStartsWithoutRedisAndUsesItWhenItComes(t *testing.T) {
	p := newPair(t, settings())
	line := testkit.NewProxy(t, p.redis.Addr())
	line.Cut()
	late := open(t, settings(), dial(t, line.Addr), p.clock)
	a, c := cache.New[int](p.a, cache.Options{Name: "n"}), cache.New[int](late, cache.Options{Name: "n"})
	s := newSource(map[string]int{"a": 1, "b": 1})
	must(t, c, s, "a", 1)
	line.Restore(t)
	up(t, late)
	must(t, a, s, "b", 1)
	must(t, c, s, "b", 1)
	assert.Equal(t, 2, s.count())
}

func TestAnInvalidationThatCouldNotReachRedisReachesItBeforeRedisIsReadAgain(t *testing.T) {
	for name, invalidate := range map[string]func(*pair, *cache.Cache[int]){
		"by key":     func(_ *pair, a *cache.Cache[int]) { a.Invalidate(context.Background(), "a") },
		"by tag":     func(p *pair, _ *cache.Cache[int]) { p.a.InvalidateTags(context.Background(), "tag") },
		"everything": func(p *pair, _ *cache.Cache[int]) { p.a.Flush(context.Background()) },
		"too many to remember": func(_ *pair, a *cache.Cache[int]) {
			a.Invalidate(context.Background(), "a")
			many := make([]string, 10_000)
			for i := range many {
				many[i] = fmt.Sprint(i)
			}
			a.Invalidate(context.Background(), many...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, settings())
			a, b := cache.New[int](p.a, cache.Options{Name: "n"}), cache.New[int](p.b, cache.Options{Name: "n"})
			s := newSource(map[string]int{"a": 1})
			must(t, a, s, "a", 1, "tag")
			must(t, b, s, "a", 1, "tag")
			cut(t, p.lineA, p.a)
			s.set("a", 2)
			invalidate(p, a)
			must(t, a, s, "a", 2, "tag")
			must(t, b, s, "a", 1, "tag") // nobody could tell it
			told := metric(t, p.b, "notices_total")
			p.lineA.Restore(t)
			up(t, p.a)
			must(t, a, s, "a", 2, "tag")
			eventually(t, func() bool { return metric(t, p.b, "notices_total") > told }, "B is told")
			must(t, b, s, "a", 2, "tag")
		})
	}
}

func TestRedisIsNotReadWhileItDoesNotKnowOfAnInvalidation(t *testing.T) {
	p := newPair(t, settings())
	a := cache.New[int](p.a, cache.Options{Name: "n"})
	s := newSource(map[string]int{"a": 1})
	must(t, a, s, "a", 1)
	p.redis.Server().SetPreHook(func(peer *server.Peer, command string, _ ...string) bool {
		if command != "UNLINK" {
			return false
		}
		peer.WriteError("ERR not now")
		return true
	})
	s.set("a", 2)
	a.Invalidate(t.Context(), "a")
	must(t, a, s, "a", 2)
	p.redis.Server().SetPreHook(nil)
	up(t, p.a)
	must(t, a, s, "a", 2)
	assert.Equal(t, 1, metric(t, p.a, "replays_total"))
}

func TestAProcessThatCouldNotHearForgetsWhatItHeld(t *testing.T) {
	p := newPair(t, settings())
	a, b := cache.New[int](p.a, cache.Options{Name: "n"}), cache.New[int](p.b, cache.Options{Name: "n"})
	s := newSource(map[string]int{"a": 1})
	must(t, b, s, "a", 1)
	cut(t, p.lineB, p.b)
	must(t, b, s, "a", 1)
	s.set("a", 2)
	a.Invalidate(t.Context(), "a")
	p.lineB.Restore(t)
	up(t, p.b)
	must(t, b, s, "a", 2)
	assert.Equal(t, 1, metric(t, p.b, "subscription_losses_total"))
}

func TestARedisThatFailsIsLeftAlone(t *testing.T) {
	p := newPair(t, settings())
	a := cache.New[int](p.a, cache.Options{Name: "n"})
	s := newSource(map[string]int{})
	p.redis.SetError("failing") // every exchange does, the subscription stays
	for i := range 20 {
		s.set(fmt.Sprint(i), i)
		must(t, a, s, fmt.Sprint(i), i)
	}
	assert.Equal(t, 1, metric(t, p.a, "redis_breaker_open"))
	assert.Less(t, metric(t, p.a, "redis_errors_total"), 10)
	s.set("1", 100)
	a.Invalidate(t.Context(), "1")
	must(t, a, s, "1", 100)
	p.redis.SetError("")
	up(t, p.a)
	must(t, a, s, "1", 100)
	eventually(t, func() bool { return metric(t, p.a, "invalidations_pending") == 0 }, "Redis knows")
	assert.Zero(t, metric(t, p.a, "redis_breaker_open"))
}

// muted is a connection whose other side hears nothing any more.
type muted struct {
	net.Conn
	now *atomic.Bool
}

func (m muted) Write(p []byte) (int, error) {
	if m.now.Load() {
		return len(p), nil
	}
	return m.Conn.Write(p)
}

func TestARedisThatHangsIsGivenUp(t *testing.T) {
	var hangs atomic.Bool
	hung := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{
		Addr: hung.Addr(), ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1,
		Dialer: func(ctx context.Context, network, address string) (net.Conn, error) {
			line, err := (&net.Dialer{}).DialContext(ctx, network, address)
			return muted{line, &hangs}, err
		},
	})
	t.Cleanup(func() { _ = client.Close() })
	cfg := settings()
	cfg.RedisTimeout = 50 * time.Millisecond
	store := open(t, cfg, client, newHand())
	c, s := cache.New[int](store, cache.Options{Name: "n"}), newSource(map[string]int{"a": 1})
	must(t, c, s, "a", 1)
	hangs.Store(true)
	s.set("a", 2)
	c.Invalidate(t.Context(), "a")
	must(t, c, s, "a", 2)
	// The subscription is silent too, and is noticed to be.
	eventually(t, func() bool { return metric(t, store, "subscription_losses_total") == 1 }, "the silence is noticed")
	must(t, c, s, "a", 2)
	hangs.Store(false)
	up(t, store)
	must(t, c, s, "a", 2)
}

func TestWhenRedisIsReplacedItsOldEntriesAreDropped(t *testing.T) {
	p := newPair(t, settings())
	a := cache.New[int](p.a, cache.Options{Name: "n"})
	s := newSource(map[string]int{"a": 1})
	must(t, a, s, "a", 1)
	snapshot, err := p.redis.HKeys("test:c:n:a")
	require.NoError(t, err)
	old := map[string]string{}
	for _, field := range snapshot {
		old[field] = p.redis.HGet("test:c:n:a", field)
	}
	s.set("a", 2)
	a.Invalidate(t.Context(), "a")
	cut(t, p.lineA, p.a)
	for field, value := range old { // as a restart from a snapshot does
		p.redis.HSet("test:c:n:a", field, value)
	}
	p.lineA.Restore(t)
	up(t, p.a)
	must(t, a, s, "a", 2)
}

func TestClosingTellsRedisWhatItDoesNotKnow(t *testing.T) {
	p := newPair(t, settings())
	a, b := cache.New[int](p.a, cache.Options{Name: "n"}), cache.New[int](p.b, cache.Options{Name: "n"})
	s := newSource(map[string]int{"a": 1})
	must(t, a, s, "a", 1)
	must(t, b, s, "a", 1)
	p.redis.SetError("failing")
	s.set("a", 2)
	a.Invalidate(t.Context(), "a")
	require.NotZero(t, metric(t, p.a, "invalidations_pending"))
	p.redis.SetError("")
	require.NoError(t, p.a.Close(t.Context()))
	eventually(t, func() bool { return metric(t, p.b, "notices_total") == 1 }, "B is told")
	must(t, b, s, "a", 2)
}
