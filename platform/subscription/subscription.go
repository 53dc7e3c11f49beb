// Package subscription makes typed functions the handlers of events. A module lists its own in module.go:
//
//	Subscriptions: []subscription.Subscription{
//		subscription.On("order.stock", service.StockReleased),
//		subscription.On("order.prices", service.ProductUpdated,
//			subscription.Also(service.ProductDeleted),             // in order with the updates of the same product
//			subscription.Upcast(func(e catalogapi.UpdatedV1) catalogapi.UpdatedV2 { … })),
//	},
//
// The function runs in a transaction of the module's database with a receipt for the event: its effect in that database
// happens once, however often the event is delivered, and all of it or nothing. The transaction may be repeated, so the
// function changes nothing else. What it gets is decoded from JSON by the event's type and version; an event of a version
// that it does not know, or that cannot be decoded, is a dead letter with the reason.
//
// A name is for ever: the broker keeps what is published under it, and what was handled is known by it.
package subscription

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/outbox"
)

// Subscription is a name and what happens with the events that come under it.
type Subscription struct {
	broker.Subscription
	entries map[string]entry                                        // by type
	whole   func(ctx context.Context, message broker.Message) error // handles all of them as they came; nil: entries do
	faults  []error                                                 // found while it was put together
}

// entry is what is known about one type of event: how to decode it, and either what handles it or what it becomes.
type entry struct {
	decode func(data []byte) (any, error)
	handle func(ctx context.Context, event any) error
	upcast func(event any) any
	next   string // the type that upcast makes
}

// Option changes a subscription.
type Option func(*Subscription)

// On handles the events of type E, in every version that is known, under a name that is unique in the application.
func On[E outbox.Event](name string, handle func(ctx context.Context, event E) error, options ...Option) Subscription {
	s := Subscription{Subscription: broker.Subscription{Name: name}, entries: map[string]entry{}}
	Also(handle)(&s)
	for _, option := range options {
		option(&s)
	}
	for eventType, known := range s.entries {
		if _, found := s.entries[known.next]; known.upcast != nil && !found {
			s.faults = append(s.faults, fmt.Errorf("the subscription %s makes %s of %s, which nothing handles", name, known.next, eventType))
		}
	}
	return s
}

// OnAny handles events of all these types as they came, with their data in JSON: for what passes events on, whatever they
// are. A type that is not named, or is of another version, does not come.
func OnAny(name string, types []string, handle func(ctx context.Context, message broker.Message) error, options ...Option) Subscription {
	s := Subscription{Subscription: broker.Subscription{Name: name, Patterns: types}, whole: handle}
	for _, option := range options {
		option(&s)
	}
	return s
}

// Also handles the events of another type. Those with the same subject are in order over all types of a subscription.
func Also[E outbox.Event](handle func(ctx context.Context, event E) error) Option {
	return func(s *Subscription) {
		s.add(typeOf[E](), entry{decode: decode[E], handle: func(ctx context.Context, event any) error {
			return handle(ctx, event.(E)) //nolint:forcetypeassert // decoded or made by our own functions
		}})
	}
}

// Upcast makes events of an earlier version into ones of a later, which is handled, or made into a later one still.
func Upcast[Old, New outbox.Event](convert func(old Old) New) Option {
	return func(s *Subscription) {
		s.add(typeOf[Old](), entry{decode: decode[Old], next: typeOf[New](), upcast: func(event any) any {
			return convert(event.(Old)) //nolint:forcetypeassert // as above
		}})
	}
}

// Unordered delivers events of one subject at the same time and in any order, over all processes.
func Unordered() Option { return func(s *Subscription) { s.Unordered = true } }

// Concurrency is how many events one process handles at once.
func Concurrency(n int) Option { return func(s *Subscription) { s.Concurrency = n } }

// Prefetch is how many events one process takes at a time.
func Prefetch(n int) Option { return func(s *Subscription) { s.Prefetch = n } }

// Retries is how often an event is tried before it is a dead letter, and how long to wait between.
func Retries(attempts int, wait backoff.Exponential) Option {
	return func(s *Subscription) { s.Attempts, s.Backoff = attempts, wait }
}

// Timeout is how long the function may take.
func Timeout(limit time.Duration) Option {
	return func(s *Subscription) { s.Timeout = limit }
}

type eventID struct{}

// EventID is the id of the event that a function handles: the same however often and wherever it is delivered. It is
// empty outside of one.
func EventID(ctx context.Context) string {
	known, _ := ctx.Value(eventID{}).(string)
	return known
}

// WithEventID is the ctx of a function that handles the event with this id.
func WithEventID(ctx context.Context, known string) context.Context {
	return context.WithValue(ctx, eventID{}, known)
}

func typeOf[E outbox.Event]() string {
	var zero E
	return zero.EventType()
}

func decode[E outbox.Event](data []byte) (any, error) {
	var event E
	err := json.Unmarshal(data, &event)
	return event, err
}

var version = regexp.MustCompile(`\.v[1-9][0-9]*$`)

// add takes up a type of event. All its versions are asked for, so that none that is unknown goes unnoticed.
func (s *Subscription) add(eventType string, e entry) {
	if s.whole != nil {
		s.faults = append(s.faults, fmt.Errorf("the subscription %s handles all events as they came, and has a function for %s too", s.Name, eventType))
		return
	}
	if _, twice := s.entries[eventType]; twice {
		s.faults = append(s.faults, fmt.Errorf("the subscription %s has two functions for %s", s.Name, eventType))
	}
	s.entries[eventType] = e
	if !version.MatchString(eventType) {
		s.faults = append(s.faults, fmt.Errorf("the subscription %s: the type %q must end in a version, such as .v1", s.Name, eventType))
	}
	pattern := version.ReplaceAllString(eventType, ".*")
	for _, known := range s.Patterns {
		if known == pattern {
			return
		}
	}
	s.Patterns = append(s.Patterns, pattern)
}

// Check finds what is wrong with subscriptions, two of the same name included.
func Check(all []Subscription) error {
	var failed []error
	names := map[string]bool{}
	for _, s := range all {
		failed = append(failed, s.faults...)
		failed = append(failed, s.Validate())
		if names[s.Name] {
			failed = append(failed, fmt.Errorf("there are two subscriptions with the name %s", s.Name))
		}
		names[s.Name] = true
	}
	return errors.Join(failed...)
}

// resolve decodes a message and finds what handles it. The error says why nothing can.
func (s *Subscription) resolve(m broker.Message) (func(context.Context) error, error) {
	if s.whole != nil {
		return func(ctx context.Context) error { return s.whole(ctx, m) }, nil
	}
	known, found := s.entries[m.Type]
	if !found {
		return nil, fmt.Errorf("the type or version %s is unknown to this program", m.Type)
	}
	event, err := known.decode(m.Data)
	if err != nil {
		return nil, fmt.Errorf("the data of %s cannot be decoded: %w", m.Type, err)
	}
	for known.handle == nil {
		event = known.upcast(event)
		known = s.entries[known.next]
	}
	return func(ctx context.Context) error { return known.handle(ctx, event) }, nil
}
