package order

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/problem"
)

// Repository has every query of orders. Its methods join the transaction of their context.
type Repository struct{ *database.DB }

// NewRepository takes the database that the configuration names.
func NewRepository(cfg Config, databases *database.Manager) (*Repository, error) {
	db, err := databases.DB(cfg.Database)
	if err != nil {
		return nil, fmt.Errorf("modules.order.database: %w", err)
	}
	return &Repository{DB: db}, nil
}

// Order finds an order with its lines. The error is ErrOrderNotFound when there is none.
func (r *Repository) Order(ctx context.Context, orderID string) (*Order, error) {
	return r.order(ctx, r.Reader(ctx), orderID)
}

// LockOrder is Order for a transaction that is going to change it: others who want to do so wait.
func (r *Repository) LockOrder(ctx context.Context, orderID string) (*Order, error) {
	return r.order(ctx, r.Writer(ctx).Scopes(database.ForUpdate), orderID)
}

// order finds the one with that id; for MySQL ids are equal when one has spaces at its end.
func (r *Repository) order(ctx context.Context, db *gorm.DB, orderID string) (*Order, error) {
	var found Order
	err := db.Where("id = ?", orderID).Take(&found).Error
	if database.IsNotFound(err) || err == nil && found.ID != orderID {
		return nil, notFound(orderID)
	}
	if err != nil {
		return nil, fmt.Errorf("find the order %s: %w", orderID, err)
	}
	orders := []Order{found}
	if err := r.loadLines(ctx, orders); err != nil {
		return nil, err
	}
	return &orders[0], nil
}

func (r *Repository) loadLines(ctx context.Context, orders []Order) error {
	if len(orders) == 0 {
		return nil
	}
	ids, byID := make([]string, len(orders)), make(map[string]*Order, len(orders))
	for i := range orders {
		ids[i], byID[orders[i].ID] = orders[i].ID, &orders[i]
	}
	var lines []Line
	if err := r.Reader(ctx).Where("order_id IN ?", ids).Order("order_id, line_no").Find(&lines).Error; err != nil {
		return fmt.Errorf("find the lines of %d orders: %w", len(ids), err)
	}
	for _, line := range lines {
		order := byID[line.OrderID]
		order.Lines = append(order.Lines, line)
	}
	return nil
}

// Filter chooses orders. Its zero value chooses all.
type Filter struct {
	CustomerID string // "": of anybody
	Status     Status // "": any
}

// Orders lists orders with their lines by the time they were placed, a page at a time.
func (r *Repository) Orders(ctx context.Context, f Filter, wanted page.Request) (page.Page[Order], error) {
	query := r.Reader(ctx).Scopes(wanted.Keyset("placed_at").Scope)
	if f.CustomerID != "" {
		query = query.Where("customer_id = ?", f.CustomerID)
	}
	if f.Status != "" {
		query = query.Where("status = ?", f.Status)
	}
	var rows []Order
	if err := query.Find(&rows).Error; err != nil {
		return page.Page[Order]{}, fmt.Errorf("list orders: %w", err)
	}
	found := page.Cut(rows, wanted.Limit, func(o *Order) page.Position { return page.Position{Value: o.PlacedAt, ID: o.ID} })
	return found, r.loadLines(ctx, found.Items)
}

// InsertOrder stores a new order with its lines.
func (r *Repository) InsertOrder(ctx context.Context, order *Order) error {
	if err := r.Writer(ctx).Create(order).Error; err != nil {
		return fmt.Errorf("insert the order %s: %w", order.ID, err)
	}
	if err := r.Writer(ctx).Create(&order.Lines).Error; err != nil {
		return fmt.Errorf("insert the lines of the order %s: %w", order.ID, err)
	}
	return nil
}

// UpdateOrder stores an order that was locked and changed, without its lines, and raises its version.
func (r *Repository) UpdateOrder(ctx context.Context, order *Order) error {
	read := order.Version
	order.Version++
	stored := r.Writer(ctx).Model(&Order{}).Where("id = ? AND version = ?", order.ID, read).
		Select("status", "payment_status", "payment_ref", "carrier", "tracking", "version", "updated_at").Updates(order)
	if stored.Error != nil {
		return fmt.Errorf("update the order %s: %w", order.ID, stored.Error)
	}
	if stored.RowsAffected == 0 {
		return problem.Trace(fmt.Errorf("update the order %s: it was changed although it was locked", order.ID))
	}
	return nil
}

// InsertChange adds to the history of an order.
func (r *Repository) InsertChange(ctx context.Context, change *Change) error {
	if err := r.Writer(ctx).Create(change).Error; err != nil {
		return fmt.Errorf("add to the history of the order %s: %w", change.OrderID, err)
	}
	return nil
}

// Changes lists the history of an order, a page at a time.
func (r *Repository) Changes(ctx context.Context, orderID string, wanted page.Request) (page.Page[Change], error) {
	var rows []Change
	err := r.Reader(ctx).Scopes(wanted.Keyset("created_at").Scope).Where("order_id = ?", orderID).Find(&rows).Error
	if err != nil {
		return page.Page[Change]{}, fmt.Errorf("list the history of the order %s: %w", orderID, err)
	}
	return page.Cut(rows, wanted.Limit, func(c *Change) page.Position { return page.Position{Value: c.CreatedAt, ID: c.ID} }), nil
}

// DueOrders finds the ids of orders that were not paid in time at now, at most so many, in order, after the last one of the
// batch before.
func (r *Repository) DueOrders(ctx context.Context, now time.Time, after string, limit int) ([]string, error) {
	var found []string
	err := r.Reader(database.Fresh(ctx)).Model(&Order{}).Where("status = ? AND expires_at <= ? AND id > ?", Placed, now, after).
		Order("id").Limit(limit).Pluck("id", &found).Error
	if err != nil {
		return nil, fmt.Errorf("find the orders whose time is over: %w", err)
	}
	return found, nil
}

// OwedOrders finds the ids of orders whose money is being given back, at most so many, in order, after the last one of the
// batch before.
func (r *Repository) OwedOrders(ctx context.Context, after string, limit int) ([]string, error) {
	var found []string
	err := r.Reader(database.Fresh(ctx)).Model(&Order{}).Where("payment_status = ? AND id > ?", Refunding, after).
		Order("id").Limit(limit).Pluck("id", &found).Error
	if err != nil {
		return nil, fmt.Errorf("find the orders whose money is owed: %w", err)
	}
	return found, nil
}
