package project

import (
	"errors"
	"fmt"
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
		routes, err := p.Routes(module)
		if err != nil {
			return err
		}
		failed = append(failed, clash(m, routes)...)
	}
	if m.Package() != "" && p.Has("platform/"+m.Package()) {
		failed = append(failed, fmt.Errorf("there is a package platform/%s: two of one name are confusing where both are imported", m.Package()))
	}
	return errors.Join(failed...)
}

func clash(m spec.Module, routes []Route) []error {
	var failed []error
	ids := []string{"list-" + m.Slugs(), "create-" + m.Slug(), "get-" + m.Slug()}
	for _, route := range routes {
		if route.Path == m.Route() || strings.HasPrefix(route.Path, m.Route()+"/") {
			return []error{fmt.Errorf("modules/%s serves %s already: %s", route.Module, m.Route(), route.ID)}
		}
		if slices.Contains(ids, route.ID) {
			failed = append(failed, fmt.Errorf("modules/%s has an operation %s already", route.Module, route.ID))
		}
	}
	return failed
}
