package broker_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/broker/brokertest"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestRabbitMQKeepsThePromises(t *testing.T) {
	server := testkit.RabbitMQ(t)
	brokertest.Run(t, func(t *testing.T) brokertest.World { return newHouse(t, server) })
}

// house is an exchange of its own, and the processes that share it, each with its own way to the server.
type house struct {
	server    string
	exchange  string
	processes map[broker.Broker]*testkit.Proxy
	names     map[string]bool
}

func newHouse(t *testing.T, server string) *house {
	t.Helper()
	h := &house{server: server, exchange: "test." + id.New(), processes: map[broker.Broker]*testkit.Proxy{}, names: map[string]bool{}}
	t.Cleanup(func() {
		connection, err := amqp.Dial(server)
		require.NoError(t, err)
		channel, err := connection.Channel()
		require.NoError(t, err)
		for name := range h.names {
			for _, queue := range []string{name, name + ".dead"} {
				_, err := channel.QueueDelete(h.exchange+"."+queue, false, false, false)
				require.NoError(t, err)
			}
		}
		require.NoError(t, channel.ExchangeDelete(h.exchange, false, false))
		require.NoError(t, connection.Close())
	})
	return h
}

// guest notes which subscriptions there are.
type guest struct {
	broker.Broker
	house *house
}

func (g *guest) Declare(all ...broker.Subscription) {
	for _, s := range all {
		g.house.names[s.Name] = true
	}
	g.Broker.Declare(all...)
}

func (h *house) Join(t *testing.T) broker.Broker {
	t.Helper()
	address, err := url.Parse(h.server)
	require.NoError(t, err)
	proxy := testkit.NewProxy(t, address.Host)
	address.Host = proxy.Addr
	b, err := broker.NewRabbitMQ(broker.Config{URL: config.DSN(address.String()), Exchange: h.exchange}, testkit.Quiet())
	require.NoError(t, err)
	g := &guest{Broker: b, house: h}
	h.processes[g] = proxy
	return g
}

func (h *house) Kill(_ *testing.T, b broker.Broker) { h.processes[b].Cut() }

func (h *house) Cut(_ *testing.T, b broker.Broker) bool {
	h.processes[b].Cut()
	return true
}

func (h *house) Restore(t *testing.T, b broker.Broker) {
	t.Helper()
	h.processes[b].Restore(t)
}

func TestABrokerThatIsAwayIsNoReasonNotToStart(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	b, err := broker.NewRabbitMQ(broker.Config{URL: config.DSN("amqp://app:hunter2@" + address), Exchange: "trellis.events"}, testkit.Quiet())
	require.NoError(t, err)
	s := broker.Subscription{Name: "mail", Patterns: []string{"#"}}
	b.Declare(s)
	require.NoError(t, b.Start(t.Context()))
	err = b.Publish(t.Context(), []broker.Message{{ID: "1", Type: "order.placed.v1"}})[0]
	require.ErrorContains(t, err, "not connected")
	assert.NotContains(t, err.Error(), "hunter2")
	require.Error(t, b.Ping(t.Context()))
	_, err = b.Dead(t.Context(), "mail", 1)
	require.ErrorIs(t, err, problem.Unavailable)
	_, err = b.Retry(t.Context(), "mail", "1")
	require.ErrorIs(t, err, problem.Unavailable)
	consumer, ended := b.Consumer(s, nil), make(chan error, 1)
	go func() { ended <- consumer.Run(t.Context()) }()
	require.NoError(t, consumer.Drain(t.Context()))
	require.NoError(t, <-ended)
	require.NoError(t, b.Stop(t.Context()))
}

func TestAURLThatIsNoneIsRefusedWithoutBeingShown(t *testing.T) {
	for _, wrong := range []string{"", "http://app:hunter2@host", "amqp://app:hunter2@host:port", "amqp://app:hun ter2@host"} {
		_, err := broker.NewRabbitMQ(broker.Config{URL: config.DSN(wrong)}, testkit.Quiet())
		require.ErrorContains(t, err, "broker.url")
		assert.NotContains(t, err.Error(), "ter2")
	}
}

func TestWhatNobodyWantsIsCounted(t *testing.T) {
	h := newHouse(t, testkit.RabbitMQ(t))
	g := h.Join(t)
	require.NoError(t, g.Start(t.Context()))
	require.Eventually(t, func() bool { return g.Ping(t.Context()) == nil }, 30*time.Second, time.Millisecond)
	require.NoError(t, g.Publish(t.Context(), []broker.Message{{ID: "1", Type: "order.placed.v1"}})[0])
	registry := prometheus.NewRegistry()
	registry.MustRegister(g.(*guest).Broker.(prometheus.Collector))
	const want = `
# HELP trellis_broker_connected 1 while messages can be exchanged.
# TYPE trellis_broker_connected gauge
trellis_broker_connected 1
# HELP trellis_broker_unroutable_total Messages that nobody had subscribed to.
# TYPE trellis_broker_unroutable_total counter
trellis_broker_unroutable_total 1
`
	require.Eventually(t, func() bool {
		return testutil.GatherAndCompare(registry, strings.NewReader(want), "trellis_broker_connected", "trellis_broker_unroutable_total") == nil
	}, 30*time.Second, time.Millisecond)
	require.NoError(t, g.Stop(t.Context()))
}

