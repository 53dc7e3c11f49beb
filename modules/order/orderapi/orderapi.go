// Package orderapi is what other modules may know of orders: their events. They are published in the transaction of the
// change, in order for each order.
package orderapi

import "time"

// Line is one product of an order, as it was when the order was placed.
type Line struct {
	ProductID  string `json:"product_id"`
	SKU        string `json:"sku"`
	Name       string `json:"name"`
	Quantity   int    `json:"quantity"`
	PriceCents int64  `json:"price_cents"` // of one piece, in the currency's hundredths
}

// Order is what an event says of an order, after the change. Version grows with every change of the order.
type Order struct {
	ID         string    `json:"id"`
	CustomerID string    `json:"customer_id"` // the user who placed it
	Status     string    `json:"status"`
	Lines      []Line    `json:"lines"`
	TotalCents int64     `json:"total_cents"` // of all lines, in the currency's hundredths
	Currency   string    `json:"currency"`    // ISO 4217
	PlacedAt   time.Time `json:"placed_at"`
	ChangedAt  time.Time `json:"changed_at"` // when what the event tells of happened
	Version    int64     `json:"version"`
}

// EventSubject is the order's id.
func (o Order) EventSubject() string { return o.ID }

// PlacedV1 tells of a new order, whose stock is reserved.
type PlacedV1 struct{ Order }

// EventType is order.placed.v1.
func (PlacedV1) EventType() string { return "order.placed.v1" }

// PaidV1 tells that an order was paid.
type PaidV1 struct{ Order }

// EventType is order.paid.v1.
func (PaidV1) EventType() string { return "order.paid.v1" }

// ShippedV1 tells that an order has left the house.
type ShippedV1 struct{ Order }

// EventType is order.shipped.v1.
func (ShippedV1) EventType() string { return "order.shipped.v1" }

// CanceledV1 tells of an order that was given up before it was shipped. Its stock is free again.
type CanceledV1 struct {
	Order
	Reason string `json:"reason"`
}

// EventType is order.canceled.v1.
func (CanceledV1) EventType() string { return "order.canceled.v1" }

// ExpiredV1 tells of an order that was not paid in time. Its stock is free again.
type ExpiredV1 struct{ Order }

// EventType is order.expired.v1.
func (ExpiredV1) EventType() string { return "order.expired.v1" }
