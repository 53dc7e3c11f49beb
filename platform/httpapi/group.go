package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"go.yaml.in/yaml/v3"
)

const schemaPrefix = "#/components/schemas/"

// newGroup makes a version with an empty OpenAPI document.
func newGroup(api *API, version Version) *Group {
	group := &Group{api: api, version: version}
	group.huma = humagin.NewWithGroup(api.engine, api.engine.Group(version.Prefix()), huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    information(version),
			Servers: []*huma.Server{{URL: version.Prefix(), Description: "This server"}},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry(schemaPrefix, group.schemaName), SecuritySchemes: securitySchemes(),
			},
			Security: []map[string][]string{},
		},
		Formats:                      map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	})
	group.document = sync.OnceValues(group.render)
	return group
}

func information(version Version) *huma.Info {
	text := "Errors are RFC 9457 problem documents. The version is chosen by the path, /api/" + version.String() +
		"/…, or under /api/… by the header `API-Version: " + fmt.Sprint(version.Number) + "` or `Accept: application/vnd.trellis." +
		version.String() + "+json`."
	if !version.Deprecated.IsZero() {
		text += "\n\n**Deprecated** since " + version.Deprecated.Format(time.DateOnly)
		if !version.Sunset.IsZero() {
			text += ", switched off on " + version.Sunset.Format(time.DateOnly)
		}
		text += ". Use the next version."
	}
	return &huma.Info{
		Title: "Trellis", Version: fmt.Sprintf("%d.0.0", version.Number), Description: text,
		Contact: &huma.Contact{Name: "Trellis", URL: "https://github.com/trellis-go/trellis"},
		License: &huma.License{Name: "MIT", Identifier: "MIT"},
	}
}

var (
	typePath      = regexp.MustCompile(`(?:[\w.~-]+/)*modules/(\w+)\.(\w+)|(?:[\w.~-]+/)*\w+\.(\w+)`)
	versionSuffix = regexp.MustCompile(`V[0-9]+$`)
)

// schemaName names a type in the OpenAPI document: a module's types begin with its name and lose the version that
// each document has one of, so that productV1 of modules/catalog is CatalogProduct, and a List of it
// CatalogProductList. A type without a name is one of the operation that is being registered.
func (g *Group) schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := t.Name()
	if name == "" {
		return qualified(g.registering + "." + hint)
	}
	outer, argument, generic := strings.Cut(strings.TrimSuffix(name, "]"), "[")
	if !generic {
		return qualified(t.PkgPath() + "." + name)
	}
	return qualified(argument) + outer
}

// qualified is the schema name of a type given by its package path and name.
func qualified(path string) string {
	parts := typePath.FindStringSubmatch(path)
	if parts == nil {
		return capital(path)
	}
	if module := parts[1]; module != "" {
		name := versionSuffix.ReplaceAllString(parts[2], "")
		if strings.HasPrefix(strings.ToLower(name), module) {
			return capital(name)
		}
		return capital(module) + capital(name)
	}
	if strings.Contains(path, "platform/problem.") {
		return "Problem" + capital(parts[3])
	}
	return capital(parts[3])
}

func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

func (g *Group) problemSchema() *huma.Schema {
	return g.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
}

type documents struct{ json, yaml []byte }

// render fixes the OpenAPI document, when every operation is registered.
func (g *Group) render() (documents, error) {
	g.huma.OpenAPI().Tags = g.tags()
	var tree any
	raw, err := json.Marshal(g.huma.OpenAPI())
	if err == nil {
		err = json.Unmarshal(raw, &tree)
	}
	if err != nil {
		return documents{}, fmt.Errorf("render the OpenAPI document of %s: %w", g.version, err)
	}
	dropForeign(tree)
	inJSON, err := json.MarshalIndent(tree, "", "  ")
	if err != nil {
		return documents{}, fmt.Errorf("render the OpenAPI document of %s: %w", g.version, err)
	}
	inYAML, err := yaml.Marshal(tree)
	if err != nil {
		return documents{}, fmt.Errorf("render the OpenAPI document of %s: %w", g.version, err)
	}
	return documents{json: append(inJSON, '\n'), yaml: inYAML}, nil
}

// dropForeign takes out of a document what huma puts beside a pattern for its own messages: OpenAPI has no such member.
func dropForeign(tree any) {
	switch node := tree.(type) {
	case map[string]any:
		if _, ok := node["pattern"].(string); ok {
			delete(node, "patternDescription")
		}
		for _, child := range node {
			dropForeign(child)
		}
	case []any:
		for _, child := range node {
			dropForeign(child)
		}
	}
}

// tags lists the headings of the operations in the order they were registered.
func (g *Group) tags() []*huma.Tag {
	var tags []*huma.Tag
	seen := map[string]bool{}
	for _, operation := range g.operations {
		if name := operation.Tag; !seen[name] {
			seen[name] = true
			tags = append(tags, &huma.Tag{Name: name, Description: "Everything under " + name + "."})
		}
	}
	return tags
}

// OpenAPI is the version's document in JSON. Operations registered after the first call are not in it.
func (g *Group) OpenAPI() ([]byte, error) {
	rendered, err := g.document()
	return rendered.json, err
}

// serveDocument answers with the OpenAPI document in one of its forms.
func (g *Group) serveDocument(contentType string, form func(documents) []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		rendered, err := g.document()
		if err != nil {
			writeProblem(w, r, err)
			return
		}
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(form(rendered))
	}
}
