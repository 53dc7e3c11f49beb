package cache_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/cache"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestAValueIsLoadedOnce(t *testing.T) {
	store, _ := alone(t, settings())
	c, s := cache.New[int](store, cache.Options{Name: "n"}), newSource(map[string]int{"a": 1})
	must(t, c, s, "a", 1)
	s.set("a", 2)
	must(t, c, s, "a", 1)
	assert.Equal(t, 1, s.count())
	assert.Equal(t, 1, metric(t, store, "reads_total", "local"))
	assert.Equal(t, 1, metric(t, store, "loads_total"))
}

func TestAnInvalidatedKeyIsLoadedAnewAndOthersAreNot(t *testing.T) {
	store, _ := alone(t, settings())
	c, s := cache.New[int](store, cache.Options{Name: "n"}), newSource(map[string]int{"a": 1, "b": 1})
	must(t, c, s, "a", 1)
	must(t, c, s, "b", 1)
	s.set("a", 2)
	s.set("b", 2)
	c.Invalidate(t.Context(), "a")
	must(t, c, s, "a", 2)
	must(t, c, s, "b", 1)
}

func TestATagInvalidatesTheEntriesOfEveryCacheThatHaveIt(t *testing.T) {
	store, _ := alone(t, settings())
	one := cache.New[int](store, cache.Options{Name: "one", Tags: []string{"all"}})
	two := cache.New[int](store, cache.Options{Name: "two"})
	s := newSource(map[string]int{"a": 1, "b": 1})
	must(t, one, s, "a", 1)
	must(t, two, s, "a", 1, "all", "other")
	must(t, two, s, "b", 1, "other")
	s.set("a", 2)
	s.set("b", 2)
	store.InvalidateTags(t.Context(), "all")
	must(t, one, s, "a", 2)
	must(t, two, s, "a", 2, "all", "other")
	must(t, two, s, "b", 1, "other")
	store.Flush(t.Context())
	must(t, two, s, "b", 2, "other")
}

func TestAValueLivesForItsTTL(t *testing.T) {
	store, clock := alone(t, settings())
	c, s := cache.New[int](store, cache.Options{Name: "n", TTL: time.Minute}), newSource(map[string]int{"a": 1})
	must(t, c, s, "a", 1)
	s.set("a", 2)
	clock.move(time.Minute - time.Microsecond)
	must(t, c, s, "a", 1)
	clock.move(time.Microsecond)
	must(t, c, s, "a", 2)
}

func TestJitterShortensTheTTLByItsPartAtMost(t *testing.T) {
	cfg := settings()
	cfg.Jitter = 0.5
	store, clock := alone(t, cfg)
	c, s := cache.New[int](store, cache.Options{Name: "n"}), newSource(map[string]int{})
	for i := range 200 {
		s.set(fmt.Sprint(i), 1)
		must(t, c, s, fmt.Sprint(i), 1)
	}
	read := func() int {
		before := s.count()
		for i := range 200 {
			must(t, c, s, fmt.Sprint(i), 1)
		}
		return s.count() - before
	}
	clock.move(30 * time.Second)
	assert.Zero(t, read(), "none before half of it")
	clock.move(15 * time.Second)
	assert.InDelta(t, 100, read(), 60, "about half by three quarters")
}

func TestThatThereIsNoneIsRememberedToo(t *testing.T) {
	store, clock := alone(t, settings())
	c, s := cache.New[int](store, cache.Options{Name: "n", NotFound: errNone}), newSource(map[string]int{})
	for range 3 {
		_, err := c.Get(t.Context(), "a", s.load("a"))
		require.ErrorIs(t, err, errNone)
	}
	assert.Equal(t, 1, s.count())
	clock.move(10 * time.Second)
	_, err := c.Get(t.Context(), "a", s.load("a"))
	require.ErrorIs(t, err, errNone)
	assert.Equal(t, 2, s.count())

	s.set("a", 1)
	c.Invalidate(t.Context(), "a")
	must(t, c, s, "a", 1)
}

func TestAFailedLoadIsNotRemembered(t *testing.T) {
	store, _ := alone(t, settings())
	c, s := cache.New[int](store, cache.Options{Name: "n", NotFound: errNone}), newSource(map[string]int{"a": 1})
	s.fail(errBroken)
	_, err := c.Get(t.Context(), "a", s.load("a"))
	require.ErrorIs(t, err, errBroken)
	s.fail(nil)
	must(t, c, s, "a", 1)
	assert.Equal(t, 1, metric(t, store, "load_failures_total"))
}

