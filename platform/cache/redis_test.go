package cache_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/cache"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/test/testkit"
)

// pair is two processes with one Redis, which may be cut off from each of them.
type pair struct {
	redis *miniredis.Miniredis
	clock *hand
	a, b  *cache.Store
	lineA *testkit.Proxy
	lineB *testkit.Proxy
}

func newPair(t testing.TB, cfg cache.Config) *pair {
	t.Helper()
	p := &pair{redis: miniredis.RunT(t), clock: newHand()}
	p.lineA, p.lineB = testkit.NewProxy(t, p.redis.Addr()), testkit.NewProxy(t, p.redis.Addr())
	p.a, p.b = open(t, cfg, dial(t, p.lineA.Addr), p.clock), open(t, cfg, dial(t, p.lineB.Addr), p.clock)
	return p
}

func dial(t testing.TB, address string) redis.UniversalClient {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: address, ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// eventually waits for what another process does.
func eventually(t testing.TB, done func() bool, why string) {
	t.Helper()
	require.Eventually(t, done, 30*time.Second, time.Millisecond, why)
}

// up waits until a store uses Redis.
func up(t testing.TB, store *cache.Store) {
	t.Helper()
	eventually(t, func() bool { return metric(t, store, "redis_up") == 1 }, "the store uses Redis")
}

// cut takes Redis away from a store and waits until it has noticed.
func cut(t testing.TB, line *testkit.Proxy, store *cache.Store) {
	t.Helper()
	before := metric(t, store, "subscription_losses_total")
	line.Cut()
	eventually(t, func() bool { return metric(t, store, "subscription_losses_total") > before }, "the store has lost Redis")
}

func TestAnotherProcessReadsWhatOneLoaded(t *testing.T) {
	p := newPair(t, settings())
	a, b := cache.New[int](p.a, cache.Options{Name: "n"}), cache.New[int](p.b, cache.Options{Name: "n"})
	s := newSource(map[string]int{"a": 1})
	must(t, a, s, "a", 1, "tag")
	must(t, b, s, "a", 1, "tag")
	must(t, b, s, "a", 1, "tag")
	assert.Equal(t, 1, s.count())
	assert.Equal(t, 1, metric(t, p.b, "reads_total", "redis"))
	assert.Equal(t, 1, metric(t, p.b, "reads_total", "local"))
}

func TestAnInvalidationReachesTheOtherProcess(t *testing.T) {
	p := newPair(t, settings())
	a, b := cache.New[int](p.a, cache.Options{Name: "n"}), cache.New[int](p.b, cache.Options{Name: "n"})
	s := newSource(map[string]int{"a": 1})
	for name, invalidate := range map[string]func(){
		"by key":     func() { a.Invalidate(t.Context(), "a") },
		"by tag":     func() { p.a.InvalidateTags(t.Context(), "tag") },
		"everything": func() { p.a.Flush(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			value := s.count()
			s.set("a", value)
			a.Invalidate(t.Context(), "a")
			eventually(t, func() bool { got, _ := b.Get(t.Context(), "a", s.load("a"), "tag"); return got == value }, "B has the value")
			must(t, a, s, "a", value, "tag")

			told := metric(t, p.b, "notices_total")
			s.set("a", value+1)
			invalidate()
			must(t, a, s, "a", value+1, "tag")
			eventually(t, func() bool { return metric(t, p.b, "notices_total") > told }, "B is told")
			must(t, b, s, "a", value+1, "tag")
		})
	}
}

func TestASlowLoadOfAnotherProcessStoresNothingInRedis(t *testing.T) {
	for name, invalidate := range map[string]func(*pair, *cache.Cache[int]){
		"by key": func(_ *pair, a *cache.Cache[int]) { a.Invalidate(context.Background(), "a") },
		"by tag": func(p *pair, _ *cache.Cache[int]) { p.a.InvalidateTags(context.Background(), "tag") },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, settings())
			a, b := cache.New[int](p.a, cache.Options{Name: "n"}), cache.New[int](p.b, cache.Options{Name: "n"})
			s := newSource(map[string]int{"a": 1})
			loading, gate, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
			go func() {
				defer close(done)
				_, _ = b.Get(context.Background(), "a", func(ctx context.Context) (int, error) {
					value, err := s.load("a")(ctx)
					close(loading)
					<-gate
					return value, err
				}, "tag")
			}()
			<-loading
			s.set("a", 2)
			invalidate(p, a)
			close(gate)
			<-done
			must(t, a, s, "a", 2, "tag")
			eventually(t, func() bool { return metric(t, p.b, "notices_total") == 1 }, "B is told")
			must(t, b, s, "a", 2, "tag")
		})
	}
}

