package brokertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/broker"
)

func comesWhole(t *testing.T, w World) {
	stock, mail, other := want("stock", "order", broker.Options{}), want("mail", "order.placed", broker.Options{}), want("other", "product", broker.Options{})
	b := join(t, w, stock, mail, other)
	sent := message("order.placed.v1", "order-1", `{"total":1}`)
	sent.ContentType, sent.Traceparent = broker.JSON, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	came := make(chan broker.Delivery, 10)
	for _, s := range []broker.Subscription{stock, mail} {
		consume(t, b, s, func(_ context.Context, d broker.Delivery) error { came <- d; return nil })
	}
	strange := newBook()
	consume(t, b, other, strange.noting)
	publish(t, b, sent)
	for range 2 {
		assert.Equal(t, broker.Delivery{Message: sent, Attempt: 1}, <-came)
	}
	publish(t, b, message("product.created.v1", "product-1", "own"))
	strange.await(t, 1)
	assert.Equal(t, []string{"own"}, strange.read())
	assert.Empty(t, came)
}

func comesLarge(t *testing.T, w World) {
	s := want("large", "file", broker.Options{})
	b, came := join(t, w, s), newBook()
	data := strings.Repeat("trellis ", 1<<17)
	consume(t, b, s, came.noting)
	publish(t, b, messages("file.stored.v1", "file-1", data, data)...)
	came.await(t, 2)
	assert.Equal(t, len(data), len(came.read()[0]))
	assert.True(t, came.read()[1] == data)
}

func unwanted(t *testing.T, w World) {
	s := want("orders", "order", broker.Options{})
	b, came := join(t, w, s), newBook()
	publish(t, b, message("weather.changed.v1", "sky", "rain"), message("order.placed.v1", "order-1", "order"))
	consume(t, b, s, came.noting)
	came.await(t, 1)
	assert.Equal(t, []string{"order"}, came.read())
}

func keptOverRestart(t *testing.T, w World) {
	s := want("orders", "order", broker.Options{})
	first := w.Join(t)
	first.Declare(s)
	require.NoError(t, first.Start(t.Context()))
	reachable(t, first)
	publish(t, first, messages("order.placed.v1", "order-1", "1", "2", "3")...)
	require.NoError(t, first.Stop(t.Context()))

	came := newBook()
	consume(t, join(t, w, s), s, came.noting)
	came.await(t, 3)
	assert.Equal(t, []string{"1", "2", "3"}, came.read())
}

func inOrder(t *testing.T, w World) {
	const subjects, each = 10, 20
	s := want("orders", "order", broker.Options{Concurrency: 4})
	b, seen := join(t, w, s), newOrder()
	for range 3 {
		consume(t, join(t, w, s), s, seen.handle)
	}
	for number := range each {
		var all []broker.Message
		for subject := range subjects {
			all = append(all, message("order.changed.v1", fmt.Sprint("order-", subject), fmt.Sprint(number)))
		}
		publish(t, b, all...)
	}
	seen.await(t, subjects*each)
}

// unordered needs two processes to be at work at once, on one subject.
func unordered(t *testing.T, w World) {
	s := want("orders", "order", broker.Options{Unordered: true, Concurrency: 1, Prefetch: 1})
	b := join(t, w, s)
	var both sync.WaitGroup
	both.Add(2)
	came := newBook()
	for range 2 {
		var once sync.Once
		consume(t, join(t, w, s), s, func(ctx context.Context, d broker.Delivery) error {
			once.Do(func() { both.Done(); both.Wait() })
			return came.noting(ctx, d)
		})
	}
	publish(t, b, messages("order.changed.v1", "order-1", "1", "2", "3", "4")...)
	came.await(t, 4)
	assert.ElementsMatch(t, []string{"1", "2", "3", "4"}, came.read())
}

func slow(t *testing.T, w World) {
	slow, fast := want("slow", "order", broker.Options{Concurrency: 1, Prefetch: 1}), want("fast", "order", broker.Options{})
	b, came := join(t, w, slow, fast), newBook()
	release := make(chan struct{})
	consume(t, b, slow, func(context.Context, broker.Delivery) error { <-release; return nil })
	consume(t, b, fast, came.noting)
	for i := range 50 {
		publish(t, b, message("order.placed.v1", "order-1", fmt.Sprint(i)))
	}
	came.await(t, 50)
	close(release)
}

func bounded(t *testing.T, w World) {
	const most, all = 3, 30
	s := want("orders", "order", broker.Options{Concurrency: most})
	b := join(t, w, s)
	begun, release := make(chan struct{}, all), make(chan struct{})
	running := make(chan struct{}, most) // one more would find it full
	done := newBook()
	consume(t, b, s, func(context.Context, broker.Delivery) error {
		select {
		case running <- struct{}{}:
		default:
			done.note("too many")
		}
		begun <- struct{}{}
		<-release
		<-running
		done.note("done")
		return nil
	})
	for i := range all {
		publish(t, b, message("order.placed.v1", fmt.Sprint("order-", i), ""))
	}
	for range most {
		<-begun // they do run at once
	}
	close(release)
	done.await(t, all)
	assert.NotContains(t, done.read(), "too many")
}