func TestAStaleValueIsServedWhileItIsLoadedAnew(t *testing.T) {
	store, clock := alone(t, settings())
	c, s := cache.New[int](store, cache.Options{Name: "n", StaleFor: time.Minute}), newSource(map[string]int{"a": 1})
	must(t, c, s, "a", 1)
	s.set("a", 2)
	clock.move(time.Minute)
	gate := make(chan struct{})
	slow := func(ctx context.Context) (int, error) { <-gate; return s.load("a")(ctx) }
	for range 3 {
		got, err := c.Get(t.Context(), "a", slow)
		require.NoError(t, err)
		assert.Equal(t, 1, got)
	}
	close(gate)
	require.Eventually(t, func() bool {
		got, err := c.Get(t.Context(), "a", slow)
		return err == nil && got == 2
	}, 10*time.Second, time.Millisecond)
	assert.Equal(t, 2, s.count(), "one refresh for all")
}

func TestAValuePastItsTimeIsServedWhenItCannotBeLoaded(t *testing.T) {
	store, clock := alone(t, settings())
	c, s := cache.New[int](store, cache.Options{Name: "n", StaleIfError: time.Hour}), newSource(map[string]int{"a": 1})
	must(t, c, s, "a", 1)
	s.fail(errBroken)
	clock.move(time.Minute)
	must(t, c, s, "a", 1)
	assert.Equal(t, 1, metric(t, store, "reads_total", "spare"))
	clock.move(time.Hour)
	_, err := c.Get(t.Context(), "a", s.load("a"))
	require.ErrorIs(t, err, errBroken)
}

func TestWhatWasInvalidatedIsNeverServedNotEvenWhenItCannotBeLoaded(t *testing.T) {
	store, _ := alone(t, settings())
	c := cache.New[int](store, cache.Options{Name: "n", StaleFor: time.Hour, StaleIfError: time.Hour})
	s := newSource(map[string]int{"a": 1})
	must(t, c, s, "a", 1)
	s.fail(errBroken)
	c.Invalidate(t.Context(), "a")
	_, err := c.Get(t.Context(), "a", s.load("a"))
	require.ErrorIs(t, err, errBroken)
}

func TestALoadThatBeganBeforeAnInvalidationStoresNothing(t *testing.T) {
	store, _ := alone(t, settings())
	c, s := cache.New[int](store, cache.Options{Name: "n"}), newSource(map[string]int{"a": 1})
	loading, gate := make(chan struct{}), make(chan struct{})
	slow := func(ctx context.Context) (int, error) {
		value, err := s.load("a")(ctx)
		close(loading)
		<-gate
		return value, err
	}
	first := make(chan int, 1)
	go func() {
		got, _ := c.Get(context.Background(), "a", slow)
		first <- got
	}()
	<-loading
	s.set("a", 2)
	c.Invalidate(t.Context(), "a")
	must(t, c, s, "a", 2) // does not wait for the old load either
	close(gate)
	assert.Equal(t, 1, <-first, "who asked before may get what was before")
	must(t, c, s, "a", 2)
}

func TestTenThousandReadsOfAColdKeyAreOneLoad(t *testing.T) {
	store, _ := alone(t, settings())
	c, s := cache.New[int](store, cache.Options{Name: "n"}), newSource(map[string]int{"a": 1})
	const readers = 10_000
	gate := make(chan struct{})
	slow := func(ctx context.Context) (int, error) { <-gate; return s.load("a")(ctx) }
	var all sync.WaitGroup
	for range readers {
		all.Go(func() {
			got, err := c.Get(context.Background(), "a", slow)
			assert.NoError(t, err)
			assert.Equal(t, 1, got)
		})
	}
	require.Eventually(t, func() bool { return metric(t, store, "reads_total", "joined") == readers-1 }, 30*time.Second, time.Millisecond)
	close(gate)
	all.Wait()
	assert.Equal(t, 1, s.count())
}

