package httpapi_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/httpapi"
)

func TestEveryVersionHasADocumentOfItsOwn(t *testing.T) {
	api := newAPI(t, nil)
	for _, version := range httpapi.Versions {
		document := decode[map[string]any](t, get(t, api, "/openapi/"+version.String()+".json"))
		assert.Equal(t, "3.1.0", document["openapi"])
		assert.Equal(t, []any{map[string]any{"url": version.Prefix(), "description": "This server"}}, document["servers"])
		operation := document["paths"].(map[string]any)["/cups"].(map[string]any)["post"].(map[string]any)
		assert.Equal(t, !version.Deprecated.IsZero(), operation["deprecated"] == true)
	}
}

func TestTheDocumentIsServedAsYAMLToo(t *testing.T) {
	answer := get(t, newAPI(t, nil), "/openapi/v1.yaml")
	assert.Equal(t, "application/yaml", answer.Header.Get("Content-Type"))
	assert.Contains(t, text(t, answer), "openapi: 3.1.0")
}

func TestTheDocumentNamesTheProblemsOfAnOperation(t *testing.T) {
	document, err := newAPI(t, nil).V(1).OpenAPI()
	require.NoError(t, err)
	var parsed struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Description string
				Content     map[string]json.RawMessage
			}
		}
	}
	require.NoError(t, json.Unmarshal(document, &parsed))
	responses := parsed.Paths["/cups"]["post"].Responses
	for status, code := range map[string]string{"400": "malformed_body", "422": "validation_failed", "429": "rate_limited", "500": "internal"} {
		assert.Contains(t, responses[status].Description, code)
		assert.Contains(t, responses[status].Content, "application/problem+json")
	}
}

func TestTypesAreNamedWithTheirModule(t *testing.T) {
	document, err := newAPI(t, nil).V(1).OpenAPI()
	require.NoError(t, err)
	assert.Contains(t, string(document), `"#/components/schemas/Cup"`)
	assert.Contains(t, string(document), `"#/components/schemas/Problem"`)
	assert.NotContains(t, string(document), "$schema")
}

func TestAReadOnlyMemberIsRequiredOfAnswersOnly(t *testing.T) {
	document, err := newAPI(t, nil).V(1).OpenAPI()
	require.NoError(t, err)
	var parsed struct {
		Components struct {
			Schemas map[string]struct{ Required []string }
		}
		Paths map[string]map[string]json.RawMessage
	}
	require.NoError(t, json.Unmarshal(document, &parsed))
	assert.Equal(t, []string{"name", "size", "maker"}, parsed.Components.Schemas["Cup"].Required)
	assert.Equal(t, []string{"name", "size"}, parsed.Components.Schemas["CupInput"].Required)
	assert.Contains(t, string(parsed.Paths["/cups"]["post"]), `"#/components/schemas/CupInput"`)
	assert.NotContains(t, string(document), "patternDescription")
}

func TestTheDocumentationLoadsNothingFromElsewhere(t *testing.T) {
	api := newAPI(t, nil)
	for _, path := range []string{"/docs", "/redoc", "/problems", "/problems/internal"} {
		answer := get(t, api, path)
		require.Equal(t, http.StatusOK, answer.StatusCode)
		assert.Regexp(t, "default-src 'none'; script-src 'self'", answer.Header.Get("Content-Security-Policy"))
		page := text(t, answer)
		assert.NotRegexp(t, `(?:src|href)="(?:https?:)?//`, page)
		assert.NotRegexp(t, `<script>`, page, "no inline script")
		for _, asset := range regexp.MustCompile(`(?:src|href)="(/docs/assets/[^"]+)"`).FindAllStringSubmatch(page, -1) {
			loaded := get(t, api, asset[1])
			assert.Equal(t, http.StatusOK, loaded.StatusCode, asset[1])
			assert.NotEmpty(t, text(t, loaded), asset[1])
			assert.Contains(t, loaded.Header.Get("Cache-Control"), "immutable")
		}
	}
}

func TestAssetsAreCompressedForThoseWhoTakeThem(t *testing.T) {
	api := newAPI(t, nil)
	zipped := send(t, api, request{method: "GET", path: "/docs/assets/redoc.standalone.js", header: map[string]string{"Accept-Encoding": "gzip"}})
	assert.Equal(t, "gzip", zipped.Header.Get("Content-Encoding"))
	assert.Equal(t, "no-cache", zipped.Header.Get("Cache-Control"), "it may be of another version than the page")
	plain := get(t, api, "/docs/assets/redoc.standalone.js")
	assert.Empty(t, plain.Header.Get("Content-Encoding"))
	assert.Less(t, len(text(t, zipped)), len(text(t, plain))/2)
	assert.Equal(t, http.StatusNotFound, get(t, api, "/docs/assets/nothing.js").StatusCode)
}

func TestAReaderChoosesTheVersion(t *testing.T) {
	api := newAPI(t, nil)
	assert.Contains(t, text(t, get(t, api, "/redoc?version=v1")), `data-url="/openapi/v1.json"`)
	assert.Contains(t, text(t, get(t, api, "/redoc")), `data-url="/openapi/v2.json"`)
	assert.Contains(t, text(t, get(t, api, "/redoc?version=v99")), `data-url="/openapi/v2.json"`)
}

func TestTheFrontDoorLeadsToTheDocumentation(t *testing.T) {
	answer := get(t, newAPI(t, nil), "/")
	assert.Equal(t, http.StatusFound, answer.StatusCode)
	assert.Equal(t, "/docs", answer.Header.Get("Location"))
}

func TestOperationsAreListed(t *testing.T) {
	operations := newAPI(t, nil).Operations()
	require.NotEmpty(t, operations)
	assert.Equal(t, "/api/v1/cups", operations[0].Path)
	assert.Equal(t, "make", operations[0].ID)
}
