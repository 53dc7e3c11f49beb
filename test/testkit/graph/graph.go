// Package graph builds the whole application for tests: the same injector that the server uses, with other
// configuration.
package graph

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/configs"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/log"
	"github.com/trellis-go/trellis/platform/telemetry"
	wiregen "github.com/trellis-go/trellis/wire_gen"
)

// New builds the application in the test environment, on a database of its own that does not exist yet. The settings
// are keys and values in turn.
func New(t testing.TB, settings ...string) *wiregen.Application {
	t.Helper()
	flags := map[string]string{
		"databases.primary.driver": "sqlite",
		"databases.primary.dsn":    filepath.Join(t.TempDir(), "test.db"),
	}
	for i := 0; i < len(settings); i += 2 {
		flags[settings[i]] = settings[i+1]
	}
	loaded, err := config.Load[wiregen.Config](config.Options{Environment: "test", Embedded: configs.Files, Flags: flags})
	require.NoError(t, err)
	logger, err := log.New(loaded.Value.Log, io.Discard)
	require.NoError(t, err)
	application, err := wiregen.New(loaded.Value, logger, telemetry.ReadBuild("test"))
	require.NoError(t, err)
	return application
}