func TestAReaderLeavesWithItsContextAndTheLoadGoesOn(t *testing.T) {
	store, _ := alone(t, settings())
	c := cache.New[int](store, cache.Options{Name: "n"})
	gate, loading := make(chan struct{}), make(chan struct{})
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := c.Get(ctx, "a", func(ctx context.Context) (int, error) {
			close(loading)
			<-gate
			return 1, ctx.Err()
		})
		left <- err
	}()
	<-loading
	leave()
	require.ErrorIs(t, <-left, context.Canceled)
	close(gate)
	got, err := c.Get(t.Context(), "a", func(context.Context) (int, error) { return 0, errBroken })
	require.NoError(t, err)
	assert.Equal(t, 1, got)
}

func TestALoadEndsWithItsDeadline(t *testing.T) {
	store, _ := alone(t, settings())
	c := cache.New[int](store, cache.Options{Name: "n", LoadTimeout: time.Millisecond})
	_, err := c.Get(t.Context(), "a", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestAPanicOfALoadIsAnErrorWithItsStack(t *testing.T) {
	store, _ := alone(t, settings())
	c := cache.New[int](store, cache.Options{Name: "n"})
	_, err := c.Get(t.Context(), "a", func(context.Context) (int, error) { panic("ours") })
	require.ErrorContains(t, err, "ours")
	assert.Contains(t, string(problem.Stack(err)), "cache_test.go")
	must(t, c, newSource(map[string]int{"a": 1}), "a", 1)
}

func TestInATransactionNothingIsCachedAndInvalidationWaitsForTheCommit(t *testing.T) {
	m := testkit.Start(t, database.Configs{testkit.Name: testkit.EmptySQLite(t)})
	db, err := m.DB(testkit.Name)
	require.NoError(t, err)
	store, _ := alone(t, settings())
	c, s := cache.New[int](store, cache.Options{Name: "n"}), newSource(map[string]int{"a": 1})
	must(t, c, s, "a", 1)
	s.set("a", 2)
	change := func(outcome error) error {
		return db.InTx(t.Context(), func(ctx context.Context) error {
			c.Invalidate(ctx, "a")
			got, err := c.Get(ctx, "a", s.load("a"))
			require.NoError(t, err)
			assert.Equal(t, 2, got, "the transaction reads the source")
			must(t, c, s, "a", 1)
			return outcome
		})
	}
	require.ErrorIs(t, change(errBroken), errBroken)
	must(t, c, s, "a", 1)
	require.NoError(t, change(nil))
	must(t, c, s, "a", 2)
	assert.Equal(t, 2, metric(t, store, "reads_total", "bypass"))
}

func TestTheProcessHoldsNoMoreThanItsSize(t *testing.T) {
	cfg := settings()
	cfg.MaxSize = 64 * 1024
	store, _ := alone(t, cfg)
	c := cache.New[string](store, cache.Options{Name: "n"})
	big := string(make([]byte, 1024))
	for i := range 1000 {
		_, err := c.Get(t.Context(), fmt.Sprint(i), func(context.Context) (string, error) { return big, nil })
		require.NoError(t, err)
		require.LessOrEqual(t, metric(t, store, "bytes"), 64*1024)
	}
	assert.Greater(t, metric(t, store, "bytes"), 32*1024)
	assert.Greater(t, metric(t, store, "evictions_total"), 800)
}

func TestACacheThatIsTurnedOffLoads(t *testing.T) {
	cfg := settings()
	cfg.Enabled = false
	store, _ := alone(t, cfg)
	c, s := cache.New[int](store, cache.Options{Name: "n"}), newSource(map[string]int{"a": 1})
	must(t, c, s, "a", 1)
	must(t, c, s, "a", 1)
	c.Invalidate(t.Context(), "a")
	assert.Equal(t, 2, s.count())
}

func TestAClosedStoreLoads(t *testing.T) {
	store, _ := alone(t, settings())
	c, s := cache.New[int](store, cache.Options{Name: "n"}), newSource(map[string]int{"a": 1})
	require.NoError(t, store.Close(t.Context()))
	must(t, c, s, "a", 1)
	must(t, c, s, "a", 1)
	assert.Equal(t, 2, s.count())
}

func TestTwoCachesMayNotHaveOneName(t *testing.T) {
	store, _ := alone(t, settings())
	cache.New[int](store, cache.Options{Name: "n"})
	assert.Panics(t, func() { cache.New[string](store, cache.Options{Name: "n"}) })
	assert.Panics(t, func() { cache.New[string](store, cache.Options{}) })
}
