package inventory

import (
	"fmt"
	"net/http"
	"time"

	"github.com/trellis-go/trellis/modules/inventory/inventoryapi"
	"github.com/trellis-go/trellis/platform/problem"
)

// The problems of stock.
var (
	ErrInsufficientStock = inventoryapi.ErrInsufficientStock
	ErrProductUnknown    = problem.Define(http.StatusNotFound, "product_unknown", "The inventory does not know the product",
		"No product has this id, or it was deleted and was never in stock.")
)

// maxPieces is the most that may lie at a location. The tags of the request types repeat it.
const maxPieces = 1_000_000_000

// Stock is how many pieces of a product lie at a location. Reserved is never more than OnHand, and neither is negative.
type Stock struct {
	ID        string    `gorm:"size:101;primaryKey;index:inventory_stocks_product,priority:2;index:inventory_stocks_location,priority:2"` // see stockID
	ProductID string    `gorm:"size:36;not null;index:inventory_stocks_product,priority:1"`
	Location  string    `gorm:"size:64;not null;index:inventory_stocks_location,priority:1"`
	OnHand    int64     `gorm:"not null"` // pieces that are there
	Reserved  int64     `gorm:"not null"` // of them, promised to somebody
	Version   int64     `gorm:"not null"` // grows by one with every change
	CreatedAt time.Time `gorm:"precision:6;not null;autoCreateTime:false"`
	UpdatedAt time.Time `gorm:"precision:6;not null;autoUpdateTime:false"`
}

// TableName names the table.
func (Stock) TableName() string { return "inventory_stocks" }

// stockID names the stock of a product at a location. Its order is that of the products and their locations: whatever index
// a database locks rows by, it locks them in this order.
func stockID(productID, location string) string { return productID + "@" + location }

// Available is how many pieces can still be had.
func (s *Stock) Available() int64 { return s.OnHand - s.Reserved }

// adjust changes what is on hand. The error is ErrInsufficientStock when fewer would remain than are promised, and
// problem.Invalid when it would be more than there is room for.
func (s *Stock) adjust(delta int64) error {
	if delta < -s.Available() {
		return ErrInsufficientStock.Errorf("%d pieces of the product %s can be taken from %s", s.Available(), s.ProductID, s.Location).
			With(problem.Field{In: "body", Pointer: "/delta", Detail: fmt.Sprintf("must be at least %d", -s.Available())})
	}
	if s.OnHand+delta > maxPieces {
		return problem.Invalid.New("").With(problem.Field{
			In: "body", Pointer: "/delta", Detail: fmt.Sprintf("must be at most %d: a location has room for %d pieces", maxPieces-s.OnHand, maxPieces),
		})
	}
	s.OnHand += delta
	return nil
}

// event tells of the stock after a change.
func (s *Stock) event(reason string) inventoryapi.ChangedV1 {
	return inventoryapi.ChangedV1{
		Stock: inventoryapi.Stock{
			ProductID: s.ProductID, Location: s.Location, OnHand: int(s.OnHand), Reserved: int(s.Reserved),
			Available: int(s.Available()), ChangedAt: s.UpdatedAt, Version: s.Version,
		},
		Reason: reason,
	}
}

// The reasons that the application gives by itself, beside those of adjustInput and the states of reservations.
const (
	reasonReserved = "reserved" // pieces were promised
	reasonSold     = "sold"     // pieces left with a reservation that was committed
)

// Entry is one change of what is on hand. Entries are never changed: those of a stock add up to what is on hand.
type Entry struct {
	ID        string    `gorm:"size:36;primaryKey;index:inventory_entries_product,priority:3"`
	ProductID string    `gorm:"size:36;not null;index:inventory_entries_product,priority:1"`
	Location  string    `gorm:"size:64;not null"`
	Delta     int64     `gorm:"not null"`
	OnHand    int64     `gorm:"not null"` // after the change
	Version   int64     `gorm:"not null"` // of the stock, after the change
	Reason    string    `gorm:"size:20;not null"`
	Note      string    `gorm:"size:500;not null"`
	Reference string    `gorm:"size:100;not null"` // of the reservation that was committed; empty: none was
	Actor     string    `gorm:"size:36;not null"`  // the user who changed it; empty: the application by itself
	CreatedAt time.Time `gorm:"precision:6;not null;autoCreateTime:false;index:inventory_entries_product,priority:2"`
}

// TableName names the table.
func (Entry) TableName() string { return "inventory_entries" }
