package inventory

import (
	"context"
	"errors"
	"fmt"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/problem"
)

// Repository has every query of the inventory. Its methods join the transaction of their context.
type Repository struct{ *database.DB }

// NewRepository takes the database that the configuration names.
func NewRepository(cfg Config, databases *database.Manager) (*Repository, error) {
	db, err := databases.DB(cfg.Database)
	if err != nil {
		return nil, fmt.Errorf("modules.inventory.database: %w", err)
	}
	return &Repository{DB: db}, nil
}

// StockFilter chooses stock. Its zero value chooses all.
type StockFilter struct {
	ProductID string // "": of any
	Location  string // "": at any
}

// Stocks lists stock by product and location, a page at a time.
func (r *Repository) Stocks(ctx context.Context, f StockFilter, wanted page.Request) (page.Page[Stock], error) {
	query := r.Reader(ctx).Scopes(wanted.Keyset("id").Scope)
	if f.ProductID != "" {
		query = query.Where("product_id = ?", f.ProductID)
	}
	if f.Location != "" {
		query = query.Where("location = ?", f.Location)
	}
	var rows []Stock
	if err := query.Find(&rows).Error; err != nil {
		return page.Page[Stock]{}, fmt.Errorf("list stock: %w", err)
	}
	return page.Cut(rows, wanted.Limit, func(s *Stock) page.Position { return page.Position{Value: s.ID, ID: s.ID} }), nil
}

// Available counts the pieces of a product that can be had everywhere. Known tells whether there is, or was, any.
func (r *Repository) Available(ctx context.Context, productID string) (pieces int64, known bool, err error) {
	var found struct{ Places, Pieces int64 }
	err = r.Reader(ctx).Model(&Stock{}).Where("product_id = ?", productID).
		Select("COUNT(*) AS places, COALESCE(SUM(on_hand - reserved), 0) AS pieces").Take(&found).Error
	if err != nil {
		return 0, false, fmt.Errorf("count what is available of the product %s: %w", productID, err)
	}
	return found.Pieces, found.Places > 0, nil
}

// LockStock finds the stock of a product at a location for a transaction that is going to change it: others who want to do
// so wait. It is nil when there is none.
func (r *Repository) LockStock(ctx context.Context, productID, location string) (*Stock, error) {
	var found Stock
	err := r.Writer(ctx).Scopes(database.ForUpdate).Where("id = ?", stockID(productID, location)).Take(&found).Error
	if database.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("lock the stock of the product %s at %s: %w", productID, location, err)
	}
	return &found, nil
}

// LockStocks finds all stock of the products, in the order of the ids, and locks it in that order.
func (r *Repository) LockStocks(ctx context.Context, productIDs []string) ([]Stock, error) {
	var found []Stock
	err := r.Writer(ctx).Scopes(database.ForUpdate).Where("product_id IN ?", productIDs).Order("id").Find(&found).Error
	if err != nil {
		return nil, fmt.Errorf("lock the stock of %d products: %w", len(productIDs), err)
	}
	return found, nil
}

// InsertStock stores the stock of a product at a location where it had none. When another transaction has just done so the
// error is database.ErrBusy, which makes InTx begin again.
func (r *Repository) InsertStock(ctx context.Context, stock *Stock) error {
	err := r.Writer(ctx).Create(stock).Error
	if errors.Is(err, database.ErrDuplicate) {
		return fmt.Errorf("insert the stock %s: %w: %w", stock.ID, database.ErrBusy, err)
	}
	if err != nil {
		return fmt.Errorf("insert the stock %s: %w", stock.ID, err)
	}
	return nil
}

// UpdateStock stores stock that was locked and changed.
func (r *Repository) UpdateStock(ctx context.Context, stock *Stock) error {
	stored := r.Writer(ctx).Model(&Stock{}).Where("id = ? AND version = ?", stock.ID, stock.Version-1).Updates(map[string]any{
		"on_hand": stock.OnHand, "reserved": stock.Reserved, "version": stock.Version, "updated_at": stock.UpdatedAt,
	})
	if stored.Error != nil {
		return fmt.Errorf("update the stock %s: %w", stock.ID, stored.Error)
	}
	if stored.RowsAffected == 0 {
		return problem.Trace(fmt.Errorf("update the stock %s: it was changed although it was locked", stock.ID))
	}
	return nil
}

// InsertEntries adds to the ledger.
func (r *Repository) InsertEntries(ctx context.Context, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	if err := r.Writer(ctx).Create(&entries).Error; err != nil {
		return fmt.Errorf("add %d entries to the ledger: %w", len(entries), err)
	}
	return nil
}

// Entries lists the ledger of a product, a page at a time.
func (r *Repository) Entries(ctx context.Context, productID string, wanted page.Request) (page.Page[Entry], error) {
	var rows []Entry
	err := r.Reader(ctx).Scopes(wanted.Keyset("created_at").Scope).Where("product_id = ?", productID).Find(&rows).Error
	if err != nil {
		return page.Page[Entry]{}, fmt.Errorf("list the ledger of the product %s: %w", productID, err)
	}
	return page.Cut(rows, wanted.Limit, func(e *Entry) page.Position { return page.Position{Value: e.CreatedAt, ID: e.ID} }), nil
}
