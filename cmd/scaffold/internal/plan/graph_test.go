package plan_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

func TestTheGraphIsGeneratedAgainOnlyWhenSomethingIsMadeOfOtherParts(t *testing.T) {
	folder := generated(t)
	listed, err := os.ReadFile(filepath.Join(folder, "wire_gen/modules.go"))
	require.NoError(t, err)
	assert.True(t, begin(t, folder).Regraphed(), "it lacks the module")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "wire_gen/wire_gen.go"), listed, 0o600)) // it imports what modules.go does
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "platform/outbox"), 0o750))

	operation := begin(t, folder)
	require.NoError(t, operation.AddOperation("invoice", spec.Operation{Name: "send", Method: "POST"}))
	assert.False(t, operation.Regraphed(), "what a service can do is no part of it")
	event := begin(t, folder)
	require.NoError(t, event.AddEvent("invoice", spec.Created))
	assert.True(t, event.Regraphed(), "the service is made with an outbox")
	other := begin(t, folder)
	require.NoError(t, other.AddModule(spec.Module{Name: "note", Fields: []spec.Field{{Name: "rank", Type: spec.Int}}}))
	assert.True(t, other.Regraphed())
}
