package analytics

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
)

// Service makes reports. Their errors are ErrWarehouse while there is nothing to count in.
type Service struct {
	repo      *Repository
	warehouse Warehouse
	now       clock.Clock
}

// NewService makes the service.
func NewService(repo *Repository, warehouse Warehouse, now clock.Clock) *Service {
	return &Service{repo: repo, warehouse: warehouse, now: now}
}

// retryAfter is when to ask again for a report that could not be made.
const retryAfter = 10 * time.Second

// down makes of a database that does not answer the problem of the warehouse.
func down(err error, doing string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrWarehouse):
		return err
	case errors.Is(err, database.ErrUnavailable), errors.Is(err, database.ErrBusy):
		return ErrWarehouse.Because(err).After(retryAfter)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// SalesOverTime is a report: for each currency in which something was sold, all intervals of the period.
type SalesOverTime struct {
	Period   Period
	Interval Interval
	Starts   []time.Time
	Sales    map[string][]Sales // by currency, in the order of Starts
}

// Currencies are those of the report, in order.
func (s SalesOverTime) Currencies() []string { return slices.Sorted(maps.Keys(s.Sales)) }

// Sales counts what was sold, by intervals of a time zone. The errors are those of the service, and ErrTooManyPoints.
func (s *Service) Sales(ctx context.Context, p Period, by Interval, zone *time.Location) (SalesOverTime, error) {
	report := SalesOverTime{Period: p, Interval: by, Sales: map[string][]Sales{}}
	var err error
	if report.Starts, err = by.starts(p, zone); err != nil {
		return report, err
	}
	found, err := s.warehouse.Sales(ctx, p, report.Starts)
	if err != nil {
		return report, down(err, "report sales")
	}
	for _, one := range found {
		all, begun := report.Sales[one.Currency]
		if !begun {
			all = make([]Sales, len(report.Starts))
			for i, start := range report.Starts {
				all[i] = Sales{Start: start, Currency: one.Currency}
			}
			report.Sales[one.Currency] = all
		}
		all[intervalOf(report.Starts, one.Start)] = one
	}
	return report, nil
}

// TopProduct is a product in a ranking.
type TopProduct struct {
	ProductSales
	Product
	Rank int // in its currency, from 1
}

// TopProducts ranks the products of a period in each currency.
func (s *Service) TopProducts(ctx context.Context, p Period, by Measure, limit int) ([]TopProduct, error) {
	found, err := s.warehouse.TopProducts(ctx, p, by, limit)
	if err != nil {
		return nil, down(err, "report top products")
	}
	ids := make([]string, len(found))
	for i, one := range found {
		ids[i] = one.ProductID
	}
	known, err := s.repo.Products(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("report top products: %w", err)
	}
	top := make([]TopProduct, len(found))
	for i, one := range found {
		top[i] = TopProduct{ProductSales: one, Product: known[one.ProductID], Rank: 1}
		if i > 0 && found[i-1].Currency == one.Currency {
			top[i].Rank = top[i-1].Rank + 1
		}
	}
	return top, nil
}

// Conversion is how far the orders placed in a period have come until now.
type Conversion struct {
	Steps  map[Kind]Step // those that no order has come to are missing
	Placed int64
}

// Rate is the part of the orders placed that have come to a step, from 0 to 1; 0 when none was placed.
func (c Conversion) Rate(kind Kind) float64 {
	if c.Placed == 0 {
		return 0
	}
	return float64(c.Steps[kind].Orders) / float64(c.Placed)
}

// Conversion counts the steps of orders.
func (s *Service) Conversion(ctx context.Context, p Period) (Conversion, error) {
	steps, err := s.warehouse.Steps(ctx, p)
	if err != nil {
		return Conversion{}, down(err, "report the conversion")
	}
	c := Conversion{Steps: map[Kind]Step{}}
	for _, step := range steps {
		c.Steps[step.Kind] = step
	}
	c.Placed = c.Steps[Placed].Orders
	return c, nil
}

// Baskets finds what baskets were worth, by currency.
func (s *Service) Baskets(ctx context.Context, p Period) ([]Basket, error) {
	baskets, err := s.warehouse.Baskets(ctx, p)
	slices.SortFunc(baskets, func(a, b Basket) int { return cmp.Compare(a.Currency, b.Currency) })
	return baskets, down(err, "report baskets")
}
