// Package inventory is the domain of what is there: how many pieces of which product lie at which location, who changed
// that and why, and what of it is promised to somebody.
//
// Every change of what is on hand has an entry in a ledger that only grows. A reservation promises pieces, at one location
// or several, until it is committed, released, or expires; other modules make one in their own transaction, under a reference
// that names it, so that they may ask again. Rows are locked in one order, that of their ids, so transactions that want the
// same products wait for each other and do not deadlock.
package inventory

import (
	"time"

	"github.com/google/wire"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/tasks"
)

// The permissions of the module. How many pieces of a product can be had, everybody may know.
const (
	Read  auth.Permission = "inventory:read"  // see stock, its ledger and reservations
	Write auth.Permission = "inventory:write" // adjust stock
)

// Set provides the module and what it is made of. The application binds Catalog.
var Set = wire.NewSet(New, NewHandler, NewService, NewRepository)

const expireKind tasks.Kind[struct{}, expireResult] = "inventory.expire"

// Module is the inventory as the application sees it.
type Module struct{ module.Module }

// New puts the module together.
func New(h *Handler) *Module {
	return &Module{module.Module{
		Name:      "inventory",
		Database:  h.cfg.Database,
		Joins:     []string{"catalog"},
		Routes:    h.routes,
		Tasks:     []tasks.Handler{expireKind.On(h.service.runExpire, tasks.Options{Retention: time.Hour})},
		Schedules: []tasks.Schedule{tasks.Every("inventory.expire", h.cfg.ExpireEvery, expireKind, struct{}{})},
		Models:    []any{&Stock{}, &Entry{}, &Reservation{}, &Hold{}},
	}}
}
