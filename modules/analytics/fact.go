package analytics

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/trellis-go/trellis/modules/order/orderapi"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/problem"
)

// The problems of reports.
var (
	ErrWarehouse = problem.Define(http.StatusServiceUnavailable, "warehouse_unavailable", "The warehouse is unavailable",
		"Reports are counted in a database of its own, which does not answer for the moment. Nothing is lost: what happens "+
			"meanwhile is kept and counted later. The Retry-After header says when to come again.")
	ErrTooManyPoints = problem.Define(http.StatusUnprocessableEntity, "too_many_points", "The report would be too long",
		"The period has more intervals than a report shows. Ask for a shorter period or a longer interval.")
)

// Kind is what happened to an order.
type Kind string

// The kinds of facts.
const (
	Placed   Kind = "placed"
	Paid     Kind = "paid"
	Shipped  Kind = "shipped"
	Canceled Kind = "canceled"
	Expired  Kind = "expired"
)

// Fact is one thing that happened to one order. It is known by the id of the event that told of it.
type Fact struct {
	EventID    string
	OrderID    string
	Kind       Kind
	At         time.Time
	PlacedAt   time.Time      // of the order
	Waited     *time.Duration // since the order came to the step before; nil when that is not known
	Currency   string
	TotalCents int64
	Units      int64  // pieces of all products
	Sold       []Sold // what was sold, when it was paid; in the order of the products' ids
}

// Sold is what one order had of one product.
type Sold struct {
	ProductID    string
	Quantity     int64
	RevenueCents int64
}

// storable finds what no warehouse could keep.
func storable(eventID string, o orderapi.Order) error {
	ids := []string{eventID, o.ID}
	for _, line := range o.Lines {
		ids = append(ids, line.ProductID)
	}
	for _, one := range ids {
		if !id.Valid(one) {
			return fmt.Errorf("%q is not a UUID", one)
		}
	}
	if len(o.Currency) != len("EUR") {
		return fmt.Errorf("%q is not a currency", o.Currency)
	}
	return nil
}

// factOf is the fact that an event tells. An event that a warehouse could not keep is a dead letter: in a batch it would hold
// up all others.
func factOf(eventID string, kind Kind, o orderapi.Order) (Fact, error) {
	if err := storable(eventID, o); err != nil {
		return Fact{}, broker.Dead(fmt.Errorf("the event %q: %w", eventID, err))
	}
	fact := Fact{
		EventID: eventID, OrderID: o.ID, Kind: kind, At: micros(o.ChangedAt), PlacedAt: micros(o.PlacedAt),
		Currency: o.Currency, TotalCents: o.TotalCents,
	}
	sold := map[string]Sold{}
	for _, line := range o.Lines {
		of := sold[line.ProductID]
		of.ProductID = line.ProductID
		of.Quantity += int64(line.Quantity)
		of.RevenueCents += int64(line.Quantity) * line.PriceCents
		sold[line.ProductID] = of
		fact.Units += int64(line.Quantity)
	}
	if kind == Paid {
		for _, of := range sold {
			fact.Sold = append(fact.Sold, of)
		}
		slices.SortFunc(fact.Sold, func(a, b Sold) int { return strings.Compare(a.ProductID, b.ProductID) })
	}
	return fact, nil
}

// micros is a time as precise as every warehouse keeps it.
func micros(at time.Time) time.Time { return at.UTC().Truncate(time.Microsecond) }
