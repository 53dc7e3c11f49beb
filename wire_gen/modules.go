// Package wiregen is where the modules meet: it lists them, binds what one needs to another that has it, and puts the
// application together with Wire. It is the only place that knows every module.
package wiregen

import (
	"github.com/google/wire"

	"github.com/trellis-go/trellis/modules/catalog"
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
	Catalog catalog.Config
}

// Modules are the domains of the application.
type Modules struct {
	Catalog *catalog.Module
}

// moduleSet provides every module and its configuration.
//
//nolint:unused // by wire.go, which only Wire builds
var moduleSet = wire.NewSet(
	catalog.Set, wire.FieldsOf(new(ModuleConfigs), "Catalog"),
)

// list is the modules in the order in which their operations are documented.
func list(m Modules) []module.Module {
	return []module.Module{
		m.Catalog.Module,
	}
}
