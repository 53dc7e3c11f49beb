//go:build wireinject

package wiregen

import (
	"github.com/google/wire"

	"github.com/trellis-go/trellis/platform"
	"github.com/trellis-go/trellis/platform/log"
	"github.com/trellis-go/trellis/platform/telemetry"
)

// New puts the application together. It connects nothing: that is for App.Run.
func New(cfg Config, logger *log.Logger, build telemetry.Build) (*Application, error) {
	wire.Build(
		wire.FieldsOf(new(Config), "Config", "Modules"),
		platform.Set,
		moduleSet, wire.Struct(new(Modules), "*"), list,
		Permissions,
		migrationFiles,
		wire.Struct(new(Application), "*"),
	)
	return nil, nil
}
