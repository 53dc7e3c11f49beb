package cache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/cache"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/test/testkit"
)

// register is a database of one number a key, which every write raises by one: so the numbers order the writes.
type register struct{ numbers []atomic.Int64 }

func newRegister(keys int) *register { return &register{numbers: make([]atomic.Int64, keys)} }

// operation is a read or a write of a key, from a tick of a common clock to another.
type operation struct {
	key        int
	number     int64
	write      bool
	begun, end int64
}

// history is what several clients did.
type history struct {
	tick atomic.Int64
	mu   sync.Mutex
	all  []operation
}

func (h *history) record(do func() operation) {
	begun := h.tick.Add(1)
	o := do()
	o.begun, o.end = begun, h.tick.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, o)
}

// violations are the operations that break the promise: since the numbers order the writes, that is any one which got a
// lower number than that of a write which had ended before it began, and any read of a number that was not being written
// yet. While a write runs, between its commit and its invalidation, readers may still get either number.
func (h *history) violations() []string {
	var broken []string
	byKey := map[int][]operation{}
	for _, o := range h.all {
		byKey[o.key] = append(byKey[o.key], o)
	}
	for key, all := range byKey {
		written := map[int64]int64{0: 0}
		for _, o := range all {
			if o.write {
				written[o.number] = o.begun
			}
		}
		ends := slices.Clone(all)
		slices.SortFunc(all, func(a, b operation) int { return int(a.begun - b.begun) })
		slices.SortFunc(ends, func(a, b operation) int { return int(a.end - b.end) })
		var highest int64
		next := 0
		for _, o := range all {
			for ; ends[next].end < o.begun; next++ {
				if ends[next].write {
					highest = max(highest, ends[next].number)
				}
			}
			if o.number < highest || o.write && o.number == highest {
				broken = append(broken, fmt.Sprintf("key %d: %+v, after %d was written", key, o, highest))
			}
			if begun, known := written[o.number]; !known || begun > o.end {
				broken = append(broken, fmt.Sprintf("key %d: %+v, a number from nowhere", key, o))
			}
		}
	}
	return broken
}

func TestTheCheckOfHistoriesFindsWhatIsWrong(t *testing.T) {
	write, read := func(n, from, to int64) operation { return operation{0, n, true, from, to} },
		func(n, from, to int64) operation { return operation{0, n, false, from, to} }
	for name, test := range map[string]struct {
		all []operation
		bad int
	}{
		"one after the other":             {[]operation{write(1, 1, 2), read(1, 3, 4)}, 0},
		"either while it is written":      {[]operation{write(1, 1, 9), read(0, 2, 3), read(1, 4, 5)}, 0},
		"old after it was written":        {[]operation{write(1, 1, 2), read(0, 3, 4)}, 1},
		"old while somebody sees the new": {[]operation{write(1, 1, 9), read(1, 2, 3), read(0, 4, 5)}, 0},
		"before it was written":           {[]operation{read(1, 1, 2), write(1, 3, 4)}, 1},
		"never written":                   {[]operation{read(7, 1, 2)}, 1},
	} {
		t.Run(name, func(t *testing.T) { assert.Len(t, (&history{all: test.all}).violations(), test.bad) })
	}
}

const keys = 16

// client does random reads and writes of a process.
type client struct {
	cache *cache.Cache[int64]
	store *cache.Store
	*register
}

func (c *client) read(key int) operation {
	// The tag is that of half of the keys.
	got, err := c.cache.Get(context.Background(), fmt.Sprint(key), func(context.Context) (int64, error) {
		return c.numbers[key].Load(), nil
	}, fmt.Sprint("tag", key%2))
	if err != nil {
		got = -1
	}
	return operation{key: key, number: got}
}

// write changes the database and then invalidates, by key or by tag, as a service does after its commit.
func (c *client) write(key int, byTag bool) operation {
	number := c.numbers[key].Add(1)
	if byTag {
		c.store.InvalidateTags(context.Background(), fmt.Sprint("tag", key%2))
	} else {
		c.cache.Invalidate(context.Background(), fmt.Sprint(key))
	}
	return operation{key: key, number: number, write: true}
}

// step is a read mostly, and sometimes an invalidation for no reason or a write.
func (c *client) step(random *rand.Rand, h *history) {
	key := random.IntN(keys)
	switch n := random.IntN(100); {
	case n == 0:
		c.store.Flush(context.Background())
	case n < 4:
		c.cache.Invalidate(context.Background(), fmt.Sprint(key))
	case n < 20:
		h.record(func() operation { return c.write(key, n%4 == 0) })
	default:
		h.record(func() operation { return c.read(key) })
	}
}

func run(clients []*client, steps int, seed uint64, each func(i int, random *rand.Rand)) {
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			for range steps {
				each(i, random)
			}
		})
	}
	all.Wait()
}

