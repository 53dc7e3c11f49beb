package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// documentInput lets the document say what a client has to send: one type is both sent and answered, and its members
// that only the server sets are not required of a request. What is validated stays the type itself.
func (g *Group) documentInput(method, path string) {
	operation := operationOf(g.huma.OpenAPI().Paths[path], method)
	if operation == nil || operation.RequestBody == nil {
		return
	}
	for _, media := range operation.RequestBody.Content {
		if media.Schema != nil && media.Schema.Ref != "" {
			media.Schema = inputOf(g.huma.OpenAPI().Components.Schemas, media.Schema)
		}
	}
}

func operationOf(item *huma.PathItem, method string) *huma.Operation {
	switch {
	case item == nil:
		return nil
	case method == http.MethodPost:
		return item.Post
	case method == http.MethodPut:
		return item.Put
	default:
		return nil // a patch requires nothing, the others have no body
	}
}

// inputOf is whole without the requirement of read-only members, with its name and Input behind it; whole itself when
// it requires none.
func inputOf(types huma.Registry, whole *huma.Schema) *huma.Schema {
	schema := types.SchemaFromRef(whole.Ref)
	input := *schema
	input.Required = slices.DeleteFunc(slices.Clone(schema.Required), func(member string) bool {
		return schema.Properties[member].ReadOnly
	})
	if len(input.Required) == len(schema.Required) {
		return whole
	}
	name := strings.TrimPrefix(whole.Ref, schemaPrefix) + "Input"
	types.Map()[name] = &input
	return &huma.Schema{Ref: schemaPrefix + name}
}
