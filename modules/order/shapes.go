package order

import "time"

// orderV1 is an order in v1 of the API.
type orderV1 struct {
	ID            string        `json:"id" format:"uuid" example:"0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c01"`
	CustomerID    string        `json:"customer_id" format:"uuid" doc:"The user who placed it"`
	Status        Status        `json:"status" enum:"placed,paid,shipped,canceled,expired"`
	Lines         []lineV1      `json:"lines"`
	TotalCents    int64         `json:"total_cents" example:"2598" doc:"Of all lines, in hundredths of the currency"`
	Currency      string        `json:"currency" example:"EUR" doc:"ISO 4217"`
	PaymentStatus PaymentStatus `json:"payment_status" enum:"none,pending,captured,refunding,refunded" doc:"Pending: an attempt was begun, which may have been declined"`
	Carrier       string        `json:"carrier" example:"DHL" doc:"Who has it, once it is shipped"`
	Tracking      string        `json:"tracking" example:"00340434161094042557"`
	Version       int64         `json:"version" example:"1" doc:"Grows by one with every change"`
	PlacedAt      time.Time     `json:"placed_at"`
	ExpiresAt     time.Time     `json:"expires_at" doc:"Until when it has to be paid"`
	UpdatedAt     time.Time     `json:"updated_at"`
}

type lineV1 struct {
	ProductID  string `json:"product_id" format:"uuid"`
	SKU        string `json:"sku" example:"TEA-0001"`
	Name       string `json:"name" example:"Green tea"`
	Quantity   int    `json:"quantity" example:"2"`
	PriceCents int64  `json:"price_cents" example:"1299" doc:"Of one piece when the order was placed, in hundredths of the currency"`
}

func showV1(o *Order) orderV1 {
	shown := orderV1{
		ID: o.ID, CustomerID: o.CustomerID, Status: o.Status, Lines: make([]lineV1, len(o.Lines)), TotalCents: o.TotalCents,
		Currency: o.Currency, PaymentStatus: o.PaymentStatus, Carrier: o.Carrier, Tracking: o.Tracking, Version: o.Version,
		PlacedAt: o.PlacedAt, ExpiresAt: o.ExpiresAt, UpdatedAt: o.UpdatedAt,
	}
	for i, line := range o.Lines {
		shown.Lines[i] = lineV1{line.ProductID, line.SKU, line.Name, line.Quantity, line.PriceCents}
	}
	return shown
}

// orderV2 is an order in v2 of the API.
type orderV2 struct {
	ID            string        `json:"id" format:"uuid" example:"0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c01"`
	CustomerID    string        `json:"customer_id" format:"uuid" doc:"The user who placed it"`
	Status        Status        `json:"status" enum:"placed,paid,shipped,canceled,expired"`
	Lines         []lineV2      `json:"lines"`
	Total         amountV2      `json:"total" doc:"Of all lines"`
	PaymentStatus PaymentStatus `json:"payment_status" enum:"none,pending,captured,refunding,refunded" doc:"Pending: an attempt was begun, which may have been declined"`
	Carrier       string        `json:"carrier" example:"DHL" doc:"Who has it, once it is shipped"`
	Tracking      string        `json:"tracking" example:"00340434161094042557"`
	Version       int64         `json:"version" example:"1" doc:"Grows by one with every change"`
	PlacedAt      time.Time     `json:"placed_at"`
	ExpiresAt     time.Time     `json:"expires_at" doc:"Until when it has to be paid"`
	UpdatedAt     time.Time     `json:"updated_at"`
}

type lineV2 struct {
	ProductID string   `json:"product_id" format:"uuid"`
	SKU       string   `json:"sku" example:"TEA-0001"`
	Name      string   `json:"name" example:"Green tea"`
	Quantity  int      `json:"quantity" example:"2"`
	Price     amountV2 `json:"price" doc:"Of one piece when the order was placed"`
}

// amountV2 is an amount of money.
type amountV2 struct {
	AmountCents int64  `json:"amount_cents" example:"1299" doc:"In hundredths of the currency"`
	Currency    string `json:"currency" example:"EUR" doc:"ISO 4217"`
}

func showV2(o *Order) orderV2 {
	shown := orderV2{
		ID: o.ID, CustomerID: o.CustomerID, Status: o.Status, Lines: make([]lineV2, len(o.Lines)),
		Total: amountV2{o.TotalCents, o.Currency}, PaymentStatus: o.PaymentStatus, Carrier: o.Carrier, Tracking: o.Tracking,
		Version: o.Version, PlacedAt: o.PlacedAt, ExpiresAt: o.ExpiresAt, UpdatedAt: o.UpdatedAt,
	}
	for i, line := range o.Lines {
		shown.Lines[i] = lineV2{line.ProductID, line.SKU, line.Name, line.Quantity, amountV2{line.PriceCents, o.Currency}}
	}
	return shown
}

// change is a line of an order's history in every version of the API.
type change struct {
	From   Status    `json:"from,omitempty" enum:"placed,paid" doc:"Absent when the order was placed"`
	To     Status    `json:"to" enum:"placed,paid,shipped,canceled,expired"`
	Actor  string    `json:"actor" doc:"The user who did it; empty when the application did so by itself"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

func showChange(c *Change) change {
	return change{From: c.FromStatus, To: c.ToStatus, Actor: c.Actor, Reason: c.Reason, At: c.CreatedAt}
}
