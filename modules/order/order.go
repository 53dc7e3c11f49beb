package order

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/trellis-go/trellis/modules/inventory/inventoryapi"
	"github.com/trellis-go/trellis/modules/order/orderapi"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/problem"
)

// The problems of orders.
var (
	ErrOrderNotFound = problem.Define(http.StatusNotFound, "order_not_found", "The order does not exist",
		"No order has this id, or it is somebody else's.")
	ErrOrderStatus = problem.Define(http.StatusConflict, "order_status", "The order's status does not allow this",
		"An order is placed, then paid, then shipped; it can be canceled until it is shipped, and expires when it is not paid in "+
			"time. The allowed member lists what it can become from the status it has now. Read it again, then decide.")
)

// Status is how far an order has come.
type Status string

// The statuses of an order.
const (
	Placed   Status = "placed"
	Paid     Status = "paid"
	Shipped  Status = "shipped"  // final
	Canceled Status = "canceled" // final
	Expired  Status = "expired"  // final: it was not paid in time
)

// moves is what an order of each status can become.
var moves = map[Status][]Status{
	Placed: {Paid, Canceled, Expired},
	Paid:   {Shipped, Canceled},
}

// PaymentStatus is how far the payment of an order has come.
type PaymentStatus string

// The statuses of a payment.
const (
	Unpaid    PaymentStatus = "none"
	Pending   PaymentStatus = "pending"   // an attempt was begun: the provider may have the money
	Captured  PaymentStatus = "captured"  // the provider has the money
	Refunding PaymentStatus = "refunding" // whatever the provider has is being given back
	Refunded  PaymentStatus = "refunded"
)

// Order is what somebody buys.
type Order struct {
	ID            string        `gorm:"size:36;primaryKey;index:order_orders_placed,priority:2;index:order_orders_customer,priority:3;index:order_orders_status,priority:3;index:order_orders_due,priority:3;index:order_orders_payment,priority:2"`
	CustomerID    string        `gorm:"size:36;not null;index:order_orders_customer,priority:1"` // the user who placed it
	Status        Status        `gorm:"size:20;not null;index:order_orders_status,priority:1;index:order_orders_due,priority:1"`
	TotalCents    int64         `gorm:"not null"`        // of all lines, in the currency's hundredths
	Currency      string        `gorm:"size:3;not null"` // ISO 4217
	PaymentStatus PaymentStatus `gorm:"size:20;not null;index:order_orders_payment,priority:1"`
	PaymentRef    string        `gorm:"size:200;not null"` // what the provider calls the payment; empty before there is one
	Carrier       string        `gorm:"size:100;not null"`
	Tracking      string        `gorm:"size:200;not null"`
	Version       int64         `gorm:"not null"` // grows by one with every change
	PlacedAt      time.Time     `gorm:"precision:6;not null;index:order_orders_placed,priority:1;index:order_orders_customer,priority:2;index:order_orders_status,priority:2"`
	ExpiresAt     time.Time     `gorm:"precision:6;not null;index:order_orders_due,priority:2"` // unless it is paid before
	UpdatedAt     time.Time     `gorm:"precision:6;not null;autoUpdateTime:false"`

	Lines []Line `gorm:"-"` // in the order of the request
}

// TableName names the table.
func (Order) TableName() string { return "order_orders" }

// Line is one product of an order, as it was when the order was placed.
type Line struct {
	OrderID    string `gorm:"size:36;primaryKey"`
	LineNo     int    `gorm:"primaryKey;autoIncrement:false"`
	ProductID  string `gorm:"size:36;not null"`
	SKU        string `gorm:"size:64;not null"`
	Name       string `gorm:"size:200;not null"`
	Quantity   int    `gorm:"not null"`
	PriceCents int64  `gorm:"not null"` // of one piece, in the currency's hundredths

	Order *Order // never loaded: makes the foreign key
}

// TableName names the table.
func (Line) TableName() string { return "order_lines" }

// Change is a line of an order's history.
type Change struct {
	ID         string    `gorm:"size:36;primaryKey;index:order_changes_order,priority:3"`
	OrderID    string    `gorm:"size:36;not null;index:order_changes_order,priority:1"`
	FromStatus Status    `gorm:"size:20;not null"` // empty: the order was placed
	ToStatus   Status    `gorm:"size:20;not null"`
	Actor      string    `gorm:"size:36;not null"` // the user who did it; empty: the application by itself
	Reason     string    `gorm:"size:500;not null"`
	CreatedAt  time.Time `gorm:"precision:6;not null;autoCreateTime:false;index:order_changes_order,priority:2"`

	Order *Order // never loaded: makes the foreign key
}

// TableName names the table.
func (Change) TableName() string { return "order_changes" }

// may refuses what the order cannot become with ErrOrderStatus.
func (o *Order) may(become Status) error {
	allowed := moves[o.Status]
	if slices.Contains(allowed, become) {
		return nil
	}
	names := make([]string, len(allowed))
	for i, status := range allowed {
		names[i] = string(status)
	}
	detail := fmt.Sprintf("the order is %s and cannot become %s, nor anything else", o.Status, become)
	if len(names) > 0 {
		detail = fmt.Sprintf("the order is %s and cannot become %s, only %s", o.Status, become, strings.Join(names, " or "))
	}
	return ErrOrderStatus.New(detail).Allow(names...)
}

// due tells whether the time to pay the order is over.
func (o *Order) due(now time.Time) bool { return o.Status == Placed && !o.ExpiresAt.After(now) }

// paid tells whether the order is paid, and neither shipped nor given up since.
func (o *Order) paid() bool { return o.Status == Paid && o.PaymentStatus == Captured }

// touched tells whether the provider may have money for the order.
func (o *Order) touched() bool { return o.PaymentStatus == Pending || o.PaymentStatus == Captured }

// pieces is what the order needs of the stock.
func (o *Order) pieces() []inventoryapi.Line {
	pieces := make([]inventoryapi.Line, len(o.Lines))
	for i, line := range o.Lines {
		pieces[i] = inventoryapi.Line{ProductID: line.ProductID, Quantity: line.Quantity}
	}
	return pieces
}

// event tells what the order has become.
func (o *Order) event(reason string) outbox.Event {
	told := orderapi.Order{
		ID: o.ID, CustomerID: o.CustomerID, Status: string(o.Status), TotalCents: o.TotalCents, Currency: o.Currency,
		PlacedAt: o.PlacedAt, ChangedAt: o.UpdatedAt, Version: o.Version,
	}
	for _, line := range o.Lines {
		told.Lines = append(told.Lines, orderapi.Line{
			ProductID: line.ProductID, SKU: line.SKU, Name: line.Name, Quantity: line.Quantity, PriceCents: line.PriceCents,
		})
	}
	switch o.Status {
	case Paid:
		return orderapi.PaidV1{Order: told}
	case Shipped:
		return orderapi.ShippedV1{Order: told}
	case Canceled:
		return orderapi.CanceledV1{Order: told, Reason: reason}
	case Expired:
		return orderapi.ExpiredV1{Order: told}
	default:
		return orderapi.PlacedV1{Order: told}
	}
}
