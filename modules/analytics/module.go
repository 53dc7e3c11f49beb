// Package analytics is the domain of what is known about business: how much is sold over time, which products, how many
// orders get how far, and what a basket is worth.
//
// It counts facts, one for each event of an order, which it learns from events alone. They are kept in a Warehouse: in
// ClickHouse, where it is configured, and else in the database of the module. Reports are also streamed as CSV, and
// /dashboard draws them.
package analytics

import (
	"github.com/google/wire"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/subscription"
	"github.com/trellis-go/trellis/platform/tasks"
)

// Read is the permission to see reports.
const Read auth.Permission = "analytics:read"

// Set provides the module and what it is made of.
var Set = wire.NewSet(New, NewHandler, NewService, NewRepository, OpenWarehouse, NewRecorder)

// Module is analytics as the application sees it.
type Module struct{ module.Module }

// New puts the module together.
func New(h *Handler, r *Recorder) *Module {
	return &Module{module.Module{
		Name:     "analytics",
		Database: h.cfg.Database,
		Routes:   h.routes,
		Workers:  []module.Worker{{Run: r.Run}},
		Models:   []any{&factRow{}, &soldRow{}, &Product{}, &underWay{}, &waiting{}},

		Tasks:     []tasks.Handler{r.cleaner()},
		Schedules: []tasks.Schedule{cleaning},
		Subscriptions: []subscription.Subscription{
			subscription.On("analytics.orders", r.OrderPlaced,
				subscription.Also(r.OrderPaid), subscription.Also(r.OrderShipped),
				subscription.Also(r.OrderCanceled), subscription.Also(r.OrderExpired)),
			subscription.On("analytics.products", r.ProductCreated,
				subscription.Also(r.ProductUpdated), subscription.Also(r.ProductDeleted)),
		},
	}}
}
