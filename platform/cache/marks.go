package cache

import (
	"hash/maphash"
	"sync/atomic"
)

// stripes is how many counters a store has. Two keys that share one are invalidated together, which costs a load and
// is never wrong.
const stripes = 1 << 16

// counters counts the invalidations that this process knows of, by the hash of what was invalidated.
type counters struct {
	seed  maphash.Seed
	all   atomic.Uint64 // of what invalidates everything
	table [stripes]atomic.Uint64
}

func newCounters() *counters { return &counters{seed: maphash.MakeSeed()} }

func (c *counters) of(scope, name string) *atomic.Uint64 {
	var hash maphash.Hash
	hash.SetSeed(c.seed)
	_, _ = hash.WriteString(scope)
	_ = hash.WriteByte(0)
	_, _ = hash.WriteString(name)
	return &c.table[hash.Sum64()%stripes]
}

// mark is how far a counter was at some moment.
type mark struct {
	counter *atomic.Uint64
	seen    uint64
}

func take(counter *atomic.Uint64) mark { return mark{counter, counter.Load()} }

// marks are taken before a load begins. What it gives is valid for as long as they stand.
type marks []mark

// stand tells whether nothing was invalidated since the marks were taken.
func (m marks) stand() bool {
	for i := range m {
		if m[i].counter.Load() != m[i].seen {
			return false
		}
	}
	return true
}

// bump ends everything that has marks of the entry or the tag.
func (c *counters) bump(scope, name string) { c.of(scope, name).Add(1) }

// bumpAll ends everything.
func (c *counters) bumpAll() { c.all.Add(1) }

// marks takes those of an entry.
func (c *counters) marks(t target, tags []string) marks {
	taken := make(marks, 0, 2+len(tags))
	taken = append(taken, take(&c.all), take(c.of(t.Scope, t.Name)))
	for _, tag := range tags {
		taken = append(taken, take(c.of(tagScope, tag)))
	}
	return taken
}
