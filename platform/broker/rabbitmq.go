package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	exchangeKind = "topic"
	// confirmWindow is how many messages may be under way to the server without its confirmation.
	confirmWindow = 1000
	// deliveryLimit is how often the server delivers a message that nobody acknowledges, because processes die of it or
	// end before they come to it, until it is a dead letter.
	deliveryLimit = 1000
)

// rabbit is RabbitMQ. It publishes and consumes on a connection each, so that a server that slows down publishers, or
// stops them, does not hold up acknowledgements.
type rabbit struct {
	cfg       Config
	logger    *slog.Logger
	ackWait   time.Duration
	declared  []Subscription
	out, in   *link
	publisher publisher
	browsing  sync.Mutex // one looks at dead letters at a time: what one looks at the other does not see

	stop    context.CancelFunc
	running sync.WaitGroup

	unroutable atomic.Int64
	reconnects atomic.Int64
}

var (
	errNotConnected = errors.New("not connected to RabbitMQ")
	errRefused      = errors.New("RabbitMQ did not confirm the message")
	errNoQueue      = errors.New("RabbitMQ has no such queue")
)

// NewRabbitMQ makes the broker that is a RabbitMQ server. The error is about the URL, and does not repeat it.
func NewRabbitMQ(cfg Config, logger *slog.Logger) (Broker, error) {
	if _, err := amqp.ParseURI(cfg.URL.Reveal()); err != nil {
		return nil, errors.New("broker.url is not of the form amqp://user:password@host:port/vhost, or amqps://")
	}
	r := &rabbit{cfg: cfg, logger: logger, ackWait: ackWait, stop: func() {}}
	r.out, r.in = newLink(r, "publish"), newLink(r, "consume")
	r.publisher.broker = r
	return r, nil
}

// Declare is part of Broker.
func (r *rabbit) Declare(subscriptions ...Subscription) {
	r.declared = append(r.declared, subscriptions...)
}

// Start begins to connect.
func (r *rabbit) Start(ctx context.Context) error {
	ctx, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	r.running.Go(func() { r.out.keep(ctx) })
	r.running.Go(func() { r.in.keep(ctx) })
	return nil
}

// Ping is nil when both connections are there.
func (r *rabbit) Ping(context.Context) error {
	_, out := r.out.current()
	_, in := r.in.current()
	return errors.Join(out, in)
}

// Stop disconnects.
func (r *rabbit) Stop(ctx context.Context) error {
	r.stop()
	done := make(chan struct{})
	go func() { r.running.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("disconnect from RabbitMQ: %w", ctx.Err())
	}
}

// topology makes the exchange, and for each subscription its queue, bound to its patterns, and the one of its dead
// letters. All of it stays when nobody is connected.
func (r *rabbit) topology(connection *amqp.Connection) (err error) {
	channel, err := connection.Channel()
	if err != nil {
		return fmt.Errorf("open a channel: %w", err)
	}
	defer func() { err = errors.Join(err, ignoreClosed(channel.Close())) }()
	if err := channel.ExchangeDeclare(r.cfg.Exchange, exchangeKind, true, false, false, false, nil); err != nil {
		return fmt.Errorf("declare the exchange %s: %w", r.cfg.Exchange, err)
	}
	for _, s := range r.declared {
		if err := r.declare(channel, s); err != nil {
			return fmt.Errorf("declare the subscription %s: %w", s.Name, err)
		}
	}
	return nil
}

func (r *rabbit) declare(channel *amqp.Channel, s Subscription) error {
	queue, dead := r.queueOf(s.Name), r.deadQueueOf(s.Name)
	_, err := channel.QueueDeclare(dead, true, false, false, false, amqp.Table{
		amqp.QueueTypeArg: amqp.QueueTypeQuorum, "x-delivery-limit": int32(1 << 30), // looking at it counts as a delivery
	})
	if err != nil {
		return err
	}
	_, err = channel.QueueDeclare(queue, true, false, false, false, amqp.Table{
		amqp.QueueTypeArg: amqp.QueueTypeQuorum, amqp.SingleActiveConsumerArg: !s.Unordered,
		"x-delivery-limit": int32(deliveryLimit), "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead,
	})
	if err != nil {
		return err
	}
	for _, pattern := range s.Patterns {
		if err := channel.QueueBind(queue, pattern, r.cfg.Exchange, false, nil); err != nil {
			return err
		}
	}
	return nil
}

func (r *rabbit) queueOf(subscription string) string { return r.cfg.Exchange + "." + subscription }

func (r *rabbit) deadQueueOf(subscription string) string { return r.queueOf(subscription) + ".dead" }

func ignoreClosed(err error) error {
	if errors.Is(err, amqp.ErrClosed) {
		return nil
	}
	return err
}

var (
	unroutableDesc = prometheus.NewDesc("trellis_broker_unroutable_total", "Messages that nobody had subscribed to.", nil, nil)
	connectedDesc  = prometheus.NewDesc("trellis_broker_connected", "1 while messages can be exchanged.", nil, nil)
	reconnectsDesc = prometheus.NewDesc("trellis_broker_connects_total", "Connections that were made.", nil, nil)
)

// Describe is part of prometheus.Collector.
func (r *rabbit) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- unroutableDesc
	descriptions <- connectedDesc
	descriptions <- reconnectsDesc
}

// Collect is part of prometheus.Collector.
func (r *rabbit) Collect(metrics chan<- prometheus.Metric) {
	connected := 1.0
	if r.Ping(context.Background()) != nil {
		connected = 0
	}
	metrics <- prometheus.MustNewConstMetric(unroutableDesc, prometheus.CounterValue, float64(r.unroutable.Load()))
	metrics <- prometheus.MustNewConstMetric(connectedDesc, prometheus.GaugeValue, connected)
	metrics <- prometheus.MustNewConstMetric(reconnectsDesc, prometheus.CounterValue, float64(r.reconnects.Load()))
}

// Attributes of a message are headers with these names, as the AMQP binding of CloudEvents has them.
const (
	attribute     = "cloudEvents:"
	errorHeader   = "x-trellis-error"
	attemptHeader = "x-trellis-attempts"
	diedHeader    = "x-trellis-died-at"
)

// publishing is a message for the wire.
func publishing(m Message) amqp.Publishing {
	headers := amqp.Table{
		attribute + "specversion": specVersion, attribute + "id": m.ID, attribute + "source": m.Source, attribute + "type": m.Type,
		attribute + "subject": m.Subject, attribute + "time": m.Time.UTC().Format(time.RFC3339Nano),
	}
	if m.Traceparent != "" {
		headers[attribute+"traceparent"] = m.Traceparent
	}
	return amqp.Publishing{
		MessageId: m.ID, Type: m.Type, Timestamp: m.Time, ContentType: m.ContentType, DeliveryMode: amqp.Persistent,
		Headers: headers, Body: m.Data,
	}
}

// received is a message from the wire. What came from elsewhere may lack attributes.
func received(d amqp.Delivery) Message {
	text := func(name string) string { value, _ := d.Headers[attribute+name].(string); return value }
	m := Message{
		ID: cmp.Or(d.MessageId, text("id")), Source: text("source"), Type: cmp.Or(d.Type, text("type"), d.RoutingKey), Subject: text("subject"), Time: d.Timestamp.UTC(),
		ContentType: d.ContentType, Traceparent: text("traceparent"), Data: d.Body,
	}
	if exact, err := time.Parse(time.RFC3339Nano, text("time")); err == nil {
		m.Time = exact
	}
	return m
}
