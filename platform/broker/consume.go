package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/problem"
)

const (
	// letterTimeout is how long a dead letter may take to be stored, and to be read, and a channel to be opened.
	letterTimeout = 30 * time.Second
	// ackTimeout is how long the server waits for an acknowledgement until it takes the channel away, and the attempts begin
	// from the first. Its own default is 30 minutes, which eight attempts may well take. Servers before 3.11.15 know it not.
	ackTimeout = 24 * time.Hour
)

// consumer delivers from the queue of one subscription. The server lets one consumer of an ordered queue be active; within
// it, messages of one subject form a lane, in which one is handled after the other. Retries wait in their lane and not in
// the server, which could not keep the order.
type consumer struct {
	broker   *rabbit
	s        Subscription
	handle   Handler
	options  Options
	hands    chan struct{} // as many as may work at once
	draining chan struct{}
	drain    sync.Once
	ended    chan struct{}
}

// Consumer is part of Broker.
func (r *rabbit) Consumer(s Subscription, handle Handler) Consumer {
	options := s.WithDefaults()
	return &consumer{
		broker: r, s: s, handle: handle, options: options, hands: make(chan struct{}, options.Concurrency),
		draining: make(chan struct{}), ended: make(chan struct{}),
	}
}

// Run is part of Consumer.
func (c *consumer) Run(ctx context.Context) error {
	defer close(c.ended)
	waiting, cancel := context.WithCancel(ctx) // ends with Drain, too
	var watching sync.WaitGroup
	watching.Go(func() {
		defer cancel()
		select {
		case <-c.draining:
		case <-waiting.Done():
		}
	})
	defer watching.Wait()
	defer cancel()
	for failures := 0; ; {
		connection, err := c.broker.in.await(waiting)
		if err != nil {
			return nil
		}
		began := time.Now()
		err = c.session(ctx, connection)
		if waiting.Err() != nil {
			return nil
		}
		if failures++; time.Since(began) > between.Last {
			failures = 1
		}
		c.broker.logger.WarnContext(ctx, "the delivery of messages broke off", slog.String("subscription", c.s.Name), slog.Any("error", err))
		wait(waiting, between.After(failures))
	}
}

// Drain is part of Consumer. The channel stays open until the handlers have ended: only then may the next consumer have
// what comes after.
func (c *consumer) Drain(ctx context.Context) error {
	c.drain.Do(func() { close(c.draining) })
	select {
	case <-c.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("drain the subscription %s: %w", c.s.Name, ctx.Err())
	}
}

func (c *consumer) isDraining() bool {
	select {
	case <-c.draining:
		return true
	default:
		return false
	}
}

// session is the life of one channel.
type session struct {
	*consumer
	channel *amqp.Channel // of deliveries and acknowledgements
	acks    *acks
	running sync.WaitGroup

	mu    sync.Mutex
	lanes map[string][]amqp.Delivery // what waits behind the one that is handled
}

// session delivers until the channel breaks, or Drain, or the end of ctx.
func (c *consumer) session(ctx context.Context, connection *amqp.Connection) error {
	s := &session{consumer: c, lanes: map[string][]amqp.Delivery{}}
	deliveries, err := s.open(connection)
	if err != nil {
		return err
	}
	closed := s.channel.NotifyClose(make(chan *amqp.Error, 1))
	life, end := context.WithCancel(ctx)
	defer end()
	for working := true; working; {
		select {
		case d, open := <-deliveries:
			if working = open; open {
				s.accept(life, d)
			}
		case <-c.draining:
			working = false
		case <-ctx.Done():
			working = false
		}
	}
	rest := make(chan struct{})
	go func() { // what still comes goes back with the channel; unread, it would hold up the connection
		defer close(rest)
		for range deliveries {
		}
		end() // the channel is gone: others may have what is handled here
	}()
	s.running.Wait()
	s.acks.flush()
	_ = ignoreClosed(s.channel.Close())
	<-rest
	select {
	case reason := <-closed:
		return asError(reason)
	default:
		return errors.New("the server ended it")
	}
}