func TestThatThereIsNoneIsSharedToo(t *testing.T) {
	p := newPair(t, settings())
	a := cache.New[int](p.a, cache.Options{Name: "n", NotFound: errNone})
	b := cache.New[int](p.b, cache.Options{Name: "n", NotFound: errNone})
	s := newSource(map[string]int{})
	for _, c := range []*cache.Cache[int]{a, b, a, b} {
		_, err := c.Get(t.Context(), "a", s.load("a"))
		require.ErrorIs(t, err, errNone)
	}
	assert.Equal(t, 1, s.count())
}

func TestThatThereIsNoneIsKeptNoLongerThanItsTime(t *testing.T) {
	cfg := settings()
	cfg.StaleFor, cfg.StaleIfError = time.Hour, time.Hour
	p := newPair(t, cfg)
	a := cache.New[int](p.a, cache.Options{Name: "n", NotFound: errNone})
	s := newSource(map[string]int{})
	_, err := a.Get(t.Context(), "a", s.load("a"))
	require.ErrorIs(t, err, errNone)
	assert.InDelta(t, cfg.NegativeTTL, p.redis.TTL("test:c:n:a"), float64(time.Second))
	s.fail(errBroken)
	p.clock.move(cfg.NegativeTTL)
	_, err = a.Get(t.Context(), "a", s.load("a"))
	require.ErrorIs(t, err, errBroken)
}

func TestProcessesThatWaitForEachOtherLoadOnce(t *testing.T) {
	p := newPair(t, settings())
	options := cache.Options{Name: "n", Wait: time.Minute}
	a, b := cache.New[int](p.a, options), cache.New[int](p.b, options)
	s := newSource(map[string]int{"a": 1})
	loading, gate := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		got, err := a.Get(context.Background(), "a", func(ctx context.Context) (int, error) {
			close(loading)
			<-gate
			return s.load("a")(ctx)
		})
		assert.NoError(t, err)
		assert.Equal(t, 1, got)
	})
	<-loading
	before := p.redis.Server().TotalCommands()
	all.Go(func() { must(t, b, s, "a", 1) })
	eventually(t, func() bool { return p.redis.Server().TotalCommands() > before+6 }, "B looks again and again")
	close(gate)
	all.Wait()
	assert.Equal(t, 1, s.count())
}

func TestWhoWaitsForALoadThatFailsLoadsItself(t *testing.T) {
	p := newPair(t, settings())
	options := cache.Options{Name: "n", Wait: time.Minute}
	a, b := cache.New[int](p.a, options), cache.New[int](p.b, options)
	loading, gate := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		_, err := a.Get(context.Background(), "a", func(context.Context) (int, error) { close(loading); <-gate; return 0, errBroken })
		assert.ErrorIs(t, err, errBroken)
	})
	<-loading
	all.Go(func() { must(t, b, newSource(map[string]int{"a": 1}), "a", 1) })
	close(gate)
	all.Wait()
}

func TestLongValuesAreCompressedAndLongKeysHashed(t *testing.T) {
	cfg := settings()
	cfg.CompressOver = config.KiB
	p := newPair(t, cfg)
	a, b := cache.New[string](p.a, cache.Options{Name: "n"}), cache.New[string](p.b, cache.Options{Name: "n"})
	long, key := strings.Repeat("tea ", 10_000), strings.Repeat("k", 5000)
	load := func(context.Context) (string, error) { return long, nil }
	_, err := a.Get(t.Context(), key, load)
	require.NoError(t, err)
	for _, stored := range p.redis.Keys() {
		assert.Less(t, len(stored), 300)
		fields, err := p.redis.HKeys(stored)
		require.NoError(t, err)
		for _, field := range fields {
			assert.Less(t, len(p.redis.HGet(stored, field)), 5000)
		}
	}
	got, err := b.Get(t.Context(), key, func(context.Context) (string, error) { return "", errBroken })
	require.NoError(t, err)
	assert.Equal(t, long, got)
	b.Invalidate(t.Context(), key)
	_, err = b.Get(t.Context(), key, func(context.Context) (string, error) { return "", errBroken })
	require.ErrorIs(t, err, errBroken)
}

