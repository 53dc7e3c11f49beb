package cache

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/trellis-go/trellis/platform/id"
)

const (
	heartbeat    = time.Second     // of silence, then the subscription is asked for a sign of life
	setUpTimeout = 3 * time.Second // of the subscription
	firstPause   = 20 * time.Millisecond
	lastPause    = time.Second
	toldAtOnce   = 1000 // targets in one exchange
)

// link is the line to the other processes: it hears what they invalidate, and sees to it that Redis learns what is
// invalidated here, however long that takes.
type link struct {
	store   *Store
	remote  *remote
	logger  *slog.Logger
	origin  string
	up      atomic.Bool // subscribed, and Redis is the one that it was
	pending pending
	wake    chan struct{} // something is pending
	server  string        // which Redis it was, used by the listener alone
	running sync.WaitGroup
}

func newLink(s *Store) *link {
	return &link{store: s, remote: s.remote, logger: s.logger, origin: id.New(), wake: make(chan struct{}, 1)}
}

// usable tells whether Redis may be asked for entries.
func (l *link) usable() bool { return l.up.Load() && l.pending.empty() }

func (l *link) start(ctx context.Context) error {
	tried := make(chan struct{})
	l.running.Go(func() { l.listen(l.store.life, sync.OnceFunc(func() { close(tried) })) })
	l.running.Go(func() { l.replay(l.store.life) })
	select {
	case <-tried:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("start the cache: %w", ctx.Err())
	}
}

// stop is called after the end of the store's life.
func (l *link) stop(ctx context.Context) {
	l.running.Wait()
	if !l.settle(ctx) {
		l.logger.WarnContext(ctx, "the cache ends with invalidations that Redis was not told of: others may read what is old until its TTL",
			slog.Int("targets", l.pending.size()))
	}
}

// announce tells Redis and all others, or remembers to do so.
func (l *link) announce(ctx context.Context, inv invalidation) {
	if l.usable() && l.tell(ctx, inv) == nil {
		return
	}
	l.pending.add(inv)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// tell drops in Redis, and then tells the others: what they read there afterwards is new.
func (l *link) tell(ctx context.Context, inv invalidation) error {
	err := l.tellEach(ctx, inv)
	if err != nil {
		l.logger.DebugContext(ctx, "Redis was not told of an invalidation yet", slog.Any("error", err))
	}
	return err
}

func (l *link) tellEach(ctx context.Context, inv invalidation) error {
	if inv.All {
		if err := l.remote.flush(ctx); err != nil {
			return err
		}
		return l.remote.publish(ctx, invalidation{Origin: l.origin, All: true})
	}
	for some := range slices.Chunk(inv.Targets, toldAtOnce) {
		if err := l.remote.drop(ctx, some); err != nil {
			return err
		}
		if err := l.remote.publish(ctx, invalidation{Origin: l.origin, Targets: some}); err != nil {
			return err
		}
	}
	return nil
}

// replay tells Redis what it could not be told.
func (l *link) replay(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		}
		for pause := firstPause; !l.settle(ctx); pause = min(2*pause, lastPause) {
			if !sleep(ctx, jittered(pause)) {
				return
			}
		}
	}
}

// settle tries it once, and says whether Redis knows everything.
func (l *link) settle(ctx context.Context) bool {
	inv, some := l.pending.take()
	if !some {
		return true
	}
	err := l.tell(ctx, inv)
	l.pending.done(inv, err == nil)
	if err == nil {
		l.store.stats.replays.Add(1)
	}
	return err == nil
}

// listen keeps a subscription up.
func (l *link) listen(ctx context.Context, tried func()) {
	pause := firstPause
	for ctx.Err() == nil {
		err := l.session(ctx, tried)
		wasUp := l.up.Swap(false)
		if wasUp {
			l.store.forget(invalidation{All: true}) // from here on others invalidate without being heard
			l.store.stats.losses.Add(1)
			pause = firstPause
		}
		tried()
		if ctx.Err() != nil {
			return
		}
		level := slog.LevelDebug
		if wasUp || pause == firstPause {
			level = slog.LevelWarn
		}
		l.logger.Log(ctx, level, "the cache goes on without Redis", slog.Any("error", err))
		sleep(ctx, jittered(pause))
		pause = min(2*pause, lastPause)
	}
}

// session subscribes, and gives the error that ends it.
func (l *link) session(ctx context.Context, ready func()) error {
	setUp, cancel := context.WithTimeout(ctx, setUpTimeout)
	defer cancel()
	subscription := l.remote.client.Subscribe(setUp, l.remote.channel())
	defer func() { _ = subscription.Close() }()
	defer context.AfterFunc(ctx, func() { _ = subscription.Close() })()
	if _, err := subscription.ReceiveTimeout(setUp, setUpTimeout); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	if err := l.recognise(ctx); err != nil {
		return err
	}
	l.store.forget(invalidation{All: true}) // what was invalidated until here was not heard
	l.up.Store(true)
	ready()
	l.logger.InfoContext(ctx, "the cache uses Redis")
	return l.hear(ctx, subscription)
}

// hear receives until the subscription is lost, which also is that two heartbeats pass without a sign of life.
func (l *link) hear(ctx context.Context, subscription *redis.PubSub) error {
	asked := false
	for {
		received, err := subscription.ReceiveTimeout(ctx, heartbeat)
		var network net.Error
		switch {
		case err == nil:
			asked = false
			l.take(ctx, received)
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &network) && network.Timeout() && !asked:
			asked = true
			if err := subscription.Ping(ctx); err != nil {
				return fmt.Errorf("ping the subscription: %w", err)
			}
		default:
			return fmt.Errorf("receive: %w", err)
		}
	}
}

func (l *link) take(ctx context.Context, received any) {
	message, is := received.(*redis.Message)
	if !is {
		return
	}
	inv, err := decodeInvalidation(message.Payload)
	if err != nil {
		l.logger.WarnContext(ctx, "an invalidation cannot be read: everything is forgotten", slog.Any("error", err))
		inv = invalidation{All: true}
	}
	if inv.Origin != l.origin {
		l.store.forget(inv)
		l.store.stats.notices.Add(1)
	}
}

// recognise finds out whether Redis is the server that it was. One that was started again from a snapshot, or took over
// from another, may have entries that were dropped: then everything goes.
func (l *link) recognise(ctx context.Context) error {
	server := l.remote.identity(ctx)
	if l.server != "" && (server == "" || server != l.server) {
		if err := l.remote.flush(ctx); err != nil {
			return fmt.Errorf("flush what another Redis may have kept: %w", err)
		}
		l.logger.WarnContext(ctx, "Redis was started again or replaced: its entries were dropped")
	}
	l.server = server
	if server == "" {
		l.server = "unknown" // the next one may be another
	}
	return nil
}

// jittered spreads a pause over half to all of itself.
func jittered(pause time.Duration) time.Duration {
	return pause/2 + rand.N(pause/2+1) //nolint:gosec // spread, not secrecy
}

// sleep waits, and says whether it waited to the end.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
