package inventory

import (
	"context"
	"fmt"

	"github.com/trellis-go/trellis/modules/catalog/catalogapi"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/problem"
)

// Catalog knows which products there are.
type Catalog interface {
	// ProductsByID finds those of the products that exist, by their ids. It joins the transaction of ctx.
	ProductsByID(ctx context.Context, productIDs []string) (map[string]catalogapi.Product, error)
}

// Service is what can be done with the inventory.
type Service struct {
	repo    *Repository
	catalog Catalog
	events  *outbox.Outbox
	now     clock.Clock
}

// NewService makes the service.
func NewService(repo *Repository, catalog Catalog, events *outbox.Outbox, now clock.Clock) *Service {
	return &Service{repo: repo, catalog: catalog, events: events, now: now}
}

// Stocks lists stock, a page at a time.
func (s *Service) Stocks(ctx context.Context, filter StockFilter, wanted page.Request) (page.Page[Stock], error) {
	return s.repo.Stocks(ctx, filter, wanted)
}

// Entries lists the ledger of a product, a page at a time.
func (s *Service) Entries(ctx context.Context, productID string, wanted page.Request) (page.Page[Entry], error) {
	return s.repo.Entries(ctx, productID, wanted)
}

// Holds lists the parts of reservations that are of a product, with the reservations, a page at a time.
func (s *Service) Holds(ctx context.Context, productID string, state State, wanted page.Request) (page.Page[Hold], error) {
	return s.repo.ProductHolds(ctx, productID, state, wanted)
}

// Available counts the pieces of a product that can be had. The error is ErrProductUnknown for a product that does not exist.
func (s *Service) Available(ctx context.Context, productID string) (int64, error) {
	pieces, known, err := s.repo.Available(ctx, productID)
	if err != nil || known {
		return pieces, err
	}
	exists, err := s.exists(ctx, productID)
	if err == nil && !exists {
		err = ErrProductUnknown.Errorf("no product has the id %q", productID)
	}
	return 0, err
}

func (s *Service) exists(ctx context.Context, productID string) (bool, error) {
	found, err := s.catalog.ProductsByID(ctx, []string{productID})
	if err != nil {
		return false, fmt.Errorf("look for the product %s: %w", productID, err)
	}
	_, exists := found[productID]
	return exists, nil
}

// Adjustment is a change of what is on hand that somebody has seen: a delivery, a loss, the result of a count.
type Adjustment struct {
	ProductID string
	Location  string
	Delta     int64 // pieces that came, or went when it is negative
	Reason    string
	Note      string
}

// Adjust changes what is on hand and gives the entry of the ledger. The errors are problem.Invalid for a product that does
// not exist, and ErrInsufficientStock when fewer pieces would remain than are promised.
func (s *Service) Adjust(ctx context.Context, wanted Adjustment) (*Entry, error) {
	var entry Entry
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		exists, err := s.exists(ctx, wanted.ProductID)
		if err != nil {
			return err
		}
		if !exists {
			return problem.Invalid.New("").With(problem.Field{In: "body", Pointer: "/product_id", Detail: "no product has this id"})
		}
		stock, err := s.ensureStock(ctx, wanted.ProductID, wanted.Location)
		if err != nil {
			return err
		}
		if err := stock.adjust(wanted.Delta); err != nil {
			return err
		}
		if err := s.store(ctx, stock, wanted.Reason); err != nil {
			return err
		}
		entry = newEntry(ctx, stock, wanted.Delta, wanted.Reason)
		entry.Note = wanted.Note
		return s.repo.InsertEntries(ctx, []Entry{entry})
	})
	if err != nil {
		return nil, fmt.Errorf("adjust the stock of the product %s at %s: %w", wanted.ProductID, wanted.Location, err)
	}
	return &entry, nil
}

// ensureStock locks the stock of a product at a location, and makes it when there is none.
func (s *Service) ensureStock(ctx context.Context, productID, location string) (*Stock, error) {
	stock, err := s.repo.LockStock(ctx, productID, location)
	if err != nil || stock != nil {
		return stock, err
	}
	now := s.now()
	stock = &Stock{
		ID: stockID(productID, location), ProductID: productID, Location: location, CreatedAt: now, UpdatedAt: now,
	}
	return stock, s.repo.InsertStock(ctx, stock)
}

// store writes stock that was changed, and tells of it.
func (s *Service) store(ctx context.Context, stock *Stock, reason string) error {
	stock.Version++
	stock.UpdatedAt = s.now()
	if err := s.repo.UpdateStock(ctx, stock); err != nil {
		return err
	}
	return s.events.Publish(ctx, stock.event(reason))
}

// newEntry is the line of the ledger about a stock that was changed and stored.
func newEntry(ctx context.Context, stock *Stock, delta int64, reason string) Entry {
	return Entry{
		ID: id.New(), ProductID: stock.ProductID, Location: stock.Location, Delta: delta, OnHand: stock.OnHand,
		Version: stock.Version, Reason: reason, Actor: auth.PrincipalOf(ctx).UserID, CreatedAt: stock.UpdatedAt,
	}
}