func TestNoReadOfAProcessIsOlderThanWhatWasWrittenBeforeItBegan(t *testing.T) {
	for name, redis := range map[string]bool{"alone": false, "with Redis": true} {
		t.Run(name, func(t *testing.T) {
			cfg := settings()
			cfg.MaxSize = 4 * config.KiB // fewer than the keys: some are evicted
			steps := 16_000              // of which about 96 % are recorded
			var store *cache.Store
			if redis {
				steps = 500
				store = open(t, cfg, dial(t, miniredis.RunT(t).Addr()), newHand())
			} else {
				store, _ = alone(t, cfg)
			}
			shared := &client{cache.New[int64](store, cache.Options{Name: "n"}), store, newRegister(keys)}
			h, clients, seed := &history{}, slices.Repeat([]*client{shared}, 8), rand.Uint64()
			run(clients, steps, seed, func(_ int, random *rand.Rand) { shared.step(random, h) })
			assert.Greater(t, len(h.all), 8*steps*9/10)
			assert.Empty(t, h.violations(), "seed %d", seed)
			assert.Positive(t, metric(t, store, "reads_total", "local"))
		})
	}
}

// TestTwoProcessesReadNothingOlderThanTheyKnowOf is a history on two processes with one Redis: each of them reads
// nothing older than its own writes, at any time, also while one of them or both are cut off; and nothing older than
// anybody's once it is told.
func TestTwoProcessesReadNothingOlderThanTheyKnowOf(t *testing.T) {
	p := newPair(t, settings())
	twoProcesses(t, p, 8, 100)
}

func twoProcesses(t *testing.T, p *pair, rounds, steps int) {
	numbers := newRegister(keys)
	a := &client{cache.New[int64](p.a, cache.Options{Name: "n", StaleFor: 1 << 40}), p.a, numbers}
	b := &client{cache.New[int64](p.b, cache.Options{Name: "n", StaleFor: 1 << 40}), p.b, numbers}
	bell := [2]*cache.Cache[int64]{cache.New[int64](p.a, cache.Options{Name: "bell"}), cache.New[int64](p.b, cache.Options{Name: "bell"})}
	clients := []*client{a, b, a, b, a, b, a, b}
	var operations atomic.Int64
	seed := rand.Uint64()
	for round := range rounds {
		disturbed := disturb(p, round)
		var own [2][keys]atomic.Int64 // the highest number that each process knows of
		run(clients, steps, seed+uint64(round), func(i int, random *rand.Rand) {
			operations.Add(1)
			c, key, known := clients[i], random.IntN(keys), &own[i%2]
			if n := random.IntN(100); n < 15 {
				raise(&known[key], c.write(key, n%4 == 0).number)
				return
			}
			least := known[key].Load()
			if got := c.read(key).number; got < least {
				t.Errorf("seed %d, round %d, process %d: %d of key %d after its own %d", seed, round, i%2, got, key, least)
			}
		})
		if disturbed {
			p.restore(t)
		}
		ring(t, bell, int64(round))
		for key := range keys {
			for i, c := range []*client{a, b} {
				require.Equal(t, numbers.numbers[key].Load(), c.read(key).number, "seed %d, round %d, process %d, key %d", seed, round, i, key)
			}
		}
	}
	t.Logf("%d operations", operations.Load())
}

// disturb cuts off one process, the other, or both, in some of the rounds.
func disturb(p *pair, round int) bool {
	switch round % 8 {
	case 3:
		p.lineA.Cut()
	case 5:
		p.lineB.Cut()
	case 7:
		p.lineA.Cut()
		p.lineB.Cut()
	default:
		return false
	}
	return true
}

// restore gives Redis back, and waits until both use it.
func (p *pair) restore(t *testing.T) {
	t.Helper()
	for _, line := range []*testkit.Proxy{p.lineA, p.lineB} {
		line.Cut()
		line.Restore(t)
	}
	up(t, p.a)
	up(t, p.b)
}

func raise(known *atomic.Int64, number int64) {
	for {
		before := known.Load()
		if number <= before || known.CompareAndSwap(before, number) {
			return
		}
	}
}

// ring makes sure that each process was told of everything that the other said before: the bell comes after it.
func ring(t *testing.T, bells [2]*cache.Cache[int64], round int64) {
	t.Helper()
	for from, bell := range bells {
		other := bells[1-from]
		key := fmt.Sprint(from)
		value := func(n int64) func(context.Context) (int64, error) {
			return func(context.Context) (int64, error) { return n, nil }
		}
		bell.Invalidate(context.Background(), key)
		_, _ = other.Get(context.Background(), key, value(-round-1))
		// What the other reads from now on it loads as round+1, as soon as it has heard the bell.
		bell.Invalidate(context.Background(), key)
		eventually(t, func() bool {
			got, err := other.Get(context.Background(), key, value(round+1))
			return err == nil && got == round+1
		}, "the bell is heard")
	}
}