func (s *session) open(connection *amqp.Connection) (<-chan amqp.Delivery, error) {
	hanging := time.AfterFunc(letterTimeout, s.broker.in.cut)
	defer hanging.Stop()
	var err error
	if s.channel, err = connection.Channel(); err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	err = s.channel.Qos(s.options.Prefetch, 0, false)
	var deliveries <-chan amqp.Delivery
	if err == nil {
		deliveries, err = s.channel.Consume(s.broker.queueOf(s.s.Name), "", false, false, false, false, amqp.Table{
			"x-consumer-timeout": ackTimeout.Milliseconds(),
		})
	}
	s.acks = newAcks(s.channel, s.options.Prefetch, s.broker.ackWait)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("consume the queue of %s: %w", s.s.Name, err), ignoreClosed(s.channel.Close()))
	}
	return deliveries, nil
}

// accept puts a message into its lane, and begins the lane when it is not at work.
func (s *session) accept(ctx context.Context, d amqp.Delivery) {
	subject := received(d).Subject
	if s.s.Unordered || subject == "" {
		s.running.Go(func() { s.process(ctx, d) })
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	behind, busy := s.lanes[subject]
	if busy {
		s.lanes[subject] = append(behind, d)
		return
	}
	s.lanes[subject] = nil
	s.running.Go(func() { s.lane(ctx, subject, d) })
}

// lane handles the messages of a subject until there are no more, or one cannot be brought to its end.
func (s *session) lane(ctx context.Context, subject string, d amqp.Delivery) {
	for s.process(ctx, d) {
		s.mu.Lock()
		waiting := s.lanes[subject]
		if len(waiting) == 0 {
			delete(s.lanes, subject)
			s.mu.Unlock()
			return
		}
		d, s.lanes[subject] = waiting[0], waiting[1:]
		s.mu.Unlock()
	}
}

// process tries a message until it is handled or a dead letter, and says whether it is. If not, the lane must not go on:
// the message comes again when the channel is closed.
func (s *session) process(ctx context.Context, d amqp.Delivery) bool {
	for tries, attempt := 1, 1; ; tries++ {
		begun, err := s.attempt(ctx, Delivery{Message: received(d), Attempt: attempt})
		switch {
		case !begun:
			return false
		case err == nil:
			s.acks.add(d.DeliveryTag)
			return true
		case ctx.Err() != nil:
			return false
		case IsPostponed(err):
		case IsDead(err) || attempt >= s.options.Attempts:
			return s.bury(ctx, d, attempt, err)
		default:
			attempt++
		}
		s.pause(ctx, s.options.Backoff.After(tries))
	}
}

// pause waits, unless the work ends before.
func (s *session) pause(ctx context.Context, limit time.Duration) {
	pause := time.NewTimer(limit)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-s.draining:
	case <-ctx.Done():
	}
}

// attempt runs the handler when a hand is free, unless the work ends before.
func (s *session) attempt(ctx context.Context, d Delivery) (begun bool, err error) {
	select {
	case s.hands <- struct{}{}:
	case <-s.draining:
		return false, nil
	case <-ctx.Done():
		return false, nil
	}
	defer func() { <-s.hands }()
	if s.isDraining() || ctx.Err() != nil { // a hand was free, too
		return false, nil
	}
	limited, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	return true, problem.Guard(func() error { return s.handle(limited, d) })
}

// bury makes a dead letter of a message, and says whether it is one. While the server takes none its lane waits, and other
// lanes go on.
func (s *session) bury(ctx context.Context, d amqp.Delivery, attempts int, cause error) bool {
	letter := publishing(received(d))
	letter.Headers[errorHeader], letter.Headers[attemptHeader] = database.Clip(cause.Error(), maxError), int64(attempts)
	letter.Headers[diedHeader] = time.Now().UTC().Format(time.RFC3339Nano)
	about := []any{slog.String("subscription", s.s.Name), slog.String("event", d.MessageId)}
	for tries := 1; ; tries++ {
		err := s.broker.send(context.WithoutCancel(ctx), s.broker.deadQueueOf(s.s.Name), letter)
		if err == nil {
			break
		}
		s.broker.logger.WarnContext(ctx, "a dead letter was not stored; it is tried again", append(about, slog.Any("error", err))...)
		if s.pause(ctx, between.After(tries)); ctx.Err() != nil || s.isDraining() {
			return false
		}
	}
	s.broker.logger.ErrorContext(ctx, "a message is a dead letter", append(about, slog.Int("attempts", attempts), slog.Any("error", cause))...)
	s.acks.add(d.DeliveryTag)
	return true
}

const maxError = 4000 // bytes kept of an error
