package analytics

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/trellis-go/trellis/modules/catalog/catalogapi"
	"github.com/trellis-go/trellis/modules/order/orderapi"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/subscription"
)

// OrderPlaced counts an order that was placed.
func (r *Recorder) OrderPlaced(ctx context.Context, e orderapi.PlacedV1) error {
	if err := r.addProducts(ctx, e.Lines); err != nil {
		return err
	}
	return r.record(ctx, Placed, e.Order, nil)
}

// OrderPaid counts an order that was paid.
func (r *Recorder) OrderPaid(ctx context.Context, e orderapi.PaidV1) error {
	if err := r.repo.MarkPaid(ctx, e.ID, e.ChangedAt); err != nil {
		return err
	}
	return r.record(ctx, Paid, e.Order, &e.PlacedAt)
}

// OrderShipped counts an order that was shipped.
func (r *Recorder) OrderShipped(ctx context.Context, e orderapi.ShippedV1) error {
	paidAt, err := r.repo.PaidAt(ctx, e.ID)
	if err != nil {
		return err
	}
	return r.record(ctx, Shipped, e.Order, paidAt)
}

// OrderCanceled counts an order that was given up.
func (r *Recorder) OrderCanceled(ctx context.Context, e orderapi.CanceledV1) error {
	return r.record(ctx, Canceled, e.Order, &e.PlacedAt)
}

// OrderExpired counts an order that was not paid in time.
func (r *Recorder) OrderExpired(ctx context.Context, e orderapi.ExpiredV1) error {
	return r.record(ctx, Expired, e.Order, &e.PlacedAt)
}

// record stores the fact that an event tells, in the transaction of the event: in the warehouse when that is the same
// database, and else where it waits to be moved there.
func (r *Recorder) record(ctx context.Context, kind Kind, o orderapi.Order, since *time.Time) error {
	fact, err := factOf(subscription.EventID(ctx), kind, o)
	if err != nil {
		return err
	}
	if since != nil {
		waited := max(fact.At.Sub(micros(*since)), 0)
		fact.Waited = &waited
	}
	if r.direct {
		return r.warehouse.Store(ctx, []Fact{fact})
	}
	if err := r.repo.Keep(ctx, fact, r.now()); err != nil {
		return err
	}
	database.AfterCommit(ctx, func(context.Context) { r.kept() })
	return nil
}

// addProducts notes what products are called of which the catalog has not told, in one order for all transactions.
func (r *Recorder) addProducts(ctx context.Context, lines []orderapi.Line) error {
	var ids []string
	for _, line := range lines {
		ids = append(ids, line.ProductID)
	}
	known, err := r.repo.Products(ctx, ids)
	if err != nil {
		return err
	}
	var missing []Product
	for _, line := range lines {
		if _, found := known[line.ProductID]; !found {
			missing = append(missing, Product{ID: line.ProductID, SKU: line.SKU, Name: line.Name, Active: true})
			known[line.ProductID] = missing[len(missing)-1]
		}
	}
	slices.SortFunc(missing, func(a, b Product) int { return strings.Compare(a.ID, b.ID) })
	return r.repo.AddProducts(ctx, missing)
}

// ProductCreated notes what a product is called.
func (r *Recorder) ProductCreated(ctx context.Context, e catalogapi.CreatedV1) error {
	return r.saveProduct(ctx, e.Product, false)
}

// ProductUpdated notes what a product is called now.
func (r *Recorder) ProductUpdated(ctx context.Context, e catalogapi.UpdatedV1) error {
	return r.saveProduct(ctx, e.Product, false)
}

// ProductDeleted notes that a product is sold no more.
func (r *Recorder) ProductDeleted(ctx context.Context, e catalogapi.DeletedV1) error {
	return r.saveProduct(ctx, e.Product, true)
}

func (r *Recorder) saveProduct(ctx context.Context, p catalogapi.Product, deleted bool) error {
	return r.repo.SaveProduct(ctx, Product{ID: p.ID, SKU: p.SKU, Name: p.Name, Active: p.Active, Deleted: deleted, Version: p.Version})
}
