package main

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/trellis-go/trellis/modules/analytics"
	"github.com/trellis-go/trellis/modules/order/orderapi"
	"github.com/trellis-go/trellis/platform/subscription"
)

const perOrder = 2.84 // events

// story is a year of orders that is the same in each run, but for the day on which it ends.
type story struct {
	from, to time.Time
	orders   int
	events   int // that are wanted
	told     int // that there were
	random   *rand.Rand
	products []orderapi.Line
}

func newStory(events int) *story {
	to := time.Now().UTC().Truncate(time.Minute)
	s := &story{
		from: to.AddDate(-1, 0, 0), to: to, orders: int(math.Ceil(float64(events) / perOrder)), events: events,
		random: rand.New(rand.NewPCG(1, 2)),
	}
	names := []string{
		"Sencha, loose", "Earl Grey", "Darjeeling First Flush", "Jasmine pearls", "Assam, strong", "Matcha, 30 g", "Oolong, roasted",
		"Rooibos vanilla", "Peppermint", "Glass teapot, 1 l", "White peony", "Lapsang Souchong, smoked over pine wood for a long time",
	}
	for i := range 500 {
		name := fmt.Sprintf("Tea no. %d", i+1)
		if i < len(names) {
			name = names[i]
		}
		s.products = append(s.products, orderapi.Line{
			ProductID: fmt.Sprintf("00000000-0000-7000-b000-%012d", i), SKU: fmt.Sprintf("TEA-%04d", i+1), Name: name,
			PriceCents: 399 + int64(s.random.IntN(30))*100,
		})
	}
	return s
}

// event is one of an order.
type event struct {
	id    string
	kind  analytics.Kind
	order orderapi.Order
}

func (e event) tell(ctx context.Context, r *analytics.Recorder) error {
	ctx = subscription.WithEventID(ctx, e.id)
	switch e.kind {
	case analytics.Placed:
		return r.OrderPlaced(ctx, orderapi.PlacedV1{Order: e.order})
	case analytics.Paid:
		return r.OrderPaid(ctx, orderapi.PaidV1{Order: e.order})
	case analytics.Shipped:
		return r.OrderShipped(ctx, orderapi.ShippedV1{Order: e.order})
	case analytics.Canceled:
		return r.OrderCanceled(ctx, orderapi.CanceledV1{Order: e.order})
	default:
		return r.OrderExpired(ctx, orderapi.ExpiredV1{Order: e.order})
	}
}

// batches are the events in the order of their orders, so many at a time.
func (s *story) batches(size int) iter.Seq[[]event] {
	return func(yield func([]event) bool) {
		var batch []event
		for i := 0; s.told < s.events; i++ {
			for _, one := range s.order(i) {
				if s.told < s.events {
					s.told++
					batch = append(batch, one)
				}
			}
			if len(batch) >= size {
				if !yield(batch) {
					return
				}
				batch = batch[:0]
			}
		}
		yield(batch)
	}
}

// order is what happens to one order: more are placed as the year goes on, and on some days of the week.
func (s *story) order(i int) []event {
	share := math.Pow(float64(i%s.orders)/float64(s.orders), 0.8)
	at := s.from.Add(time.Duration(share * float64(s.to.Sub(s.from))))
	if at.Weekday() == time.Sunday && s.random.IntN(2) == 0 {
		at = at.Add(-24 * time.Hour)
	}
	o := orderapi.Order{
		ID: fmt.Sprintf("00000000-0000-7000-a000-%012d", i), CustomerID: fmt.Sprintf("00000000-0000-7000-c000-%012d", i%5000),
		Currency: "EUR", PlacedAt: at, ChangedAt: at, Version: 1,
	}
	if s.random.IntN(5) == 0 {
		o.Currency = "USD"
	}
	for range 1 + s.random.IntN(3) {
		line := s.products[int(float64(len(s.products))*math.Pow(s.random.Float64(), 3))]
		line.Quantity = 1 + s.random.IntN(4)
		o.TotalCents += int64(line.Quantity) * line.PriceCents
		o.Lines = append(o.Lines, line)
	}
	var events []event
	then := func(kind analytics.Kind, within time.Duration) {
		o.ChangedAt = o.ChangedAt.Add(time.Duration(s.random.ExpFloat64() * float64(within)))
		if o.ChangedAt.After(s.to) {
			return
		}
		events = append(events, event{fmt.Sprintf("00000000-0000-7000-e%03d-%012d", len(events), i), kind, o})
		o.Version++
	}
	then(analytics.Placed, 0)
	switch n := s.random.IntN(100); {
	case n < 8:
		then(analytics.Expired, time.Hour)
	case n < 12:
		then(analytics.Canceled, 3*time.Hour)
	default:
		then(analytics.Paid, 20*time.Minute)
		if n < 95 && len(events) == 2 {
			then(analytics.Shipped, 26*time.Hour)
		}
	}
	return events
}

func spread(took []time.Duration) (first, median, slowest time.Duration) {
	first = took[0].Round(time.Millisecond)
	rest := slices.Sorted(slices.Values(took[1:]))
	return first, rest[len(rest)/2].Round(time.Millisecond), rest[len(rest)-1].Round(time.Millisecond)
}
