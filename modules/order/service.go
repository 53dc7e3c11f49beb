package order

import (
	"context"
	"fmt"
	"time"

	"github.com/trellis-go/trellis/modules/catalog/catalogapi"
	"github.com/trellis-go/trellis/modules/inventory/inventoryapi"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/tasks"
)

// Catalog knows what is sold, and for how much.
type Catalog interface {
	// ProductsByID finds those of the products that exist, by their ids, as they are now. It joins the transaction of ctx.
	ProductsByID(ctx context.Context, productIDs []string) (map[string]catalogapi.Product, error)
}

// Stock is where the pieces lie. Its calls join the transaction of ctx, and may be repeated for a reference.
type Stock interface {
	// Reserve promises the pieces until a time, or without end when it is zero. When they cannot be had the error is a
	// problem with a status below 500 whose fields point to /lines/N/quantity for the line N.
	Reserve(ctx context.Context, reference string, lines []inventoryapi.Line, until time.Time) error
	// Commit takes the pieces away for good.
	Commit(ctx context.Context, reference string) error
	// Release gives the pieces back.
	Release(ctx context.Context, reference string) error
}

// grace is how much longer the stock is reserved than an order waits to be paid: it is the order that is to expire first.
const grace = 15 * time.Minute

// Service is what can be done with orders.
type Service struct {
	cfg      Config
	repo     *Repository
	catalog  Catalog
	stock    Stock
	payments Payments
	events   *outbox.Outbox
	tasks    *tasks.Tasks
	now      clock.Clock
}

// NewService makes the service.
func NewService(
	cfg Config, repo *Repository, catalog Catalog, stock Stock, payments Payments, events *outbox.Outbox,
	background *tasks.Tasks, now clock.Clock,
) *Service {
	return &Service{
		cfg: cfg, repo: repo, catalog: catalog, stock: stock, payments: payments, events: events, tasks: background, now: now,
	}
}

// Check is asked whether somebody who has read a certain version may change what is stored as version now.
type Check func(version int64) error

func anyVersion(int64) error { return nil }

// Place makes an order of whoever sends the request, with the prices of now, and reserves its stock. The errors are
// problem.Invalid, whose fields point to lines that cannot be ordered, and that of Stock when there are too few pieces.
func (s *Service) Place(ctx context.Context, lines []inventoryapi.Line) (*Order, error) {
	var order *Order
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		products, err := s.catalog.ProductsByID(ctx, productsOf(lines))
		if err != nil {
			return err
		}
		if err := checkLines(lines, products); err != nil {
			return err
		}
		order = s.newOrder(auth.PrincipalOf(ctx).UserID, lines, products)
		if err := s.repo.InsertOrder(ctx, order); err != nil {
			return err
		}
		if err := s.tell(ctx, order, "", ""); err != nil {
			return err
		}
		return s.stock.Reserve(ctx, order.ID, lines, order.ExpiresAt.Add(grace)) // at the end: its rows are those that others wait for
	})
	if err != nil {
		return nil, fmt.Errorf("place an order of %d lines: %w", len(lines), err)
	}
	return order, nil
}

func productsOf(lines []inventoryapi.Line) []string {
	ids := make([]string, len(lines))
	for i, line := range lines {
		ids[i] = line.ProductID
	}
	return ids
}

// checkLines refuses lines that cannot be one order with problem.Invalid.
func checkLines(lines []inventoryapi.Line, products map[string]catalogapi.Product) error {
	broken := problem.Invalid.New("")
	currency, first := "", map[string]int{}
	for i, line := range lines {
		product, found := products[line.ProductID]
		before, twice := first[line.ProductID]
		var rule string
		switch {
		case twice:
			rule = fmt.Sprintf("is the product of line %d, too: order more pieces there", before)
		case !found:
			rule = "no product has this id"
		case !product.Active:
			rule = "the product is not offered"
		case currency != "" && product.Currency != currency:
			rule = fmt.Sprintf("is sold in %s, and a line before in %s: make an order for each currency", product.Currency, currency)
		default:
			currency, first[line.ProductID] = product.Currency, i
			continue
		}
		broken = broken.With(problem.Field{In: "body", Pointer: fmt.Sprintf("/lines/%d/product_id", i), Detail: rule})
	}
	if len(broken.Fields) > 0 {
		return broken
	}
	return nil
}

// newOrder is an order of lines that were checked.
func (s *Service) newOrder(customer string, lines []inventoryapi.Line, products map[string]catalogapi.Product) *Order {
	now := s.now()
	order := &Order{
		ID: id.New(), CustomerID: customer, Status: Placed, PaymentStatus: Unpaid, Version: 1, PlacedAt: now,
		ExpiresAt: now.Add(s.cfg.PaymentWindow), UpdatedAt: now,
	}
	for i, line := range lines {
		product := products[line.ProductID]
		order.Currency = product.Currency
		order.TotalCents += int64(line.Quantity) * product.PriceCents
		order.Lines = append(order.Lines, Line{
			OrderID: order.ID, LineNo: i, ProductID: product.ID, SKU: product.SKU, Name: product.Name, Quantity: line.Quantity,
			PriceCents: product.PriceCents,
		})
	}
	return order
}

// tell adds to the order's history and publishes what it has become.
func (s *Service) tell(ctx context.Context, order *Order, from Status, reason string) error {
	err := s.repo.InsertChange(ctx, &Change{
		ID: id.New(), OrderID: order.ID, FromStatus: from, ToStatus: order.Status, Actor: auth.PrincipalOf(ctx).UserID, Reason: reason,
		CreatedAt: order.UpdatedAt,
	})
	if err != nil {
		return err
	}
	return s.events.Publish(ctx, order.event(reason))
}

// visible refuses orders of others as if they did not exist.
func (s *Service) visible(ctx context.Context, order *Order) error {
	if order.CustomerID == auth.PrincipalOf(ctx).UserID || auth.May(ctx, Manage) {
		return nil
	}
	return notFound(order.ID)
}

func notFound(orderID string) error {
	return ErrOrderNotFound.Errorf("no order has the id %q", orderID)
}

// Order finds an order. The error is ErrOrderNotFound when there is none, or it is of somebody whose orders whoever sends
// the request may not see.
func (s *Service) Order(ctx context.Context, orderID string) (*Order, error) {
	order, err := s.repo.Order(ctx, orderID)
	if err != nil {
		return nil, err
	}
	return order, s.visible(ctx, order)
}

// Orders lists orders, a page at a time: one's own, and those of all for who may Manage them.
func (s *Service) Orders(ctx context.Context, filter Filter, wanted page.Request) (page.Page[Order], error) {
	if me := auth.PrincipalOf(ctx).UserID; !auth.May(ctx, Manage) {
		if filter.CustomerID != "" && filter.CustomerID != me {
			return page.Page[Order]{}, nil
		}
		filter.CustomerID = me
	}
	return s.repo.Orders(ctx, filter, wanted)
}

// History lists what has happened to an order, a page at a time. The error is that of Order.
func (s *Service) History(ctx context.Context, orderID string, wanted page.Request) (page.Page[Change], error) {
	if _, err := s.Order(ctx, orderID); err != nil {
		return page.Page[Change]{}, err
	}
	return s.repo.Changes(ctx, orderID, wanted)
}