func TestReleasesWithOtherShapesShareOnlyInvalidation(t *testing.T) {
	p := newPair(t, settings())
	type before struct{ Price int }
	type after struct{ Price string }
	a, b := cache.New[before](p.a, cache.Options{Name: "n"}), cache.New[after](p.b, cache.Options{Name: "n"})
	readA := func(price int) before {
		got, err := a.Get(t.Context(), "a", func(context.Context) (before, error) { return before{price}, nil })
		require.NoError(t, err)
		return got
	}
	readB := func(price string) after {
		got, err := b.Get(t.Context(), "a", func(context.Context) (after, error) { return after{price}, nil })
		require.NoError(t, err)
		return got
	}
	assert.Equal(t, before{1}, readA(1))
	assert.Equal(t, after{"1"}, readB("1"))
	b.Invalidate(t.Context(), "a")
	assert.Equal(t, after{"2"}, readB("2"))
	eventually(t, func() bool { return metric(t, p.a, "notices_total") == 1 }, "A is told")
	assert.Equal(t, before{2}, readA(2))
}

func TestWhatIsNotOursInRedisIsLoaded(t *testing.T) {
	p := newPair(t, settings())
	a, b := cache.New[int](p.a, cache.Options{Name: "n"}), cache.New[int](p.b, cache.Options{Name: "n"})
	s := newSource(map[string]int{"a": 1})
	must(t, a, s, "a", 1)
	for _, field := range []string{"", "x", strings.Repeat("\xff", 40), "\x02" + strings.Repeat("\x7f", 24) + "\x00{"} {
		keys, err := p.redis.HKeys("test:c:n:a")
		require.NoError(t, err)
		for _, name := range keys {
			if name != "t" {
				p.redis.HSet("test:c:n:a", name, field)
			}
		}
		must(t, b, s, "a", 1)
		told := metric(t, p.b, "notices_total")
		a.Invalidate(t.Context(), "a")
		eventually(t, func() bool { return metric(t, p.b, "notices_total") > told }, "B is told")
		must(t, a, s, "a", 1)
	}
	assert.Equal(t, 9, s.count(), "nothing foreign was taken for a value")
}

func TestEverythingInRedisExpires(t *testing.T) {
	p := newPair(t, settings())
	a := cache.New[int](p.a, cache.Options{Name: "n", StaleIfError: time.Hour})
	must(t, a, newSource(map[string]int{"a": 1}), "a", 1, "tag")
	_, err := a.Get(t.Context(), "b", func(context.Context) (int, error) { panic("before it can give up its lease") })
	require.Error(t, err)
	require.Len(t, p.redis.Keys(), 3)
	for _, key := range p.redis.Keys() {
		assert.Positive(t, p.redis.TTL(key), key)
	}
	p.redis.FastForward(24 * time.Hour)
	assert.Empty(t, p.redis.Keys())
}

func TestAProcessLooksIntoRedisAgainAfterItsOwnTime(t *testing.T) {
	cfg := settings()
	cfg.LocalTTL = time.Second
	p := newPair(t, cfg)
	a := cache.New[int](p.a, cache.Options{Name: "n"})
	s := newSource(map[string]int{"a": 1})
	must(t, a, s, "a", 1)
	p.clock.move(time.Second)
	must(t, a, s, "a", 1)
	assert.Equal(t, 1, s.count())
	assert.Equal(t, 1, metric(t, p.a, "reads_total", "redis"))
}

func TestAStaleValueOfRedisIsServedAndLoadedAnew(t *testing.T) {
	p := newPair(t, settings())
	options := cache.Options{Name: "n", StaleFor: time.Hour}
	a, b := cache.New[int](p.a, options), cache.New[int](p.b, options)
	s := newSource(map[string]int{"a": 1})
	must(t, a, s, "a", 1)
	s.set("a", 2)
	p.clock.move(time.Minute)
	must(t, b, s, "a", 1)
	eventually(t, func() bool { got, _ := b.Get(t.Context(), "a", s.load("a")); return got == 2 }, "B has loaded it")
	assert.Equal(t, 2, s.count())
	p.b.Flush(t.Context())
}
