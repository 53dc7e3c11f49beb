package subscription_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/subscription"
	"github.com/trellis-go/trellis/test/testkit"
)

const batch = 1000 // events published at once

// chain is everything that an event goes through.
type chain struct {
	db     *database.DB
	events *outbox.Outbox
	b      broker.Broker
	relay  *outbox.Relay
}

func newChain(b *testing.B, m *database.Manager, url string) *chain {
	b.Helper()
	db, err := m.DB(testkit.Name)
	require.NoError(b, err)
	c := &chain{db: db, events: outbox.New(clock.System)}
	cfg := broker.Config{Driver: broker.DriverEmbedded, Embedded: broker.Embedded{Database: testkit.Name}}
	if url != "" {
		cfg = broker.Config{Driver: broker.DriverRabbitMQ, URL: config.DSN(url), Exchange: "bench." + id.New()}
		b.Cleanup(func() { remove(b, url, cfg.Exchange) })
	}
	c.b, err = broker.Open(cfg, m, clock.System, testkit.Quiet())
	require.NoError(b, err)
	c.relay = c.events.NewRelay(outbox.Config{Source: "/bench", Batch: batch, Poll: time.Second, Lease: 15 * time.Second}, db, c.b, testkit.Quiet())
	return c
}

// remove takes the exchange and the queues of the subscription bench away.
func remove(b *testing.B, url, exchange string) {
	b.Helper()
	connection, err := amqp.Dial(url)
	require.NoError(b, err)
	channel, err := connection.Channel()
	require.NoError(b, err)
	for _, queue := range []string{exchange + ".bench", exchange + ".bench.dead"} {
		_, err := channel.QueueDelete(queue, false, false, false)
		require.NoError(b, err)
	}
	require.NoError(b, channel.ExchangeDelete(exchange, false, false))
	require.NoError(b, connection.Close())
}

// connect makes the broker ready, with its subscription declared.
func (c *chain) connect(b *testing.B) {
	b.Helper()
	require.NoError(b, c.b.Start(b.Context()))
	require.Eventually(b, func() bool { return c.b.Ping(b.Context()) == nil }, patience, time.Millisecond)
	b.Cleanup(func() { require.NoError(b, c.b.Stop(context.Background())) })
}

// begin runs parts until the end of the benchmark, the last first.
func begin(b *testing.B, parts ...broker.Consumer) {
	b.Helper()
	for _, part := range parts {
		var running sync.WaitGroup
		running.Go(func() { _ = part.Run(context.Background()) })
		b.Cleanup(func() {
			_ = part.Drain(context.Background())
			running.Wait()
		})
	}
}

func (c *chain) publish(b *testing.B, all ...outbox.Event) {
	b.Helper()
	require.NoError(b, c.db.InTx(b.Context(), func(ctx context.Context) error { return c.events.Publish(ctx, all...) }))
}

