package project

import (
	"cmp"
	"encoding/json"
	"fmt"
	"go/ast"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Route is an operation of the API.
type Route struct {
	Module  string `json:"-"` // that has it; empty: the platform does
	ID      string `json:"id"`
	Method  string `json:"method"`
	Path    string `json:"path"`
	Summary string `json:"summary"`

	tag string // the heading in the documents
}

// Routes finds the operations by module: those that stand in its source, and those that a function makes there, which the
// documents of the API have under the module's headings. Those of no module are the platform's.
func (p *Project) Routes() (map[string][]Route, error) {
	modules, err := p.Modules()
	if err != nil {
		return nil, err
	}
	documented, err := p.documented()
	if err != nil {
		return nil, err
	}
	all := map[string][]Route{}
	for _, module := range modules {
		routes, tags, err := p.written(module)
		if err != nil {
			return nil, err
		}
		documented = slices.DeleteFunc(documented, func(route Route) bool {
			known := has(routes, route)
			if !known && slices.Contains(tags, route.tag) {
				route.Module, known = module, true
				routes = append(routes, route)
			}
			return known
		})
		all[module] = routes
	}
	all[""] = documented
	return all, nil
}

func has(routes []Route, one Route) bool {
	return slices.ContainsFunc(routes, func(route Route) bool { return route.ID == one.ID })
}

// written are the operations that stand in a module's source, and the headings of all that are there.
func (p *Project) written(module string) (routes []Route, tags []string, err error) {
	files, err := parseFolder(p.Join("modules/" + module))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		ast.Inspect(files[name], func(node ast.Node) bool {
			literal, ok := node.(*ast.CompositeLit)
			if !ok {
				return true
			}
			kind, ok := literal.Type.(*ast.SelectorExpr)
			if !ok || kind.Sel.Name != "Operation" {
				return true
			}
			members := text(literal)
			tags = append(tags, members["Tag"])
			if members["ID"] != "" && members["Path"] != "" {
				routes = append(routes, Route{module, members["ID"], members["Method"], members["Path"], members["Summary"], members["Tag"]})
			}
			return false
		})
	}
	return routes, tags, err
}

// documented are the operations in the documents of every version of the API, each once.
func (p *Project) documented() ([]Route, error) {
	files, err := filepath.Glob(p.Join("test/api/v*.json"))
	if err != nil {
		return nil, err
	}
	var found []Route
	for _, file := range files {
		content, err := os.ReadFile(file) //nolint:gosec // of a checkout
		if err != nil {
			return nil, err
		}
		var document struct {
			Paths map[string]map[string]struct {
				OperationID string
				Summary     string
				Tags        []string
			}
		}
		if err := json.Unmarshal(content, &document); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for path, methods := range document.Paths {
			for method, o := range methods {
				route := Route{ID: o.OperationID, Method: strings.ToUpper(method), Path: path, Summary: o.Summary, tag: strings.Join(o.Tags, ", ")}
				if !has(found, route) {
					found = append(found, route)
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b Route) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method)) })
	return found, nil
}

// text gives the members of a literal that are texts, or constants of net/http.
func text(literal *ast.CompositeLit) map[string]string {
	members := map[string]string{}
	for _, element := range literal.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		key, ok := pair.Key.(*ast.Ident)
		if !ok {
			continue
		}
		switch value := pair.Value.(type) {
		case *ast.BasicLit:
			members[key.Name], _ = strconv.Unquote(value.Value)
		case *ast.SelectorExpr:
			members[key.Name] = strings.ToUpper(strings.TrimPrefix(value.Sel.Name, "Method"))
		}
	}
	return members
}
