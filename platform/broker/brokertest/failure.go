package brokertest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/broker"
)

func triedAgain(t *testing.T, w World) {
	s := want("orders", "order", broker.Options{Attempts: 5, Backoff: quick})
	b, came := join(t, w, s), newBook()
	consume(t, b, s, func(_ context.Context, d broker.Delivery) error {
		came.note(fmt.Sprint(string(d.Data), " attempt ", d.Attempt))
		if d.Attempt < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	publish(t, b, message("order.placed.v1", "order-1", "order"))
	came.await(t, 3)
	assert.Equal(t, []string{"order attempt 1", "order attempt 2", "order attempt 3"}, came.read())
}

func holdsBack(t *testing.T, w World) {
	s := want("orders", "order", broker.Options{Attempts: 1 << 30, Backoff: quick, Prefetch: 20})
	b, came := join(t, w, s), newBook()
	var repaired atomic.Bool
	consume(t, b, s, func(ctx context.Context, d broker.Delivery) error {
		if string(d.Data) == "a1" && !repaired.Load() {
			return errors.New("not yet")
		}
		return came.noting(ctx, d)
	})
	publish(t, b, messages("order.placed.v1", "a", "a1", "a2", "a3")...)
	publish(t, b, messages("order.placed.v1", "b", "b1", "b2")...)
	came.await(t, 2)
	assert.Equal(t, []string{"b1", "b2"}, came.read())
	repaired.Store(true)
	came.await(t, 3)
	assert.Equal(t, []string{"a1", "a2", "a3"}, came.read()[2:])
}

// poisoned has one dead letter, of the data poison, with its subscription's handler still at work.
func poisoned(t *testing.T, w World, handle broker.Handler, options broker.Options) (broker.Broker, *book, broker.DeadLetter) {
	t.Helper()
	s := want("orders", "order", options)
	b, came := join(t, w, s), newBook()
	consume(t, b, s, func(ctx context.Context, d broker.Delivery) error {
		_ = came.noting(ctx, d)
		if string(d.Data) == "poison" {
			return handle(ctx, d)
		}
		return nil
	})
	publish(t, b, messages("order.placed.v1", "order-1", "poison", "wholesome")...)
	return b, came, deadOf(t, b, 1)[0]
}

func deadLetter(t *testing.T, w World) {
	b, came, letter := poisoned(t, w, func(context.Context, broker.Delivery) error { return errors.New("bitter") },
		broker.Options{Attempts: 3, Backoff: quick})
	came.await(t, 4)
	assert.Equal(t, []string{"poison", "poison", "poison", "wholesome"}, came.read(), "the others go on")
	assert.Equal(t, "poison", string(letter.Data))
	assert.Equal(t, "orders", letter.Subscription)
	assert.Equal(t, "order-1", letter.Subject)
	assert.Equal(t, 3, letter.Attempts)
	assert.Equal(t, "bitter", letter.Error)
	assert.WithinDuration(t, time.Now(), letter.DiedAt, patience)
	assert.Equal(t, letter, deadOf(t, b, 1)[0], "looking takes nothing away")
	byID, err := b.DeadByID(t.Context(), orders, letter.ID)
	require.NoError(t, err)
	assert.Equal(t, &letter, byID)
	byID, err = b.DeadByID(t.Context(), orders, "another")
	require.NoError(t, err)
	assert.Nil(t, byID)
	none, err := b.Dead(t.Context(), "nobody", 1)
	require.NoError(t, err, "what nobody has declared has none")
	assert.Empty(t, none)
}

func finalAtOnce(t *testing.T, w World) {
	_, came, letter := poisoned(t, w, func(context.Context, broker.Delivery) error {
		return fmt.Errorf("decode: %w", broker.Dead(errors.New("unknown version")))
	}, broker.Options{Backoff: quick})
	came.await(t, 2)
	assert.Equal(t, 1, letter.Attempts)
	assert.Equal(t, "decode: unknown version", letter.Error)
}

func panics(t *testing.T, w World) {
	_, _, letter := poisoned(t, w, func(context.Context, broker.Delivery) error { panic("boom") }, broker.Options{Attempts: 1})
	assert.Contains(t, letter.Error, "boom")
}

func retried(t *testing.T, w World) {
	var repaired atomic.Bool
	b, came, letter := poisoned(t, w, func(_ context.Context, d broker.Delivery) error {
		if repaired.Load() && d.Attempt == 1 && d.Subject == "order-1" {
			return nil
		}
		return errors.New("bitter")
	}, broker.Options{Attempts: 1})
	came.await(t, 2)
	repaired.Store(true)
	found, err := b.Retry(t.Context(), orders, letter.ID)
	require.NoError(t, err)
	assert.True(t, found)
	came.await(t, 1)
	assert.Equal(t, "poison", came.read()[2])
	deadOf(t, b, 0)
	found, err = b.Retry(t.Context(), orders, letter.ID)
	require.NoError(t, err)
	assert.False(t, found)
}

func discarded(t *testing.T, w World) {
	b, came, letter := poisoned(t, w, func(context.Context, broker.Delivery) error { return errors.New("bitter") }, broker.Options{Attempts: 1})
	publish(t, b, message("order.placed.v1", "order-1", "poison"))
	both := deadOf(t, b, 2)
	assert.Equal(t, letter.ID, both[0].ID, "the oldest first")
	came.await(t, 3)
	found, err := b.Discard(t.Context(), orders, letter.ID)
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, both[1].ID, deadOf(t, b, 1)[0].ID)
	found, err = b.Discard(t.Context(), orders, letter.ID)
	require.NoError(t, err)
	assert.False(t, found)
}

func crash(t *testing.T, w World) {
	s := want("orders", "order", broker.Options{Concurrency: 2, Backoff: quick})
	lost := join(t, w, s)
	begun := make(chan struct{}, 10)
	consume(t, lost, s, func(ctx context.Context, _ broker.Delivery) error {
		begun <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	})
	publish(t, lost, messages("order.placed.v1", "order-1", "0", "1", "2")...)
	<-begun
	w.Kill(t, lost)
	seen := newOrder()
	consume(t, join(t, w, s), s, seen.handle)
	seen.await(t, 3)
}

func drains(t *testing.T, w World) {
	s := want("orders", "order", broker.Options{Concurrency: 1, Prefetch: 5})
	b, done := join(t, w, s), newBook()
	begun, release := make(chan struct{}, 5), make(chan struct{})
	consumer := b.Consumer(s, func(ctx context.Context, d broker.Delivery) error {
		begun <- struct{}{}
		<-release
		assert.NoError(t, ctx.Err())
		return done.noting(ctx, d)
	})
	ended := make(chan error, 1)
	go func() { ended <- consumer.Run(context.Background()) }()
	publish(t, b, messages("order.placed.v1", "order-1", "1", "2", "3")...)
	<-begun
	hasty, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, consumer.Drain(hasty), context.Canceled, "it waits")
	close(release)
	require.NoError(t, consumer.Drain(t.Context()))
	require.NoError(t, <-ended)
	assert.Equal(t, []string{"1"}, done.read())
	consume(t, b, s, done.noting)
	done.await(t, 3)
	assert.Equal(t, []string{"1", "2", "3"}, done.read(), "the rest is there for others")
}

