// Package broker carries events from those who publish them to those who have subscribed. There are two kinds: one that
// needs nothing but a database of the program (embedded), and RabbitMQ. Their promises are the same, and
// brokertest.Run is what proves them.
//
//	b.Declare(broker.Subscription{Name: "order.stock", Patterns: []string{"product.*.v1"}})
//	err := b.Start(ctx)
//	failed := b.Publish(ctx, messages)      // an error for each that is not safely with the broker
//
//	consumer := b.Consumer(subscription, func(ctx context.Context, d broker.Delivery) error { … })
//	go consumer.Run(ctx)
//	err = consumer.Drain(ctx)
//	err = b.Stop(ctx)
//
// What is promised:
//
//   - A message whose publishing was confirmed is delivered at least once to every subscription that was declared before
//     and has a pattern for its type, also when processes die and the broker is away for a while. A handler may see a
//     message twice; platform/inbox makes its effect happen once.
//   - Within a subscription, messages with the same subject are delivered one at a time, in the order in which they were
//     published, by all processes together. One that fails holds back the later ones of its subject until it has been
//     handled or is a dead letter; other subjects go on, as far as Prefetch lets them. After a crash those that were handled
//     and not yet acknowledged are delivered again, in the same order; on RabbitMQ an acknowledgement waits for others, for
//     2 ms or until a quarter of Prefetch has come together. A dead letter that is sent again comes late, and one that is
//     published again, because its confirmation was lost or the server refused it, as by a policy that bounds a queue, may
//     come after later ones. A subscription that is Unordered gives up all this for more hands.
//   - A message that cannot be handled is tried again with growing waits, and is then a dead letter of its subscription,
//     with the error and the number of attempts, until somebody sends it again or discards it.
//   - A message that nobody has subscribed to is no error. It is gone.
//
// Messages have the attributes of CloudEvents 1.0.
package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/trellis-go/trellis/platform/backoff"
)

// Broker is a connection to the one place through which all processes of the application exchange messages.
type Broker interface {
	// Declare makes subscriptions known. Call it before Start, in every process with the same ones: what is published is
	// kept for them, also while no process consumes them.
	Declare(subscriptions ...Subscription)
	// Start connects. When the broker cannot be reached that is no error: it connects as soon as it can, and until then
	// Publish fails, nothing is delivered, and Ping tells.
	Start(ctx context.Context) error
	// Publish sends messages in order, and gives an error for each in its place: nil once the broker keeps it safe. An
	// error means that it does not, or that nobody knows.
	Publish(ctx context.Context, messages []Message) []error
	// Consumer delivers the messages of a declared subscription to handle, once it is run.
	Consumer(subscription Subscription, handle Handler) Consumer
	// Ping is nil when messages can be exchanged now.
	Ping(ctx context.Context) error
	// Stop disconnects. Consumers have been drained before.
	Stop(ctx context.Context) error

	DeadLetters
}

// DeadLetters is the place of messages that could not be handled, for those who look after them.
type DeadLetters interface {
	// Dead lists up to limit dead letters of a subscription, the oldest first.
	Dead(ctx context.Context, subscription string, limit int) ([]DeadLetter, error)
	// DeadByID finds a dead letter. It is nil when there is none.
	DeadByID(ctx context.Context, subscription, messageID string) (*DeadLetter, error)
	// Retry delivers a dead letter again, to its subscription alone, and answers whether there was one.
	Retry(ctx context.Context, subscription, messageID string) (found bool, err error)
	// Discard forgets a dead letter for good, and answers whether there was one.
	Discard(ctx context.Context, subscription, messageID string) (found bool, err error)
}

// Consumer delivers messages.
type Consumer interface {
	// Run delivers until Drain, or until ctx ends: then handlers are told to end, and their messages are delivered again
	// later. It is called once. It waits for a broker that is away.
	Run(ctx context.Context) error
	// Drain takes no more messages and waits for the handlers that run, until ctx ends.
	Drain(ctx context.Context) error
}

// Message is an event on its way, with the attributes of CloudEvents 1.0.
type Message struct {
	ID          string    // of the event: a UUIDv7
	Source      string    // what program it comes from
	Type        string    // what has happened, with the version of Data: order.placed.v1
	Subject     string    // to what: those with the same subject are in order
	Time        time.Time // when
	ContentType string    // of Data: application/json
	Traceparent string    // the trace that it belongs to, as the W3C has it; may be empty
	Data        []byte
}

