package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/problem"
)

const (
	overhead  = 256 // bytes that an entry takes beside its value, about
	firstLook = 2 * time.Millisecond
	lastLook  = 50 * time.Millisecond
)

// flight is one load of a key, which everybody who wants it waits for.
type flight[T any] struct {
	cache   *Cache[T]
	key     string
	tags    []string
	load    func(context.Context) (T, error)
	marks   marks // taken before anything was read
	refresh bool  // a value that may be served exists: get one that is fresh

	done   chan struct{} // closed when the following are set
	result *entry[T]
	err    error
}

// fly gets the entry. It ends with the load's deadline, or with the store.
func (f *flight[T]) fly(ctx context.Context) {
	defer f.cache.leave(f)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.cache.LoadTimeout)
	defer cancel()
	defer context.AfterFunc(f.cache.store.life, cancel)()
	f.err = errors.New("the load ended its goroutine") // runtime.Goexit, as by a failed test
	defer func() {
		if panicked := recover(); panicked != nil {
			f.err = problem.TraceAt(fmt.Errorf("panic while loading %s: %v", f.cache.Name, panicked), debug.Stack())
		}
	}()
	f.result, f.err = f.get(ctx)
}

// get asks Redis, then loads, then takes what is past its time.
func (f *flight[T]) get(ctx context.Context) (*entry[T], error) {
	c := f.cache
	spare, now := c.lookup(f.key), c.store.now()
	shared, claim := f.ask(ctx)
	if shared != nil && (shared.isFresh(now) || !f.refresh && shared.isStale(now)) {
		c.counts.shared.Add(1)
		return shared, nil
	}
	c.counts.loads.Add(1)
	// A replica may not have yet what was invalidated for, and what it has would be kept.
	value, err := f.load(database.Fresh(ctx))
	absent := err != nil && c.NotFound != nil && errors.Is(err, c.NotFound)
	if err != nil && !absent {
		c.counts.failures.Add(1)
		f.yield(ctx, claim)
		return f.instead(err, spare, shared)
	}
	loaded := &entry[T]{value: value, times: c.times(c.store.now(), absent)}
	if absent {
		loaded.absent = err
	}
	f.keep(ctx, loaded, claim)
	return loaded, nil
}

// instead finds what can be served when the load failed: nothing that was invalidated.
func (f *flight[T]) instead(err error, spare *held[T], shared *entry[T]) (*entry[T], error) {
	now := f.cache.store.now()
	if spare != nil && !spare.isDead(now) && spare.marks.stand() {
		f.cache.counts.spare.Add(1)
		return spare.entry, nil
	}
	if shared != nil && !shared.isDead(now) && f.marks.stand() {
		f.cache.counts.spare.Add(1)
		return shared, nil
	}
	return nil, err
}

// times begin now. A part of the time is left to chance, so that what was loaded together is not loaded together again. That
// there is none is not kept beyond its time: anybody can ask for what does not exist, by as many keys as Redis has room for.
func (c *Cache[T]) times(now time.Time, absent bool) times {
	ttl, staleFor, staleIfError := c.TTL, c.StaleFor, c.StaleIfError
	if absent {
		ttl, staleFor, staleIfError = c.NegativeTTL, 0, 0
	}
	ttl -= time.Duration(float64(ttl) * c.store.cfg.Jitter * rand.Float64()) //nolint:gosec // spread, not secrecy
	t := times{fresh: now.Add(ttl)}
	t.stale = t.fresh.Add(staleFor)
	t.dead = t.stale.Add(staleIfError)
	return t
}

// keep puts an entry into the process and into Redis.
func (f *flight[T]) keep(ctx context.Context, e *entry[T], claim claim) {
	c := f.cache
	var body []byte
	if e.absent == nil {
		var err error
		if body, err = marshal(e.value); err != nil {
			c.store.logger.ErrorContext(ctx, "a value cannot be cached", slog.String("cache", c.Name), slog.Any("error", err))
			return
		}
	}
	f.hold(e, len(body))
	if !claim.complete() || !c.store.usable() {
		return
	}
	text := packed{times: e.times, absent: e.absent != nil, generations: claim.generations, body: body}.encode(int(c.store.cfg.CompressOver))
	life := e.dead.Sub(c.store.now())
	f.note(ctx, "stored", c.store.remote.store(ctx, f.slot(), claim, text, life))
}

// hold puts an entry into the process. If something was invalidated since the flight began, nobody will find it.
func (f *flight[T]) hold(e *entry[T], size int) {
	s := f.cache.store
	if !f.marks.stand() {
		return
	}
	s.local.Set(localKey{f.cache.Name, f.key}, &held[T]{
		entry: e, marks: f.marks, times: s.held(e.times, s.now()),
		size: uint32(min(size+len(f.key)+overhead, 1<<31)), //nolint:gosec // bounded
	})
}

// note logs what Redis did not do: nobody depends on it.
func (f *flight[T]) note(ctx context.Context, what string, err error) {
	if err != nil {
		f.cache.store.logger.DebugContext(ctx, "not "+what+" in Redis", slog.String("cache", f.cache.Name), slog.Any("error", err))
	}
}
