// Package inventoryapi is what other modules may know of the inventory: what is asked of it, and its events.
package inventoryapi

import (
	"net/http"
	"time"

	"github.com/trellis-go/trellis/platform/problem"
)

// ErrInsufficientStock is the problem of pieces that cannot be had.
var ErrInsufficientStock = problem.Define(http.StatusConflict, "insufficient_stock", "There is not enough stock",
	"Fewer pieces can be had than are asked for. The errors member names each product and how many there are, where the "+
		"request says how many it asks for. Nothing was written; ask for fewer, or come again.")

// Line is a number of pieces of one product.
type Line struct {
	ProductID string `json:"product_id"`
	Quantity  int    `json:"quantity"`
}

// Stock is what an event says of a product at a location, after the change. Version grows with every change.
type Stock struct {
	ProductID string    `json:"product_id"`
	Location  string    `json:"location"`
	OnHand    int       `json:"on_hand"`   // pieces that are there
	Reserved  int       `json:"reserved"`  // of them, promised to somebody
	Available int       `json:"available"` // of them, still to be had
	ChangedAt time.Time `json:"changed_at"`
	Version   int64     `json:"version"`
}

// EventSubject is the product's id.
func (s Stock) EventSubject() string { return s.ProductID }

// ChangedV1 tells that stock was adjusted, reserved, released or committed.
type ChangedV1 struct {
	Stock
	Reason string `json:"reason"`
}

// EventType is stock.changed.v1.
func (ChangedV1) EventType() string { return "stock.changed.v1" }
