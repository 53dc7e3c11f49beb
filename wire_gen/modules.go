// Package wiregen is where the modules meet: it lists them, binds what one needs to another that has it, and puts the
// application together with Wire. It is the only place that knows every module.
package wiregen

import (
	"github.com/google/wire"

	"github.com/trellis-go/trellis/modules/analytics"
	"github.com/trellis-go/trellis/modules/catalog"
	"github.com/trellis-go/trellis/modules/identity"
	"github.com/trellis-go/trellis/modules/inventory"
	"github.com/trellis-go/trellis/modules/order"
	"github.com/trellis-go/trellis/modules/webhook"
	"github.com/trellis-go/trellis/platform"
	"github.com/trellis-go/trellis/platform/module"
)

// Config is the whole configuration: the platform's sections, and one for each module under modules.
type Config struct {
	platform.Config `mapstructure:",squash"`
	Modules         ModuleConfigs
}

// ModuleConfigs has the section of each module.
type ModuleConfigs struct {
	Catalog   catalog.Config
	Identity  identity.Config
	Inventory inventory.Config
	Order     order.Config
	Analytics analytics.Config
	Webhook   webhook.Config
}

// Modules are the domains of the application.
type Modules struct {
	Catalog   *catalog.Module
	Identity  *identity.Module
	Inventory *inventory.Module
	Order     *order.Module
	Analytics *analytics.Module
	Webhook   *webhook.Module
}

// moduleSet provides every module and its configuration.
//
//nolint:unused // by wire.go, which only Wire builds
var moduleSet = wire.NewSet(
	analytics.Set, wire.FieldsOf(new(ModuleConfigs), "Analytics"),
	catalog.Set, wire.FieldsOf(new(ModuleConfigs), "Catalog"),
	identity.Set, wire.FieldsOf(new(ModuleConfigs), "Identity"),
	inventory.Set, wire.FieldsOf(new(ModuleConfigs), "Inventory"), wire.Bind(new(inventory.Catalog), new(*catalog.Service)),
	order.Set, wire.FieldsOf(new(ModuleConfigs), "Order"),
	wire.Bind(new(order.Catalog), new(*catalog.Service)), wire.Bind(new(order.Stock), new(*inventory.Service)),
	webhook.Set, wire.FieldsOf(new(ModuleConfigs), "Webhook"),
)

// list is the modules in the order in which their operations are documented. The configuration is named for Wire, which
// refuses what nobody needs, where there is no module yet.
func list(m Modules, _ ModuleConfigs) []module.Module {
	return []module.Module{
		m.Identity.Module,
		m.Catalog.Module,
		m.Inventory.Module,
		m.Order.Module,
		m.Analytics.Module,
		m.Webhook.Module,
	}
}
