package telemetry_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/telemetry"
)

func TestTheReleaseNamesTheVersion(t *testing.T) {
	assert.Equal(t, "v1.2.3", telemetry.ReadBuild("v1.2.3").Version)
	assert.NotEmpty(t, telemetry.ReadBuild("").Version)
}

func TestTheRegistryDescribesTheRuntimeAndTheBuild(t *testing.T) {
	families, err := telemetry.NewRegistry(telemetry.Build{Version: "v1", Go: "go1"}).Gather()
	require.NoError(t, err)
	names := map[string]bool{}
	for _, family := range families {
		names[family.GetName()] = true
	}
	assert.True(t, names["trellis_build_info"])
	assert.True(t, names["go_goroutines"])
	assert.True(t, names["process_start_time_seconds"])
}
