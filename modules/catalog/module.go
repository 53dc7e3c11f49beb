// Package catalog is the domain of what is sold: products and the categories they are in.
//
// Its operations are served in v1 and v2 of the API, which differ in how they show a price. Products can be imported
// from CSV and exported to it as streams; an import also in the background, as a task.
package catalog

import (
	"github.com/google/wire"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/tasks"
)

// Write is the permission to change what is sold. Everybody may see it.
const Write auth.Permission = "catalog:write"

// Set provides the module and what it is made of.
var Set = wire.NewSet(New, NewHandler, NewService, NewRepository)

// Module is the catalog as the application sees it.
type Module struct{ module.Module }

// New puts the module together.
func New(h *Handler) *Module {
	return &Module{module.Module{
		Name:      "catalog",
		Database:  h.cfg.Database,
		Routes:    h.routes,
		Tasks:     h.service.handlers(h.cfg),
		Schedules: []tasks.Schedule{cleaning},
		Models:    []any{&Product{}, &Category{}, &productCategory{}, &chunk{}},
	}}
}
