package broker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

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
	unhang := context.AfterFunc(ctx, p.broker.out.cut) // a call may hang, and knows no context
	defer unhang()
	channel, err := p.open()
	if err != nil {
		return err
	}
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

// send puts a message into a queue and waits until the server has it, on the connection that publishes: the server stops
// reading from such a one when it is short of memory, and no acknowledgement may be behind that.
func (r *rabbit) send(ctx context.Context, queue string, message amqp.Publishing) error {
	if err := r.put(ctx, queue, message); err != nil {
		return fmt.Errorf("send to the queue %s: %w", queue, err)
	}
	return nil
}

func (r *rabbit) put(ctx context.Context, queue string, message amqp.Publishing) (err error) {
	limited, cancel := context.WithTimeout(ctx, letterTimeout)
	defer cancel()
	hanging := time.AfterFunc(letterTimeout, r.out.cut) // not because somebody has left
	defer hanging.Stop()
	connection, err := r.out.current()
	if err != nil {
		return err
	}
	channel, err := confirming(connection)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ignoreClosed(channel.Close())) }()
	returned := channel.NotifyReturn(make(chan amqp.Return, 1)) // it comes before the confirmation
	under, err := channel.PublishWithDeferredConfirm("", queue, true, false, message)
	if err != nil {
		return err
	}
	confirmed, err := under.WaitContext(limited)
	select {
	case _, open := <-returned:
		if open {
			return errNoQueue
		}
	default:
	}
	if err == nil && !confirmed {
		err = errRefused
	}
	return err
}
