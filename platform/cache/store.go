package cache

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/redis/go-redis/v9"

	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
)

// refreshers is how many values are loaded anew in the background at a time; who comes beyond that gets the stale one
// and leaves it to the next.
const refreshers = 32

// Store is what all caches of a process share: its memory, its line to Redis, and what it knows of invalidations. It is
// safe for concurrent use.
type Store struct {
	cfg      Config
	now      clock.Clock
	logger   *slog.Logger
	local    memory
	counters *counters
	remote   *remote // nil when there is no Redis
	link     *link   // likewise
	stats    stats

	refresh chan struct{} // as many as may refresh
	life    context.Context
	end     context.CancelFunc

	mu     sync.Mutex
	closed bool
	flying sync.WaitGroup // of every load
	names  map[string]*counts
}

type localKey struct{ cache, key string }

type weighted interface{ weight() uint32 }

// memory is the part of an otter.Cache that a store uses. A store that named the type itself would make every package that
// knows of stores compile its generic code anew.
type memory interface {
	GetIfPresent(key localKey) (weighted, bool)
	Set(key localKey, value weighted) (weighted, bool)
	Invalidate(key localKey) (weighted, bool)
	InvalidateAll()
	WeightedSize() uint64
	EstimatedSize() int
	StopAllGoroutines() bool
}

// Open makes a store. It connects nothing. Without a client it is a cache in process alone, and no other process learns
// of what is invalidated here. The client must heed the deadlines of contexts (ContextTimeoutEnabled); it stays the
// caller's, who closes it after the store.
func Open(cfg Config, client redis.UniversalClient, now clock.Clock, logger *slog.Logger) (*Store, error) {
	s := &Store{
		cfg: cfg, now: now, logger: logger, counters: newCounters(), refresh: make(chan struct{}, refreshers),
		names: map[string]*counts{},
	}
	var err error
	s.local, err = otter.New(&otter.Options[localKey, weighted]{
		MaximumWeight: uint64(max(cfg.MaxSize, 1)),
		Weigher:       func(_ localKey, value weighted) uint32 { return value.weight() },
		Executor:      func(fn func()) { fn() }, // no goroutine that nobody waits for
		OnAtomicDeletion: func(e otter.DeletionEvent[localKey, weighted]) {
			if e.WasEvicted() {
				s.stats.evictions.Add(1)
			}
		},
	})
	if err != nil {
		return nil, fmt.Errorf("open the cache: %w", err)
	}
	s.life, s.end = context.WithCancel(context.Background())
	if client != nil && cfg.Enabled {
		s.remote = newRemote(cfg, client, &s.stats)
		s.link = newLink(s)
	}
	return s, nil
}

// Start begins to listen for what other processes invalidate, and waits for the first attempt at it: without Redis the
// store starts too, and uses it as soon as it is there.
func (s *Store) Start(ctx context.Context) error {
	if s.link != nil {
		return s.link.start(ctx)
	}
	if s.cfg.Enabled {
		s.logger.InfoContext(ctx, "the cache is this process's alone: it does not hear of what others change",
			slog.Duration("for", s.cfg.LocalTTL))
	}
	return nil
}

// Close ends what the store has begun and tells Redis of invalidations that it does not know yet, if that is possible
// before ctx ends. Reads are loads from then on.
func (s *Store) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.end()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.flying.Wait()
		if s.link != nil {
			s.link.stop(ctx)
		}
	}()
	select {
	case <-done:
		s.local.StopAllGoroutines()
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close the cache: loads still run: %w", ctx.Err())
	}
}

// InvalidateTags drops every entry with one of the tags, in every cache, everywhere; within a transaction once that is
// committed. When it returns, or the transaction does, no read that begins in this process gets what was loaded before.
// Other processes learn of it a moment later. What Redis cannot be told is told later, and Redis is not used until then.
func (s *Store) InvalidateTags(ctx context.Context, tags ...string) {
	s.invalidate(ctx, targets(tagScope, tags))
}

// Flush drops everything, everywhere, as InvalidateTags does. In Redis it goes through all keys.
func (s *Store) Flush(ctx context.Context) {
	database.AfterOutcome(ctx, func(ctx context.Context) { s.carryOut(ctx, invalidation{All: true}) })
}

func (s *Store) invalidate(ctx context.Context, all []target) {
	if len(all) == 0 || !s.cfg.Enabled {
		return
	}
	database.AfterOutcome(ctx, func(ctx context.Context) { s.carryOut(ctx, invalidation{Targets: all}) })
}

// carryOut drops in Redis first: what this process reads there afterwards is new, and so is what it holds once it has
// forgotten.
func (s *Store) carryOut(ctx context.Context, inv invalidation) {
	s.stats.invalidations.Add(1)
	if s.link != nil {
		s.link.announce(ctx, inv)
	}
	s.forget(inv)
}

// forget makes this process forget.
func (s *Store) forget(inv invalidation) {
	if inv.All {
		s.counters.bumpAll()
		s.local.InvalidateAll()
		return
	}
	for _, t := range inv.Targets {
		s.counters.bump(t.Scope, t.Name)
		if t.Scope != tagScope {
			s.local.Invalidate(localKey{t.Scope, t.Name})
		}
	}
}

// blind tells whether others may invalidate without this process hearing of it.
func (s *Store) blind() bool { return s.link != nil && !s.link.up.Load() }

// usable tells whether Redis is there and knows everything that it should.
func (s *Store) usable() bool { return s.link != nil && s.link.usable() }

// begin makes room for a load that Close waits for, unless the store is closed.
func (s *Store) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.flying.Add(1)
	}
	return !s.closed
}

// register takes a name for a cache.
func (s *Store) register(name string) *counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.names[name]; taken || name == tagScope {
		panic(fmt.Sprintf("cache: the name %q is empty or taken", name))
	}
	s.names[name] = &counts{}
	return s.names[name]
}

// held is the times of what a process holds: shorter than the entry's where others may know better.
func (s *Store) held(t times, now time.Time) times {
	if s.blind() {
		return t.only(now.Add(s.cfg.BlindTTL))
	}
	return t.until(now.Add(s.cfg.LocalTTL))
}