// Delivery is a message that is handed over.
type Delivery struct {
	Message
	Attempt int // how often this has been tried, now included, as far as is known: a crash may lose count
}

// Handler handles a message. Nil acknowledges it. After an error it is delivered again later, or is a dead letter when it
// was the last attempt or the error is one of Dead. Its ctx ends after Options.Timeout, and when others may have the
// message because this process was cut off from the broker.
type Handler func(ctx context.Context, delivery Delivery) error

// Dead makes an error after which a message is not tried again.
func Dead(reason error) error { return &deadError{reason} }

// IsDead tells errors that Dead made.
func IsDead(err error) bool {
	var final *deadError
	return errors.As(err, &final)
}

// Postpone makes an error after which a message is tried again, without counting as an attempt: for what is no fault of
// the message.
func Postpone(reason error) error { return &postponedError{reason} }

// IsPostponed tells errors that Postpone made.
func IsPostponed(err error) bool {
	var postponed *postponedError
	return errors.As(err, &postponed)
}

type postponedError struct{ error }

func (e *postponedError) Unwrap() error { return e.error }

type deadError struct{ error }

func (e *deadError) Unwrap() error { return e.error }

// DeadLetter is a message that was given up.
type DeadLetter struct {
	Subscription string
	Message
	Attempts int
	Error    string    // of the last attempt
	DiedAt   time.Time // when it was given up
}

// Subscription says which messages somebody wants, and how.
type Subscription struct {
	Name     string   // unique in the application, by convention <module>.<purpose>
	Patterns []string // of types: words between dots, * for any word and # for any number of words
	Options
}

// Options say how messages are delivered. The zero value of each field means the default that stands beside it.
type Options struct {
	Unordered   bool                // messages of one subject may be delivered at the same time and in any order
	Concurrency int                 // how many handlers run at once in a process: 8
	Prefetch    int                 // how many messages a process holds, waiting ones included: 4 times Concurrency
	Attempts    int                 // how often a message is tried: 8
	Backoff     backoff.Exponential // the wait between them: from 1 s to 5 min
	Timeout     time.Duration       // for one run of the handler: 5 min
}

// WithDefaults puts the defaults in the place of zero values.
func (o Options) WithDefaults() Options {
	o.Concurrency = cmp.Or(o.Concurrency, 8)
	o.Prefetch = max(o.Concurrency, cmp.Or(o.Prefetch, 4*o.Concurrency))
	o.Attempts = cmp.Or(o.Attempts, 8)
	o.Backoff.First = cmp.Or(o.Backoff.First, time.Second)
	o.Backoff.Last = cmp.Or(o.Backoff.Last, 5*time.Minute)
	o.Timeout = cmp.Or(o.Timeout, 5*time.Minute)
	return o
}

const maxName = 80

var (
	namePattern = regexp.MustCompile(`^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*$`)
	bindPattern = regexp.MustCompile(`^([a-z0-9_-]+|\*|#)(\.([a-z0-9_-]+|\*|#))*$`)
)

// Validate says what is wrong with a subscription.
func (s Subscription) Validate() error {
	switch {
	case !namePattern.MatchString(s.Name) || len(s.Name) > maxName:
		return fmt.Errorf("the subscription %q must be named in small letters with dots, at most %d characters", s.Name, maxName)
	case len(s.Patterns) == 0:
		return fmt.Errorf("the subscription %s has no pattern", s.Name)
	}
	for _, pattern := range s.Patterns {
		if !bindPattern.MatchString(pattern) {
			return fmt.Errorf("the subscription %s has the pattern %q: it must be words with dots between them, or * or #", s.Name, pattern)
		}
	}
	return nil
}

// Matches tells whether a type fits a pattern.
func Matches(pattern, eventType string) bool {
	return match(strings.Split(pattern, "."), strings.Split(eventType, "."))
}

func match(pattern, words []string) bool {
	switch {
	case len(pattern) == 0:
		return len(words) == 0
	case pattern[0] == "#":
		return match(pattern[1:], words) || len(words) > 0 && match(pattern, words[1:])
	case len(words) == 0:
		return false
	default:
		return (pattern[0] == "*" || pattern[0] == words[0]) && match(pattern[1:], words[1:])
	}
}
