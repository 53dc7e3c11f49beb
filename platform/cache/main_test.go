package cache_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/cache"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

var (
	errNone   = errors.New("there is none")
	errBroken = errors.New("the source is broken")
)

// settings are those of a cache that forgets nothing while a test runs, unless the test moves the clock.
func settings() cache.Config {
	return cache.Config{
		Enabled: true, Prefix: "test", MaxSize: config.MiB, TTL: time.Minute, LocalTTL: time.Hour, BlindTTL: time.Second,
		NegativeTTL: 10 * time.Second, LoadTimeout: 30 * time.Second, RedisTimeout: 5 * time.Second,
	}
}

// hand is a clock that the test moves.
type hand struct{ at atomic.Int64 }

func newHand() *hand {
	h := &hand{}
	h.at.Store(time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC).UnixMicro())
	return h
}

func (h *hand) now() time.Time        { return time.UnixMicro(h.at.Load()).UTC() }
func (h *hand) move(by time.Duration) { h.at.Add(by.Microseconds()) }

// open makes a store and closes it when the test ends.
func open(t testing.TB, cfg cache.Config, client redis.UniversalClient, clock *hand) *cache.Store {
	t.Helper()
	store, err := cache.Open(cfg, client, clock.now, testkit.Quiet())
	require.NoError(t, err)
	require.NoError(t, store.Start(context.Background()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		require.NoError(t, store.Close(ctx))
	})
	return store
}

// alone is a store without Redis.
func alone(t testing.TB, cfg cache.Config) (*cache.Store, *hand) {
	t.Helper()
	clock := newHand()
	return open(t, cfg, nil, clock), clock
}

// source is what is cached: values by key, which a test changes and counts the loads of.
type source struct {
	mu     sync.Mutex
	values map[string]int
	err    error
	loads  int
}

func newSource(values map[string]int) *source { return &source{values: values} }

func (s *source) set(key string, value int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[key] = value
}

func (s *source) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *source) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads
}

// load gives the load function of a key.
func (s *source) load(key string) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.loads++
		if s.err != nil {
			return 0, s.err
		}
		value, found := s.values[key]
		if !found {
			return 0, errNone
		}
		return value, nil
	}
}

// must reads and expects a value.
func must(t testing.TB, c *cache.Cache[int], s *source, key string, want int, tags ...string) {
	t.Helper()
	got, err := c.Get(context.Background(), key, s.load(key), tags...)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// metric reads one metric of a store, the sum of those with that name and label values.
func metric(t testing.TB, store *cache.Store, name string, labels ...string) int {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(cache.NewCollector(store))
	families, err := registry.Gather()
	require.NoError(t, err)
	sum := 0.0
	for _, family := range families {
		if family.GetName() != "trellis_cache_"+name {
			continue
		}
		for _, m := range family.GetMetric() {
			if has(m, labels) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return int(sum)
}

func has(m *dto.Metric, labels []string) bool {
	for _, wanted := range labels {
		found := false
		for _, label := range m.GetLabel() {
			found = found || label.GetValue() == wanted
		}
		if !found {
			return false
		}
	}
	return true
}
