package broker

import (
	"context"
	"fmt"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go"
)

// publisher sends messages on a channel of its own, one call after the other.
type publisher struct {
	broker  *rabbit
	mu      sync.Mutex
	channel *amqp.Channel
}

// Publish is part of Broker.
func (r *rabbit) Publish(ctx context.Context, messages []Message) []error {
	failed := make([]error, len(messages))
	if err := r.publisher.publish(ctx, messages, failed); err != nil {
		for i := range failed {
			failed[i] = fmt.Errorf("publish: %w", err)
		}
	}
	return failed
}

// publish sends all messages and then waits for what is not yet confirmed. Its error is that of all of them.
func (p *publisher) publish(ctx context.Context, messages []Message, failed []error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	channel, err := p.open()
	if err != nil {
		return err
	}
	unhang := context.AfterFunc(ctx, p.broker.out.cut) // a write may hang, and knows no context
	defer unhang()
	under := make([]*amqp.DeferredConfirmation, len(messages))
	confirm := func(i int) {
		if under[i] == nil {
			return
		}
		switch confirmed, err := under[i].WaitContext(ctx); {
		case err != nil:
			failed[i] = fmt.Errorf("wait for the confirmation: %w", err)
		case !confirmed:
			failed[i] = errRefused
		}
	}
	for i, m := range messages {
		if i >= confirmWindow {
			confirm(i - confirmWindow)
		}
		under[i], failed[i] = channel.PublishWithDeferredConfirm(p.broker.cfg.Exchange, m.Type, true, false, publishing(m))
	}
	for i := max(0, len(messages)-confirmWindow); i < len(messages); i++ {
		confirm(i)
	}
	return nil
}

// open gives the channel, a new one when that which there was is broken.
func (p *publisher) open() (*amqp.Channel, error) {
	if p.channel != nil && !p.channel.IsClosed() {
		return p.channel, nil
	}
	connection, err := p.broker.out.current()
	if err != nil {
		return nil, err
	}
	channel, err := confirming(connection)
	if err != nil {
		return nil, err
	}
	returns := channel.NotifyReturn(make(chan amqp.Return, confirmWindow))
	p.broker.running.Go(func() {
		for range returns { // until the channel is closed
			p.broker.unroutable.Add(1)
		}
	})
	p.channel = channel
	return channel, nil
}

// confirming opens a channel on which the server confirms what it has taken.
func confirming(connection *amqp.Connection) (*amqp.Channel, error) {
	channel, err := connection.Channel()
	if err != nil {
		return nil, fmt.Errorf("open a channel: %w", err)
	}
	if err := channel.Confirm(false); err != nil {
		_ = channel.Close()
		return nil, fmt.Errorf("ask for confirmations: %w", err)
	}
	return channel, nil
}

// sender puts messages into queues, one after the other.
type sender struct {
	*amqp.Channel
	returned chan amqp.Return // what there is no queue for; it comes before the confirmation
}

func newSender(connection *amqp.Connection) (*sender, error) {
	channel, err := confirming(connection)
	if err != nil {
		return nil, err
	}
	return &sender{channel, channel.NotifyReturn(make(chan amqp.Return, 1))}, nil
}

// send puts a message into a queue and waits until the server has it. After an error the sender is of no more use.
func (s *sender) send(ctx context.Context, queue string, message amqp.Publishing) error {
	under, err := s.PublishWithDeferredConfirm("", queue, true, false, message)
	if err != nil {
		return fmt.Errorf("send to the queue %s: %w", queue, err)
	}
	confirmed, err := under.WaitContext(ctx)
	if err == nil && !confirmed {
		err = errRefused
	}
	select {
	case _, open := <-s.returned:
		if open {
			err = errNoQueue
		}
	default:
	}
	if err != nil {
		return fmt.Errorf("send to the queue %s: %w", queue, err)
	}
	return nil
}
