package analytics

import (
	"context"
	"fmt"
	"time"

	"github.com/trellis-go/trellis/platform/database"
)

// Period is from a time, and up to another, which is not in it.
type Period struct{ From, To time.Time }

// Measure is what products are compared by.
type Measure string

// The measures.
const (
	ByRevenue  Measure = "revenue"
	ByQuantity Measure = "quantity"
)

// Sales is what was sold in one currency, in one interval of a report.
type Sales struct {
	Start        time.Time // of the interval
	Currency     string
	Orders       int64 // that were paid
	Units        int64
	RevenueCents int64
}

// ProductSales is what was sold of one product in one currency.
type ProductSales struct {
	Currency     string
	ProductID    string
	Quantity     int64
	RevenueCents int64
}

// Step is how many orders have come to a step, and how long half of them took at most from the step before.
type Step struct {
	Kind   Kind
	Orders int64
	Median *time.Duration // nil when it is not known of any
}

// Basket is what orders in one currency were worth when they were paid.
type Basket struct {
	Currency     string
	Orders       int64
	RevenueCents int64
	Quantiles    []int64 // in cents, in the order of quantiles
}

// quantiles are those of a report on baskets, in hundredths. Each is the value of one order, none is made up between two: of n
// orders, the cheapest first, the one at index n × quantile, rounded down.
var quantiles = []int{10, 25, 50, 75, 90, 95, 99}

// Warehouse keeps facts and counts them. There are two: SQLWarehouse and ClickHouseWarehouse. What is counted are all facts
// with different ids of events; money of different currencies is never added up.
type Warehouse interface {
	// Store keeps facts. To store one again changes nothing.
	Store(ctx context.Context, facts []Fact) error
	// Sales are those of orders paid in a period, by the intervals that begin at starts, the earliest first, the first of them not
	// after the period. Intervals without sales are left out, and so is any order.
	Sales(ctx context.Context, p Period, starts []time.Time) ([]Sales, error)
	// TopProducts are the products sold most in a period, the best first, so many in each currency.
	TopProducts(ctx context.Context, p Period, by Measure, limit int) ([]ProductSales, error)
	// Steps are those that orders placed in a period have come to until now.
	Steps(ctx context.Context, p Period) ([]Step, error)
	// Baskets are those of orders paid in a period, by currency.
	Baskets(ctx context.Context, p Period) ([]Basket, error)
}

// OpenWarehouse takes the warehouse that the configuration names, or the database of the module where no such is configured.
func OpenWarehouse(cfg Config, databases *database.Manager) (Warehouse, error) {
	name := databases.Or(cfg.Warehouse, cfg.Database)
	if ch, err := databases.ClickHouse(name); err == nil {
		return &ClickHouseWarehouse{ch}, nil
	}
	db, err := databases.DB(name)
	if err != nil {
		return nil, fmt.Errorf("modules.analytics.warehouse: %w", err)
	}
	// The module's own database under another name is no other: facts that are moved within it would be taken out of it.
	if own, err := databases.DB(cfg.Database); err == nil && own.Driver() == db.Driver() && own.Target() == db.Target() {
		db = own
	}
	return &SQLWarehouse{db}, nil
}