func TestWhoNoLongerWantsToSeeDeadLettersCutsNobodyOff(t *testing.T) {
	h := newHouse(t, testkit.RabbitMQ(t))
	g := h.Join(t)
	s := broker.Subscription{Name: "mail", Patterns: []string{"order.#"}, Options: broker.Options{Attempts: 1}}
	g.Declare(s)
	require.NoError(t, g.Start(t.Context()))
	require.Eventually(t, func() bool { return g.Ping(t.Context()) == nil }, 30*time.Second, time.Millisecond)
	came, drain := consume(t, g, s, func(broker.Delivery) {})
	left, leave := context.WithCancel(t.Context())
	leave()
	_, err := g.Dead(left, "mail", 1)
	require.ErrorIs(t, err, context.Canceled)
	_, err = g.Dead(t.Context(), "mail", 1)
	require.NoError(t, err)
	post(t, g, "1")
	assert.Equal(t, "1", next(t, came))
	registry := prometheus.NewRegistry()
	registry.MustRegister(g.(*guest).Broker.(prometheus.Collector))
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP trellis_broker_connects_total Connections that were made.
# TYPE trellis_broker_connects_total counter
trellis_broker_connects_total 2
`), "trellis_broker_connects_total"), "one to publish and one to consume")
	drain()
	require.NoError(t, g.Stop(t.Context()))
}

func TestADeadLetterIsNotTakenAwayWhenThereIsNoQueueToRetryItIn(t *testing.T) {
	h := newHouse(t, testkit.RabbitMQ(t))
	g := h.Join(t)
	s := broker.Subscription{Name: "mail", Patterns: []string{"order.#"}, Options: broker.Options{Attempts: 1}}
	g.Declare(s)
	require.NoError(t, g.Start(t.Context()))
	require.Eventually(t, func() bool { return g.Ping(t.Context()) == nil }, 30*time.Second, time.Millisecond)
	var running sync.WaitGroup
	consumer := g.Consumer(s, func(context.Context, broker.Delivery) error { return broker.Dead(errors.New("bitter")) })
	running.Go(func() { _ = consumer.Run(context.Background()) })
	post(t, g, "1")
	letters := func() []broker.DeadLetter {
		dead, err := g.Dead(t.Context(), "mail", 10)
		require.NoError(t, err)
		return dead
	}
	require.Eventually(t, func() bool { return len(letters()) == 1 }, 30*time.Second, time.Millisecond)
	require.NoError(t, consumer.Drain(t.Context()))
	running.Wait()

	connection, err := amqp.Dial(h.server)
	require.NoError(t, err)
	defer func() { require.NoError(t, connection.Close()) }()
	channel, err := connection.Channel()
	require.NoError(t, err)
	_, err = channel.QueueDelete(h.exchange+".mail", false, false, false)
	require.NoError(t, err)
	_, err = g.Retry(t.Context(), "mail", "1")
	require.ErrorIs(t, err, problem.Unavailable)
	require.ErrorContains(t, err, "RabbitMQ has no such queue")
	require.Eventually(t, func() bool { return len(letters()) == 1 }, 30*time.Second, time.Millisecond)
	require.NoError(t, g.Stop(t.Context()))
}

func TestWhatOthersSeeOfAMessageIsItsTypeItsIDAndItsAttributes(t *testing.T) {
	server := testkit.RabbitMQ(t)
	h := newHouse(t, server)
	g := h.Join(t)
	g.Declare(broker.Subscription{Name: "mail", Patterns: []string{"order.#"}})
	require.NoError(t, g.Start(t.Context()))
	require.Eventually(t, func() bool { return g.Ping(t.Context()) == nil }, 30*time.Second, time.Millisecond)
	connection, err := amqp.Dial(server)
	require.NoError(t, err)
	channel, err := connection.Channel()
	require.NoError(t, err)
	queue, err := channel.QueueDeclare("", false, true, true, false, nil)
	require.NoError(t, err)
	require.NoError(t, channel.QueueBind(queue.Name, "order.placed.v1", h.exchange, false, nil))
	noon := time.Date(2026, time.November, 24, 12, 0, 0, 123456000, time.UTC)
	require.NoError(t, g.Publish(t.Context(), []broker.Message{{
		ID: "event-1", Source: "shop", Type: "order.placed.v1", Subject: "order-1", Time: noon, ContentType: broker.JSON, Data: []byte(`{}`),
	}})[0])
	deliveries, err := channel.ConsumeWithContext(context.Background(), queue.Name, "", true, true, false, false, nil)
	require.NoError(t, err)
	d := <-deliveries
	assert.Equal(t, []string{"event-1", "order.placed.v1", "order.placed.v1", broker.JSON}, []string{d.MessageId, d.RoutingKey, d.Type, d.ContentType})
	assert.Equal(t, amqp.Table{
		"cloudEvents:specversion": "1.0", "cloudEvents:id": "event-1", "cloudEvents:source": "shop", "cloudEvents:type": "order.placed.v1",
		"cloudEvents:subject": "order-1", "cloudEvents:time": "2026-11-24T12:00:00.123456Z",
	}, d.Headers)
	assert.Equal(t, amqp.Persistent, d.DeliveryMode)
	require.NoError(t, connection.Close())
	require.NoError(t, g.Stop(t.Context()))
}

func TestAMessageOfAnotherProgramIsKnownByItsAttributes(t *testing.T) {
	server := testkit.RabbitMQ(t)
	h := newHouse(t, server)
	g := h.Join(t)
	s := broker.Subscription{Name: "mail", Patterns: []string{"order.#"}}
	g.Declare(s)
	require.NoError(t, g.Start(t.Context()))
	require.Eventually(t, func() bool { return g.Ping(t.Context()) == nil }, 30*time.Second, time.Millisecond)
	seen := make(chan broker.Message, 1)
	_, drain := consume(t, g, s, func(d broker.Delivery) { seen <- d.Message })
	connection, err := amqp.Dial(server)
	require.NoError(t, err)
	channel, err := connection.Channel()
	require.NoError(t, err)
	require.NoError(t, channel.PublishWithContext(t.Context(), h.exchange, "order.placed", false, false, amqp.Publishing{
		Headers: amqp.Table{"cloudEvents:id": "event-1", "cloudEvents:type": "order.placed.v1"}, Body: []byte(`{}`),
	}))
	m := <-seen
	assert.Equal(t, []string{"event-1", "order.placed.v1"}, []string{m.ID, m.Type})
	drain()
	require.NoError(t, connection.Close())
	require.NoError(t, g.Stop(t.Context()))
}

func TestAMessageThatTakesLongerThanThoseBehindItIsAcknowledgedAndSoAreThey(t *testing.T) {
	const messages = 40
	h := newHouse(t, testkit.RabbitMQ(t))
	g := h.Join(t)
	s := broker.Subscription{Name: "mail", Patterns: []string{"order.#"}, Options: broker.Options{Concurrency: 8, Prefetch: 10}}
	g.Declare(s)
	require.NoError(t, g.Start(t.Context()))
	require.Eventually(t, func() bool { return g.Ping(t.Context()) == nil }, 30*time.Second, time.Millisecond)
	release := make(chan struct{})
	came, drain := consume(t, g, s, func(d broker.Delivery) {
		if d.ID == "0" {
			<-release
		}
	})
	for i := range messages {
		post(t, g, strconv.Itoa(i))
	}
	for range messages - 1 {
		assert.NotEqual(t, "0", next(t, came), "they do not use up what the server may have under way")
	}
	close(release)
	assert.Equal(t, "0", next(t, came))
	drain()
	assert.Empty(t, came)

	post(t, g, "last")
	came, drain = consume(t, g, s, func(broker.Delivery) {})
	assert.Equal(t, "last", next(t, came), "what was acknowledged before the end does not come again")
	drain()
	assert.Empty(t, came)
	require.NoError(t, g.Stop(t.Context()))
}

func TestWhatWasHandledIsAcknowledgedBeforeTheEnd(t *testing.T) {
	h := newHouse(t, testkit.RabbitMQ(t))
	g := h.Join(t)
	broker.Gathering(g.(*guest).Broker, time.Hour)
	s := broker.Subscription{Name: "mail", Patterns: []string{"order.#"}}
	g.Declare(s)
	require.NoError(t, g.Start(t.Context()))
	require.Eventually(t, func() bool { return g.Ping(t.Context()) == nil }, 30*time.Second, time.Millisecond)
	for _, id := range []string{"first", "second"} {
		came, drain := consume(t, g, s, func(broker.Delivery) {})
		post(t, g, id)
		assert.Equal(t, id, next(t, came), "what was handled before the end does not come again")
		drain()
		assert.Empty(t, came)
	}
	require.NoError(t, g.Stop(t.Context()))
}

func next(t *testing.T, came <-chan string) string {
	t.Helper()
	select {
	case id := <-came:
		return id
	case <-time.After(30 * time.Second):
		require.Fail(t, "nothing came")
		return ""
	}
}

// post publishes an event that is alone with its subject.
func post(t *testing.T, b broker.Broker, id string) {
	t.Helper()
	require.NoError(t, b.Publish(t.Context(), []broker.Message{{ID: id, Type: "order.placed.v1", Subject: id}})[0])
}

// consume runs a consumer, and gives what it has handled and how to end it.
func consume(t *testing.T, b broker.Broker, s broker.Subscription, handle func(broker.Delivery)) (came <-chan string, drain func()) {
	t.Helper()
	handled, ended := make(chan string, 1000), make(chan error, 1)
	consumer := b.Consumer(s, func(_ context.Context, d broker.Delivery) error {
		handle(d)
		handled <- d.ID
		return nil
	})
	go func() { ended <- consumer.Run(context.Background()) }()
	return handled, func() {
		t.Helper()
		require.NoError(t, consumer.Drain(t.Context()))
		require.NoError(t, <-ended)
	}
}
