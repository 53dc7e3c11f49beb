// Package brokertest is what every broker must promise, as tests. A broker's own tests run it:
//
//	brokertest.Run(t, func(t *testing.T) brokertest.World { … })
package brokertest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/id"
)

// World is a place where messages are exchanged, empty and apart from all others, and the processes that do.
type World interface {
	// Join is a process more. It is not started.
	Join(t *testing.T) broker.Broker
	// Kill cuts a process off for good, at once, as its death would.
	Kill(t *testing.T, b broker.Broker)
	// Cut cuts a process off from the world, and Restore lets it come back. A broker that has no such thing answers false.
	Cut(t *testing.T, b broker.Broker) bool
	Restore(t *testing.T, b broker.Broker)
}

// Run proves the promises in worlds of that kind.
func Run(t *testing.T, open func(t *testing.T) World) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, World){
		"a message comes whole to all who want it":      comesWhole,
		"a large message comes whole":                   comesLarge,
		"a message without subscribers is no error":     unwanted,
		"what is published is kept over a restart":      keptOverRestart,
		"a subject is in order over all processes":      inOrder,
		"unordered messages are shared out":             unordered,
		"a failed message is tried again":               triedAgain,
		"a failed message holds back its subject alone": holdsBack,
		"a poison message is a dead letter":             deadLetter,
		"a dead letter may be final at once":            finalAtOnce,
		"a dead letter is retried":                      retried,
		"a dead letter is discarded":                    discarded,
		"a panic is a failure":                          panics,
		"a crash delivers again, in order":              crash,
		"a slow subscription is slow alone":             slow,
		"no more handlers run than allowed":             bounded,
		"drain waits for handlers":                      drains,
		"a stop is no attempt":                          stopped,
		"a cut connection comes back":                   comesBack,
		"who is cut off while handling is told":         toldOfCut,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

const patience = 30 * time.Second

var quick = backoff.Exponential{First: time.Millisecond, Last: 5 * time.Millisecond}

// want is a subscription to types that begin with a word.
func want(name, word string, options broker.Options) broker.Subscription {
	return broker.Subscription{Name: name, Patterns: []string{word + ".#"}, Options: options}
}

// join starts a process with these subscriptions.
func join(t *testing.T, w World, subscriptions ...broker.Subscription) broker.Broker {
	t.Helper()
	b := w.Join(t)
	b.Declare(subscriptions...)
	require.NoError(t, b.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, b.Stop(ctx))
	})
	reachable(t, b)
	return b
}

func reachable(t *testing.T, b broker.Broker) {
	t.Helper()
	require.Eventually(t, func() bool { return b.Ping(t.Context()) == nil }, patience, time.Millisecond)
}

// consume runs a consumer until the test ends.
func consume(t *testing.T, b broker.Broker, s broker.Subscription, handle broker.Handler) {
	t.Helper()
	consumer := b.Consumer(s, handle)
	var running sync.WaitGroup
	running.Go(func() { assert.NoError(t, consumer.Run(context.Background())) })
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		assert.NoError(t, consumer.Drain(ctx))
		running.Wait()
	})
}

func message(eventType, subject, data string) broker.Message {
	return broker.Message{
		ID: id.New(), Source: "test", Type: eventType, Subject: subject, Time: time.Now().UTC().Truncate(time.Millisecond),
		ContentType: "text/plain", Data: []byte(data),
	}
}

// messages makes one of each data.
func messages(eventType, subject string, data ...string) []broker.Message {
	var all []broker.Message
	for _, d := range data {
		all = append(all, message(eventType, subject, d))
	}
	return all
}

func publish(t *testing.T, b broker.Broker, all ...broker.Message) {
	t.Helper()
	for i, err := range b.Publish(t.Context(), all) {
		require.NoError(t, err, "message %d", i)
	}
}

// book notes what was delivered.
type book struct {
	mu    sync.Mutex
	lines []string
	more  chan struct{}
}

func newBook() *book { return &book{more: make(chan struct{}, 100_000)} }

func (b *book) note(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, line)
	b.more <- struct{}{}
}

// noting is a handler that notes the data.
func (b *book) noting(_ context.Context, d broker.Delivery) error {
	b.note(string(d.Data))
	return nil
}

// await waits for so many lines more.
func (b *book) await(t *testing.T, lines int) {
	t.Helper()
	limit := time.After(patience)
	for i := range lines {
		select {
		case <-b.more:
		case <-limit:
			t.Fatalf("%d of %d lines came; there are %v", i, lines, b.read())
		}
	}
}

func (b *book) read() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.lines...)
}

// order notes when a subject is handled twice at once, or its messages, numbered from 0, come out of order.
type order struct {
	mu    sync.Mutex
	next  map[string]int
	busy  map[string]bool
	wrong []string
	done  chan struct{}
}

func newOrder() *order {
	return &order{next: map[string]int{}, busy: map[string]bool{}, done: make(chan struct{}, 100_000)}
}

// handle takes a number that came before as one that is delivered again.
func (o *order) handle(_ context.Context, d broker.Delivery) error {
	var number int
	_, _ = fmt.Sscan(string(d.Data), &number)
	o.mu.Lock()
	fresh := number == o.next[d.Subject]
	if o.busy[d.Subject] || number > o.next[d.Subject] {
		o.wrong = append(o.wrong, fmt.Sprintf("%s: %d instead of %d, another at work: %t", d.Subject, number, o.next[d.Subject], o.busy[d.Subject]))
	}
	o.busy[d.Subject] = true
	o.mu.Unlock()
	time.Sleep(time.Millisecond) // long enough for another one to be seen
	o.mu.Lock()
	defer o.mu.Unlock()
	o.busy[d.Subject] = false
	if fresh {
		o.next[d.Subject]++
		o.done <- struct{}{}
	}
	return nil
}

func (o *order) await(t *testing.T, messages int) {
	t.Helper()
	(&book{more: o.done}).await(t, messages)
	o.mu.Lock()
	defer o.mu.Unlock()
	assert.Empty(t, o.wrong)
}

// orders is the subscription that fails in the tests.
const orders = "orders"

// deadOf waits for the dead letters of orders.
func deadOf(t *testing.T, b broker.Broker, number int) []broker.DeadLetter {
	t.Helper()
	var letters []broker.DeadLetter
	require.Eventually(t, func() bool {
		var err error
		letters, err = b.Dead(t.Context(), orders, 10)
		return err == nil && len(letters) == number
	}, patience, 5*time.Millisecond)
	return letters
}
