package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/trellis-go/trellis/platform/database"
)

// maxKey is the length from which on a key is replaced by its hash.
const maxKey = 200

// Options are those of one cache. A zero time is that of the Config.
type Options struct {
	Name         string        // of the cache, part of every key: unique in the program, the same in every process
	NotFound     error         // the error of a load that found nothing; that is remembered, too. nil: no error is
	Tags         []string      // of every entry
	TTL          time.Duration // how long a value is fresh
	NegativeTTL  time.Duration // how long it is remembered that there is none, and no longer
	StaleFor     time.Duration // after TTL: how long it is served while it is loaded anew
	StaleIfError time.Duration // then: how long it is served when it cannot be loaded
	LoadTimeout  time.Duration // of a load
	Wait         time.Duration // how long to wait for another process that loads the same; 0: not at all
}

// Cache keeps values of the type T, each under a key. It is safe for concurrent use. A value is shared by all who read
// it: whoever wants to change one changes a copy.
type Cache[T any] struct {
	Options
	store  *Store
	counts *counts
	field  string

	mu      sync.Mutex
	flights map[string]*flight[T]
}

// New makes a cache. It panics when the name is empty or taken.
func New[T any](store *Store, options Options) *Cache[T] {
	for _, field := range []struct {
		of       *time.Duration
		fallback time.Duration
	}{
		{&options.TTL, store.cfg.TTL}, {&options.NegativeTTL, store.cfg.NegativeTTL},
		{&options.StaleFor, store.cfg.StaleFor}, {&options.StaleIfError, store.cfg.StaleIfError},
		{&options.LoadTimeout, store.cfg.LoadTimeout},
	} {
		if *field.of == 0 {
			*field.of = field.fallback
		}
	}
	return &Cache[T]{
		Options: options, store: store, counts: store.register(options.Name), field: shape(reflect.TypeFor[T]()),
		flights: map[string]*flight[T]{},
	}
}

// Get gives the value of the key: what is cached, or what load gives, which is cached. The tags are added to those of
// the options; they are a function of the key. Whoever asks for a key that is being loaded waits for that load. The load
// gets the values of ctx, but not its end: it has a deadline of its own and goes on when the caller leaves. The errors
// are those of load, and that of ctx.
//
// Inside a transaction it calls load and caches nothing.
func (c *Cache[T]) Get(ctx context.Context, key string, load func(context.Context) (T, error), tags ...string) (T, error) {
	if !c.store.cfg.Enabled || database.InTransaction(ctx) {
		c.counts.bypassed.Add(1)
		return load(ctx)
	}
	if len(key) > maxKey {
		key = digest(key)
	}
	now := c.store.now()
	if held := c.lookup(key); held != nil && held.isStale(now) {
		c.counts.local.Add(1)
		if !held.isFresh(now) {
			c.counts.stale.Add(1)
			c.refresh(ctx, key, load, tags)
		}
		return held.value, held.absent
	}
	f, joined := c.join(ctx, key, load, tags, false)
	if f == nil { // the store is closed
		c.counts.bypassed.Add(1)
		return load(ctx)
	}
	if joined {
		c.counts.joined.Add(1)
	}
	select {
	case <-f.done:
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("wait for %s to be loaded: %w", c.Name, ctx.Err())
	}
	if f.err != nil {
		var none T
		return none, f.err
	}
	if f.result.isStale(now) && !f.result.isFresh(now) {
		c.refresh(ctx, key, load, tags)
	}
	return f.result.value, f.result.absent
}

// Invalidate drops the entries with the keys, as Store.InvalidateTags does those with a tag.
func (c *Cache[T]) Invalidate(ctx context.Context, keys ...string) {
	all := targets(c.Name, keys)
	for i := range all {
		if len(all[i].Name) > maxKey {
			all[i].Name = digest(all[i].Name)
		}
	}
	c.store.invalidate(ctx, all)
}

// lookup finds what the process holds, if it still holds true and is not dead.
func (c *Cache[T]) lookup(key string) *held[T] {
	value, found := c.store.local.GetIfPresent(localKey{c.Name, key})
	if !found {
		return nil
	}
	held, fits := value.(*held[T])
	if !fits || !held.marks.stand() {
		return nil
	}
	return held
}

// refresh loads a value anew in the background, unless somebody does or enough others are loaded.
func (c *Cache[T]) refresh(ctx context.Context, key string, load func(context.Context) (T, error), tags []string) {
	select {
	case c.store.refresh <- struct{}{}:
	default:
		return
	}
	if f, joined := c.join(ctx, key, load, tags, true); f == nil || joined {
		<-c.store.refresh
	}
}

// join gives the flight that loads the key: one that began after everything that was invalidated, or else a new one. It
// is nil once the store is closed.
func (c *Cache[T]) join(
	ctx context.Context, key string, load func(context.Context) (T, error), tags []string, refresh bool,
) (f *flight[T], joined bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.flights[key]; f != nil && f.marks.stand() {
		return f, true
	}
	if !c.store.begin() {
		return nil, false
	}
	all := append(append(make([]string, 0, len(c.Tags)+len(tags)), c.Tags...), tags...)
	f = &flight[T]{cache: c, key: key, tags: all, load: load, refresh: refresh, done: make(chan struct{})}
	f.marks = c.store.counters.marks(target{c.Name, key}, all)
	c.flights[key] = f
	go f.fly(ctx)
	return f, false
}

// leave ends a flight.
func (c *Cache[T]) leave(f *flight[T]) {
	c.mu.Lock()
	if c.flights[f.key] == f {
		delete(c.flights, f.key)
	}
	c.mu.Unlock()
	if f.refresh {
		<-c.store.refresh
	}
	close(f.done)
	c.store.flying.Done()
}

func digest(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}
