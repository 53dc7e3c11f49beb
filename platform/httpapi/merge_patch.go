package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	jsonpatch "github.com/evanphx/json-patch/v5"

	"github.com/trellis-go/trellis/platform/problem"
)

// MergePatch is the body of an operation that changes some members of a T, as RFC 7396 has it: members that are left
// out stay, null takes a member back to its default. Its schema is T's with every member optional.
type MergePatch[T any] struct {
	patch    []byte
	validate func(document any) error
}

// UnmarshalJSON keeps the patch as it came.
func (m *MergePatch[T]) UnmarshalJSON(patch []byte) error {
	m.patch = append(m.patch[:0], patch...)
	return nil
}

// Schema is the schema of the patch. Huma asks for it once, when the operation is registered.
func (m MergePatch[T]) Schema(types huma.Registry) *huma.Schema {
	return patchOf(types, types.Schema(reflect.TypeFor[T](), true, ""))
}

// patchOf is the schema of a patch of what whole refers to, with the name of whole and Patch behind it.
func patchOf(types huma.Registry, whole *huma.Schema) *huma.Schema {
	name := strings.TrimPrefix(whole.Ref, schemaPrefix) + "Patch"
	if _, made := types.Map()[name]; !made {
		patch := *types.SchemaFromRef(whole.Ref)
		types.Map()[name] = &patch // before its members, which may refer to it
		patch.Required = nil
		patch.Properties = make(map[string]*huma.Schema, len(patch.Properties))
		whole := types.SchemaFromRef(whole.Ref)
		for member, schema := range whole.Properties {
			patch.Properties[member] = optional(types, schema, slices.Contains(whole.Required, member))
		}
		patch.PrecomputeMessages()
	}
	return &huma.Schema{Ref: schemaPrefix + name}
}

// optional is the schema of a member of a patch: it may be null, unless it is an object that must be there, which is patched
// in turn. One that may be absent is taken away by null; its schema stands in its place, since a reference cannot be null.
func optional(types huma.Registry, whole *huma.Schema, required bool) *huma.Schema {
	if whole.Ref != "" {
		patch := patchOf(types, whole)
		if required {
			return patch
		}
		whole = types.SchemaFromRef(patch.Ref)
	}
	loose := *whole
	loose.Default = nil
	loose.Nullable = true
	loose.PrecomputeMessages()
	return &loose
}

// Resolve remembers how a whole T is validated, for the result of the merge.
func (m *MergePatch[T]) Resolve(hctx huma.Context) []error {
	types := exchangeOf(hctx.Context()).group.huma.OpenAPI().Components.Schemas
	whole := types.SchemaFromRef(types.Schema(reflect.TypeFor[T](), true, "").Ref)
	m.validate = func(document any) error {
		var result huma.ValidateResult
		huma.Validate(types, whole, huma.NewPathBuffer([]byte("body"), 4), huma.ModeWriteToServer, document, &result)
		if len(result.Errors) > 0 {
			return fromHuma(http.StatusUnprocessableEntity, "", result.Errors)
		}
		return nil
	}
	return nil
}

// Apply merges the patch into current and checks that the result is a valid T; problem.Invalid names the fields when
// it is not.
func (m *MergePatch[T]) Apply(current T) (T, error) {
	var merged T
	before, err := json.Marshal(current)
	if err != nil {
		return merged, fmt.Errorf("encode what the patch is applied to: %w", err)
	}
	after, err := jsonpatch.MergePatch(before, m.patch)
	if err != nil {
		return merged, problem.Malformed.New("the body is not a JSON merge patch").Because(err)
	}
	var document any
	if err := json.Unmarshal(after, &document); err != nil {
		return merged, fmt.Errorf("decode the merged document: %w", err)
	}
	if err := m.validate(document); err != nil {
		return merged, err
	}
	if err := jsonFormat.Unmarshal(after, &merged); err != nil {
		return merged, problem.Invalid.New("").With(problem.Field{In: "body", Detail: err.Error()})
	}
	return merged, nil
}
