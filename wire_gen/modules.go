// Package wiregen is where the modules meet: it lists them, binds what one needs to another that has it, and puts the
// application together with Wire. It is the only place that knows every module.
package wiregen

import (
	"github.com/google/wire"

	"github.com/trellis-go/trellis/modules/catalog"
	"github.com/trellis-go/trellis/modules/identity"
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
	Catalog  catalog.Config
	Identity identity.Config
}

// Modules are the domains of the application.
type Modules struct {
	Catalog  *catalog.Module
	Identity *identity.Module
}

// moduleSet provides every module and its configuration.
//
//nolint:unused // by wire.go, which only Wire builds
var moduleSet = wire.NewSet(
	catalog.Set, wire.FieldsOf(new(ModuleConfigs), "Catalog"),
	identity.Set, wire.FieldsOf(new(ModuleConfigs), "Identity"),
)

// list is the modules in the order in which their operations are documented.
func list(m Modules) []module.Module {
	return []module.Module{
		m.Identity.Module,
		m.Catalog.Module,
	}
}
