package project

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// Clashes finds what the project has already and a new module would have, too.
func (p *Project) Clashes(m spec.Module) error {
	modules, err := p.Modules()
	if err != nil {
		return err
	}
	if slices.Contains(modules, m.Package()) {
		return fmt.Errorf("there is a module %s already, in modules/%s", m.Package(), m.Package())
	}
	tables, err := p.Tables()
	if err != nil {
		return err
	}
	var failed []error
	if file, taken := tables[m.Table()]; taken {
		failed = append(failed, fmt.Errorf("there is a table %s already: the migration %s makes it", m.Table(), file))
	}
	for _, module := range modules {
		if strings.HasPrefix(m.Table(), module+"_") {
			failed = append(failed, fmt.Errorf("the table %s would look as if it belonged to modules/%s", m.Table(), module))
		}
	}
	if m.Package() != "" && p.Has("platform/"+m.Package()) {
		failed = append(failed, fmt.Errorf("there is a package platform/%s: two of one name are confusing where both are imported", m.Package()))
	}
	routes, err := p.Routes()
	if err != nil {
		return err
	}
	problems, err := p.problems()
	if err != nil {
		return err
	}
	for _, code := range m.Problems() {
		if file, taken := problems[code]; taken {
			failed = append(failed, fmt.Errorf("there is a problem %s already: %s defines it", code, file))
		}
	}
	for _, module := range slices.Sorted(maps.Keys(routes)) {
		failed = append(failed, clash(m, routes[module])...)
	}
	return errors.Join(failed...)
}

func clash(m spec.Module, routes []Route) []error {
	var failed []error
	ids := m.OperationIDs()
	for _, route := range routes {
		who := "the platform"
		if route.Module != "" {
			who = "modules/" + route.Module
		}
		if route.Path == m.Route() || strings.HasPrefix(route.Path, m.Route()+"/") {
			return []error{fmt.Errorf("%s serves %s already: %s", who, m.Route(), route.ID)}
		}
		if slices.Contains(ids, route.ID) {
			failed = append(failed, fmt.Errorf("%s has an operation %s already", who, route.ID))
		}
	}
	return failed
}

var defined = regexp.MustCompile(`(?m)^(?:var|\s)\s*\w+\s*=\s*(?:problem\.)?Define\(\s*[\w.]+,\s*"(\w+)"`)

// problems are the codes of all that is answered for an error, with the file that defines them.
func (p *Project) problems() (map[string]string, error) {
	found := map[string]string{}
	for _, folder := range []string{"modules", "platform"} {
		err := filepath.WalkDir(p.Join(folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			content, err := os.ReadFile(path) //nolint:gosec // of a checkout
			for _, match := range defined.FindAllSubmatch(content, -1) {
				relative, _ := filepath.Rel(p.Root, path) // it is below
				found[string(match[1])] = filepath.ToSlash(relative)
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return found, nil
}
