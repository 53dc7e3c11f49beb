// Package order is the domain of who buys what: orders are placed, paid, shipped, or come to nothing.
//
//	placed → paid → shipped
//	placed → canceled, expired
//	paid → canceled
//
// Placing an order takes the prices of the moment and reserves the stock, in one transaction. An order that is not paid
// within the payment window expires, and gives its stock back. Money moves outside of transactions, at a provider behind
// Payments: an order remembers that a payment was begun before it is, so that whatever happens in between, of an order that
// came to nothing no money is kept.
package order

import (
	"time"

	"github.com/google/wire"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/tasks"
)

// Manage is the permission to see and cancel the orders of all, and to ship them. Everybody else has their own.
const Manage auth.Permission = "order:manage"

// Set provides the module and what it is made of. The application binds Catalog and Stock.
var Set = wire.NewSet(New, NewHandler, NewService, NewRepository, NewPayments)

// The kinds of task of the module.
const (
	expireKind tasks.Kind[struct{}, expireResult]     = "order.expire"
	refundKind tasks.Kind[refundParams, refundResult] = "order.refund"
)

// refundAttempts is how often a refund is tried before its task has failed, for somebody to look into, and another follows: for
// about eight hours.
const refundAttempts = 100

// Module is orders as the application sees them.
type Module struct{ module.Module }

// New puts the module together.
func New(h *Handler) *Module {
	cfg := h.service.cfg
	return &Module{module.Module{
		Name:     "order",
		Database: cfg.Database,
		Joins:    []string{"catalog", "inventory"},
		Routes:   h.routes,
		Tasks: []tasks.Handler{
			expireKind.On(h.service.runExpire, tasks.Options{Retention: time.Hour}),
			refundKind.On(h.service.runRefund, tasks.Options{Attempts: refundAttempts, Timeout: time.Minute}),
		},
		Schedules: []tasks.Schedule{tasks.Every("order.expire", cfg.ExpireEvery, expireKind, struct{}{})},
		Models:    []any{&Order{}, &Line{}, &Change{}},
	}}
}
