// Package catalogapi is what other modules may know of the catalog: its events. They are published in the transaction of
// the change, in order for each product.
package catalogapi

// Product is what an event says of a product, after the change. Version grows with every change of the product.
type Product struct {
	ID         string `json:"id"`
	SKU        string `json:"sku"`
	Name       string `json:"name"`
	PriceCents int64  `json:"price_cents"` // in the currency's hundredths
	Currency   string `json:"currency"`    // ISO 4217
	Active     bool   `json:"active"`      // offered to customers
	Version    int64  `json:"version"`
}

// EventSubject is the product's id.
func (p Product) EventSubject() string { return p.ID }

// CreatedV1 tells of a new product.
type CreatedV1 struct{ Product }

// EventType is product.created.v1.
func (CreatedV1) EventType() string { return "product.created.v1" }

// UpdatedV1 tells of a product that was changed.
type UpdatedV1 struct{ Product }

// EventType is product.updated.v1.
func (UpdatedV1) EventType() string { return "product.updated.v1" }

// DeletedV1 tells of a product that is gone. Its SKU is free again.
type DeletedV1 struct{ Product }

// EventType is product.deleted.v1.
func (DeletedV1) EventType() string { return "product.deleted.v1" }