func stopped(t *testing.T, w World) {
	s := want("orders", "order", broker.Options{Attempts: 1})
	b, came := join(t, w, s), newBook()
	ctx, stop := context.WithCancel(t.Context())
	ended, begun := make(chan error, 1), make(chan struct{})
	consumer := b.Consumer(s, func(ctx context.Context, _ broker.Delivery) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	})
	go func() { ended <- consumer.Run(ctx) }()
	publish(t, b, message("order.placed.v1", "order-1", "order"))
	<-begun
	stop()
	require.NoError(t, <-ended)
	consume(t, b, s, came.noting)
	came.await(t, 1)
	deadOf(t, b, 0)
}

func comesBack(t *testing.T, w World) {
	s := want("orders", "order", broker.Options{Backoff: quick})
	b, came := join(t, w, s), newBook()
	consume(t, b, s, came.noting)
	publish(t, b, message("order.placed.v1", "order-1", "before"))
	came.await(t, 1)
	for range 2 {
		if !w.Cut(t, b) {
			return // nothing to be cut off from: its database is a file
		}
		assert.Error(t, b.Publish(t.Context(), messages("order.placed.v1", "order-1", "lost"))[0])
		assert.Error(t, b.Ping(t.Context()))
		w.Restore(t, b)
		reachable(t, b)
		publish(t, b, message("order.placed.v1", "order-1", "after"))
		came.await(t, 1)
	}
}

func toldOfCut(t *testing.T, w World) {
	s := want("orders", "order", broker.Options{Backoff: quick})
	b, came := join(t, w, s), newBook()
	begun, told := make(chan struct{}, 1), make(chan struct{}, 1)
	var first atomic.Bool
	handle := func(ctx context.Context, d broker.Delivery) error {
		if first.CompareAndSwap(false, true) {
			begun <- struct{}{}
			<-ctx.Done()
			told <- struct{}{}
			return ctx.Err()
		}
		return came.noting(ctx, d)
	}
	consume(t, b, s, handle)
	publish(t, b, message("order.placed.v1", "order-1", "order"))
	<-begun
	if w.Cut(t, b) {
		<-told
		w.Restore(t, b)
	} else {
		w.Kill(t, b)
		<-told
		consume(t, join(t, w, s), s, handle)
	}
	came.await(t, 1)
}
