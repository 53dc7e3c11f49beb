// Package webhook is the domain of telling others what has happened: who wants to know of which events, and the deliveries
// of them over HTTP, signed as Standard Webhooks has it (https://www.standardwebhooks.com).
//
// An event becomes a row for each webhook that wants it, in the transaction that takes note of the event, and a job of the
// queue. The job sends it, outside of any transaction, and comes again after a failure with growing waits. What was
// sent and what came back is kept for a time, to be read and to be sent again.
package webhook

import (
	"github.com/google/wire"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/subscription"
	"github.com/trellis-go/trellis/platform/tasks"
)

// Manage is the permission to say who is told of what, and to see what they were told.
const Manage auth.Permission = "webhook:manage"

// Set provides the module and what it is made of.
var Set = wire.NewSet(New, NewHandler, NewService, NewRepository, NewSender)

// Module is webhook as the application sees it.
type Module struct{ module.Module }

// New puts the module together.
func New(h *Handler, sender *Sender) *Module {
	s, worker := h.service, sender.worker()
	return &Module{module.Module{
		Name:          "webhook",
		Database:      s.cfg.Database,
		Routes:        func(api *httpapi.API) { h.routes(api.V(httpapi.DefaultVersion)) },
		Tasks:         []tasks.Handler{s.cleaner()},
		Schedules:     []tasks.Schedule{cleaning},
		Subscriptions: []subscription.Subscription{subscription.OnAny("webhook.deliveries", Types(), s.Deliver, subscription.Unordered())},
		Workers:       []module.Worker{{Run: worker.Run, Drain: worker.Drain}},
		Models:        []any{&Webhook{}, &Delivery{}, &Attempt{}},
	}}
}
