package broker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// maxScan is how many dead letters are looked through for one: all that are looked through are held by the server for us.
const maxScan = 10_000

// Dead is part of DeadLetters.
func (r *rabbit) Dead(ctx context.Context, subscription string, limit int) ([]DeadLetter, error) {
	letters := []DeadLetter{}
	err := r.browse(ctx, subscription, func(_ *amqp.Channel, d amqp.Delivery) (bool, error) {
		if len(letters) < limit {
			letters = append(letters, letterOf(subscription, d))
		}
		return len(letters) < limit, nil
	})
	return letters, err
}

func letterOf(subscription string, d amqp.Delivery) DeadLetter {
	letter := DeadLetter{Subscription: subscription, Message: received(d)}
	letter.Error, _ = d.Headers[errorHeader].(string)
	attempts, _ := d.Headers[attemptHeader].(int64)
	letter.Attempts = int(attempts)
	if died, ok := d.Headers[diedHeader].(string); ok {
		letter.DiedAt, _ = time.Parse(time.RFC3339Nano, died)
	}
	if letter.Error == "" {
		letter.Error = "it was delivered too often without being acknowledged"
	}
	return letter
}

// Retry is part of DeadLetters.
func (r *rabbit) Retry(ctx context.Context, subscription, messageID string) (bool, error) {
	return r.take(ctx, subscription, messageID, func(channel *amqp.Channel, d amqp.Delivery) error {
		again := publishing(received(d))
		maps.DeleteFunc(again.Headers, func(name string, _ any) bool { return strings.HasPrefix(name, "x-") })
		return send(ctx, channel, r.queueOf(subscription), again)
	})
}

// Discard is part of DeadLetters.
func (r *rabbit) Discard(ctx context.Context, subscription, messageID string) (bool, error) {
	return r.take(ctx, subscription, messageID, func(*amqp.Channel, amqp.Delivery) error { return nil })
}

// take finds a dead letter, does something with it, and takes it away.
func (r *rabbit) take(
	ctx context.Context, subscription, messageID string, do func(*amqp.Channel, amqp.Delivery) error,
) (found bool, err error) {
	err = r.browse(ctx, subscription, func(channel *amqp.Channel, d amqp.Delivery) (bool, error) {
		if d.MessageId != messageID {
			return true, nil
		}
		if err := do(channel, d); err != nil {
			return false, err
		}
		found = true
		return false, d.Ack(false)
	})
	return found && err == nil, err
}

// browse goes through dead letters from the oldest on, as long as see wants more. What was not acknowledged goes back to
// its place when the channel is closed.
func (r *rabbit) browse(
	ctx context.Context, subscription string, see func(*amqp.Channel, amqp.Delivery) (more bool, err error),
) (err error) {
	r.browsing.Lock()
	defer r.browsing.Unlock()
	connection, err := r.in.current()
	if err != nil {
		return fmt.Errorf("look at the dead letters of %s: %w", subscription, err)
	}
	channel, err := confirming(connection)
	if err != nil {
		return fmt.Errorf("look at the dead letters of %s: %w", subscription, err)
	}
	unhang := context.AfterFunc(ctx, r.in.cut)
	defer unhang()
	defer func() { err = errors.Join(err, ignoreClosed(channel.Close())) }()
	for range maxScan {
		d, there, err := channel.Get(r.deadQueueOf(subscription), false)
		if err != nil {
			return fmt.Errorf("look at the dead letters of %s: %w", subscription, err)
		}
		if !there {
			return nil
		}
		if more, err := see(channel, d); err != nil || !more {
			return err
		}
	}
	return nil
}
