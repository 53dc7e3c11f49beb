package subscription_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/subscription"
	"github.com/trellis-go/trellis/test/testkit"
)

// bitter has the subscription bench with as many dead letters as there are data, and gives a client of them.
func bitter(t *testing.T, data ...string) (broker.Broker, testkit.Client) {
	t.Helper()
	db, err := testkit.Database(t).DB(testkit.Name)
	require.NoError(t, err)
	b := broker.NewEmbedded(db, clock.System, broker.Embedded{}, testkit.Quiet())
	s := subscription.On("mail.orders", func(context.Context, placedV1) error { return nil }, subscription.Retries(1, quick))
	b.Declare(s.Subscription)
	require.NoError(t, b.Start(t.Context()))
	for i, one := range data {
		require.NoError(t, b.Publish(t.Context(), []broker.Message{
			{ID: "event-" + string(rune('1'+i)), Type: "order.placed.v1", Subject: "order-7", ContentType: broker.JSON, Data: []byte(one)},
		})[0])
	}
	consumer := b.Consumer(s.Subscription, func(context.Context, broker.Delivery) error { return errors.New("bitter") })
	ended := make(chan error, 1)
	go func() { ended <- consumer.Run(context.Background()) }()
	require.Eventually(t, func() bool {
		dead, err := b.Dead(t.Context(), "mail.orders", 10)
		return assert.NoError(t, err) && len(dead) == len(data)
	}, patience, time.Millisecond)
	require.NoError(t, consumer.Drain(t.Context()))
	require.NoError(t, <-ended)
	return b, testkit.Serve(t, module.Module{Routes: subscription.NewLetters(b, []subscription.Subscription{s}).Routes})
}

func TestDeadLettersAreListedAndReadOverHTTP(t *testing.T) {
	_, client := bitter(t, `{"total":1}`, `no JSON`)
	for _, path := range []string{"/api/v1/dead-letters", "/api/v2/dead-letters?subscription=mail.orders"} {
		items, _ := client.Get(path).Must(200).JSON()["items"].([]any)
		require.Len(t, items, 2, path)
		first, _ := items[0].(map[string]any)
		assert.Equal(t, "event-1", first["id"])
		assert.Equal(t, "bitter", first["error"])
		assert.NotContains(t, first, "data", "a list says nothing of whom events are about")
	}
	items, _ := client.Get("/api/v2/dead-letters?limit=1").Must(200).JSON()["items"].([]any)
	assert.Len(t, items, 1)
	read := client.Get("/api/v2/dead-letters/mail.orders/event-1").Must(200)
	assert.Equal(t, "no-store", read.Header.Get("Cache-Control"))
	assert.Equal(t, map[string]any{"total": 1.0}, read.JSON()["data"])
	assert.Equal(t, "no JSON", client.Get("/api/v2/dead-letters/mail.orders/event-2").Must(200).JSON()["data"])
}

func TestADeadLetterIsRetriedOrDiscardedOverHTTP(t *testing.T) {
	b, client := bitter(t, `{}`, `{}`)
	client.Do("POST", "/api/v2/dead-letters/mail.orders/event-1/retry", "").Must(204)
	client.Do("DELETE", "/api/v2/dead-letters/mail.orders/event-2", "").Must(204)
	left, err := b.Dead(t.Context(), "mail.orders", 10)
	require.NoError(t, err)
	assert.Empty(t, left)
	for method, path := range map[string]string{"POST": "event-1/retry", "DELETE": "event-2", "GET": "event-2"} {
		assert.Equal(t, "dead_letter_not_found", client.Do(method, "/api/v2/dead-letters/mail.orders/"+path, "").Must(404).Problem().Code)
		assert.Equal(t, "subscription_not_found", client.Do(method, "/api/v2/dead-letters/nobody/"+path, "").Must(404).Problem().Code)
	}
	client.Get("/api/v2/dead-letters?subscription=nobody").Must(404)
}

// away is the dead letters of a broker that cannot be reached.
type away struct{ broker.DeadLetters }

func (away) Dead(context.Context, string, int) ([]broker.DeadLetter, error) {
	return nil, problem.Unavailable.New("")
}

func (away) DeadByID(context.Context, string, string) (*broker.DeadLetter, error) {
	return nil, problem.Unavailable.New("")
}

func TestDeadLettersOfABrokerThatIsAwayAreUnavailable(t *testing.T) {
	s := subscription.On("mail.orders", func(context.Context, placedV1) error { return nil })
	client := testkit.Serve(t, module.Module{Routes: subscription.NewLetters(away{}, []subscription.Subscription{s}).Routes})
	client.Get("/api/v2/dead-letters").Must(503)
	client.Get("/api/v2/dead-letters/mail.orders/event-1").Must(503)
}
