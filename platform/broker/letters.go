package broker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/trellis-go/trellis/platform/problem"
)

// maxScan is how many dead letters are looked through for one: all that are looked through are held by the server for us.
const maxScan = 10_000

// Dead is part of DeadLetters.
func (r *rabbit) Dead(ctx context.Context, subscription string, limit int) ([]DeadLetter, error) {
	letters := []DeadLetter{}
	err := r.browse(ctx, subscription, func(d amqp.Delivery) (bool, error) {
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

// DeadByID is part of DeadLetters.
func (r *rabbit) DeadByID(ctx context.Context, subscription, messageID string) (*DeadLetter, error) {
	var letter *DeadLetter
	_, err := r.find(ctx, subscription, messageID, func(d amqp.Delivery) error {
		found := letterOf(subscription, d)
		letter = &found
		return nil
	})
	return letter, err
}

// Retry is part of DeadLetters.
func (r *rabbit) Retry(ctx context.Context, subscription, messageID string) (bool, error) {
	return r.find(ctx, subscription, messageID, func(d amqp.Delivery) error {
		again := publishing(received(d))
		maps.DeleteFunc(again.Headers, func(name string, _ any) bool { return strings.HasPrefix(name, "x-") })
		if err := r.send(ctx, r.queueOf(subscription), again); err != nil {
			return err
		}
		return d.Ack(false)
	})
}

// Discard is part of DeadLetters.
func (r *rabbit) Discard(ctx context.Context, subscription, messageID string) (bool, error) {
	return r.find(ctx, subscription, messageID, func(d amqp.Delivery) error { return d.Ack(false) })
}

// find looks for a dead letter and does something with it.
func (r *rabbit) find(
	ctx context.Context, subscription, messageID string, do func(amqp.Delivery) error,
) (found bool, err error) {
	err = r.browse(ctx, subscription, func(d amqp.Delivery) (bool, error) {
		if received(d).ID != messageID {
			return true, nil
		}
		found = true
		return false, do(d)
	})
	return found && err == nil, err
}

// browse goes through dead letters from the oldest on, as long as see wants more. There are none where nobody has declared
// the subscription. The error is that of ctx when it has ended, and else Unavailable: it is no fault of who asks.
func (r *rabbit) browse(
	ctx context.Context, subscription string, see func(amqp.Delivery) (more bool, err error),
) error {
	r.browsing.Lock()
	defer r.browsing.Unlock()
	err := r.scan(ctx, r.deadQueueOf(subscription), see)
	var refused *amqp.Error
	switch {
	case err == nil, errors.As(err, &refused) && refused.Code == amqp.NotFound:
		return nil
	case !errors.Is(err, ctx.Err()):
		err = problem.Unavailable.Because(err)
	}
	return fmt.Errorf("look at the dead letters of %s: %w", subscription, err)
}

// scan is browse with the server's errors. What was not acknowledged goes back to its place when the channel is closed. A
// call that hangs knows no context: it is cut off, and all consumers with it, but not because somebody has left.
func (r *rabbit) scan(ctx context.Context, queue string, see func(amqp.Delivery) (more bool, err error)) (err error) {
	connection, err := r.in.current()
	if err != nil {
		return err
	}
	hanging := time.AfterFunc(letterTimeout, r.in.cut)
	defer hanging.Stop()
	channel, err := connection.Channel()
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	defer func() { err = errors.Join(err, ignoreClosed(channel.Close())) }()
	for range maxScan {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		hanging.Reset(letterTimeout)
		d, there, err := channel.Get(queue, false)
		if err != nil || !there {
			return err
		}
		if more, err := see(d); err != nil || !more {
			return err
		}
	}
	return nil
}
