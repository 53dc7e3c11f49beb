package boundaries

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/test/testkit/graph"
)

// TestWhatModulesDescribeIsNamedAfterThem looks at the names in the OpenAPI documents, also of bodies whose type has none:
// two modules may each have a placeInput.
func TestWhatModulesDescribeIsNamedAfterThem(t *testing.T) {
	a := graph.New(t)
	for _, version := range httpapi.Versions {
		raw, err := a.API.V(version.Number).OpenAPI()
		require.NoError(t, err)
		var document struct {
			Components struct {
				Schemas map[string]any `json:"schemas"`
			} `json:"components"`
		}
		require.NoError(t, json.Unmarshal(raw, &document))
		for name := range document.Components.Schemas {
			assert.Regexp(t, `^[A-Z]\w*$`, name, "in %s", version)
		}
	}
}
