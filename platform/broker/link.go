package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/trellis-go/trellis/platform/backoff"
)

const (
	dialTimeout = 5 * time.Second
	handshake   = 10 * time.Second
	heartbeat   = 10 * time.Second // a connection is given up when there was nothing for two of them
	closeWait   = 2 * time.Second
)

// between are the waits between attempts to connect.
var between = backoff.Exponential{First: 100 * time.Millisecond, Last: 10 * time.Second}

// link keeps one connection, and makes it and the topology anew when it breaks.
type link struct {
	broker *rabbit
	use    string

	mu         sync.Mutex
	connection *amqp.Connection
	socket     net.Conn
	why        error         // why there is none
	changed    chan struct{} // closed when a connection comes
}

func newLink(r *rabbit, use string) *link {
	return &link{broker: r, use: use, why: errors.New("not started"), changed: make(chan struct{})}
}

// keep connects again and again until ctx ends.
func (l *link) keep(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		connection, err := l.connect(ctx)
		if err != nil {
			failures++
			l.lose(err)
			if failures == 1 && ctx.Err() == nil {
				l.broker.logger.WarnContext(ctx, "RabbitMQ cannot be reached; it is tried again", slog.String("use", l.use), slog.Any("error", err))
			}
			wait(ctx, between.After(failures))
			continue
		}
		failures = 0
		l.broker.reconnects.Add(1)
		l.broker.logger.InfoContext(ctx, "connected to RabbitMQ", slog.String("use", l.use))
		select {
		case reason := <-connection.NotifyClose(make(chan *amqp.Error, 1)):
			l.lose(fmt.Errorf("the connection broke: %w", asError(reason)))
			l.broker.logger.WarnContext(ctx, "the connection to RabbitMQ broke", slog.String("use", l.use), slog.Any("error", asError(reason)))
		case <-ctx.Done():
			l.lose(errors.New("stopped"))
			_ = connection.CloseDeadline(time.Now().Add(closeWait))
		}
	}
}

// asError is reason as an error: a connection that was closed in order has none.
func asError(reason *amqp.Error) error {
	if reason == nil {
		return amqp.ErrClosed
	}
	return reason
}

func (l *link) connect(ctx context.Context) (*amqp.Connection, error) {
	var socket net.Conn
	connection, err := amqp.DialConfig(l.broker.cfg.URL.Reveal(), amqp.Config{
		Heartbeat:  heartbeat,
		Properties: amqp.Table{"connection_name": "trellis " + l.use, "product": "trellis"},
		Dial: func(network, address string) (net.Conn, error) {
			var err error
			socket, err = (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return gather(socket), socket.SetDeadline(time.Now().Add(handshake)) // until the connection is open
		},
	})
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	hang := func() { _ = socket.Close() } // a call may hang, and knows no context
	hanging, ended := time.AfterFunc(letterTimeout, hang), context.AfterFunc(ctx, hang)
	err = l.broker.topology(connection)
	hanging.Stop()
	ended()
	if err != nil {
		_ = connection.CloseDeadline(time.Now().Add(closeWait))
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.connection, l.socket, l.why = connection, socket, nil
	close(l.changed)
	return connection, nil
}

func (l *link) lose(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.connection != nil {
		l.changed = make(chan struct{})
	}
	l.connection, l.socket, l.why = nil, nil, why
}

// current is the connection, if there is one now.
func (l *link) current() (*amqp.Connection, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.connection == nil || l.connection.IsClosed() {
		return nil, errors.Join(errNotConnected, l.why)
	}
	return l.connection, nil
}

// cut breaks the connection: for a call that hangs in it.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.socket != nil {
		_ = l.socket.Close()
	}
}

// await waits for a connection until ctx ends.
func (l *link) await(ctx context.Context) (*amqp.Connection, error) {
	for {
		l.mu.Lock()
		connection, changed := l.connection, l.changed
		l.mu.Unlock()
		if connection != nil && !connection.IsClosed() {
			return connection, nil
		}
		if connection != nil { // broken, and not yet noticed by keep
			if !wait(ctx, 10*time.Millisecond) {
				return nil, ctx.Err()
			}
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// wait waits, and says whether it did so to the end.
func wait(ctx context.Context, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