// BenchmarkCommitToHandler is the time from a commit until the function is called, when nothing else is to be done.
func BenchmarkCommitToHandler(b *testing.B) {
	measure := func(b *testing.B, m *database.Manager, url string) {
		b.Helper()
		c, called := newChain(b, m, url), make(chan time.Time, 1)
		runner := subscription.NewRunner([]subscription.Bound{{DB: c.db, Subscription: subscription.On(
			"bench", func(context.Context, placedV1) error { called <- time.Now(); return nil })}}, c.b, prometheus.NewRegistry(), testkit.Quiet())
		c.connect(b)
		begin(b, runner, c.relay)
		var took []time.Duration
		for b.Loop() {
			c.publish(b, placedV1{})
			committed := time.Now()
			took = append(took, (<-called).Sub(committed))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
	}
	b.Run("embedded/sqlite", func(b *testing.B) { measure(b, testkit.Database(b), "") })
	b.Run("embedded/mysql", func(b *testing.B) { measure(b, onMySQL(b), "") })
	b.Run("rabbitmq/mysql", func(b *testing.B) { measure(b, onMySQL(b), testkit.RabbitMQ(b)) })
}

func onMySQL(b *testing.B) *database.Manager {
	b.Helper()
	return testkit.MigratedOn(b, testkit.EmptyMySQL(b), migrations.Files)
}

// subjectV1 is an event of a subject of its own.
type subjectV1 struct{ Subject string }

func (subjectV1) EventType() string      { return "order.placed.v1" }
func (e subjectV1) EventSubject() string { return e.Subject }

// BenchmarkThroughput is a number of events from the outbox over RabbitMQ to a handler that does nothing, against the
// same number published with confirmations, in batches of the same size, by the library alone: of bodies, and of the
// messages that the events become, with the attributes of CloudEvents.
func BenchmarkThroughput(b *testing.B) {
	body := []byte(`{"Subject":"order-1"}`)
	for name, message := range map[string]func() amqp.Publishing{
		"bodies": func() amqp.Publishing { return amqp.Publishing{DeliveryMode: amqp.Persistent, Body: body} },
		"messages": func() amqp.Publishing {
			now := time.Now()
			return amqp.Publishing{
				MessageId: id.New(), Type: "order.placed.v1", Timestamp: now, ContentType: broker.JSON, DeliveryMode: amqp.Persistent, Body: body,
				Headers: amqp.Table{
					"cloudEvents:specversion": "1.0", "cloudEvents:id": id.New(), "cloudEvents:source": "/bench", "cloudEvents:type": "order.placed.v1",
					"cloudEvents:subject": "order-1", "cloudEvents:time": now.Format(time.RFC3339Nano),
				},
			}
		},
	} {
		b.Run("raw publish with confirms/"+name, func(b *testing.B) { publishRaw(b, message) })
	}
	for name, open := range map[string]func(b *testing.B) *database.Manager{"sqlite": func(b *testing.B) *database.Manager { return testkit.Database(b) }, "mysql": onMySQL} {
		b.Run("outbox to handler/"+name, func(b *testing.B) {
			c := newChain(b, open(b), testkit.RabbitMQ(b))
			s := broker.Subscription{Name: "bench", Patterns: []string{"order.#"}, Options: broker.Options{Concurrency: 8, Prefetch: 500}}
			c.b.Declare(s)
			c.connect(b)
			var all sync.WaitGroup
			all.Add(b.N)
			events := make([]outbox.Event, b.N)
			for i := range events {
				events[i] = subjectV1{fmt.Sprint("order-", i%100)}
			}
			c.publish(b, events...)
			b.ResetTimer()
			begin(b, c.b.Consumer(s, func(context.Context, broker.Delivery) error { all.Done(); return nil }), c.relay)
			all.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// publishRaw publishes what message makes, with nothing but the library, to a queue like those of subscriptions.
func publishRaw(b *testing.B, message func() amqp.Publishing) {
	b.Helper()
	connection, err := amqp.Dial(testkit.RabbitMQ(b))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, connection.Close()) })
	channel, err := connection.Channel()
	require.NoError(b, err)
	queue, err := channel.QueueDeclare("bench.raw."+id.New(), true, false, false, false, amqp.Table{amqp.QueueTypeArg: amqp.QueueTypeQuorum})
	require.NoError(b, err)
	b.Cleanup(func() { _, _ = channel.QueueDelete(queue.Name, false, false, false) })
	require.NoError(b, channel.Confirm(false))
	b.ResetTimer()
	for done := 0; done < b.N; {
		var under []*amqp.DeferredConfirmation
		for ; len(under) < batch && done < b.N; done++ {
			confirmation, err := channel.PublishWithDeferredConfirm("", queue.Name, true, false, message())
			require.NoError(b, err)
			under = append(under, confirmation)
		}
		for _, confirmation := range under {
			require.True(b, confirmation.Wait())
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
