package plan

import (
	"slices"
	"strings"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/project"
)

// Listed is a module as list shows it.
type Listed struct {
	Name       string          `json:"name"`
	Generated  bool            `json:"generated"`
	Tables     []string        `json:"tables"`
	Operations []project.Route `json:"operations"`
	Uses       []string        `json:"uses"` // the modules whose leaves it imports
	Fields     []string        `json:"fields,omitempty"`
}

// List describes every module.
func (p *Plan) List() ([]Listed, error) {
	modules, err := p.Modules()
	if err != nil {
		return nil, err
	}
	tables, err := p.Tables()
	if err != nil {
		return nil, err
	}
	routes, err := p.Routes()
	if err != nil {
		return nil, err
	}
	var all []Listed
	for _, module := range modules {
		one, err := p.describe(module, tables, routes[module])
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func (p *Plan) describe(module string, tables map[string]string, routes []project.Route) (Listed, error) {
	one := Listed{Name: module, Tables: []string{}, Operations: routes, Uses: []string{}}
	if record, generated := p.manifest.Modules[module]; generated {
		one.Generated, one.Fields = true, record.Fields
	}
	for table := range tables {
		if strings.HasPrefix(table, module+"_") {
			one.Tables = append(one.Tables, table)
		}
	}
	slices.Sort(one.Tables)
	imports, err := p.Imports(module)
	if err != nil {
		return one, err
	}
	for _, path := range imports {
		other, ours := strings.CutPrefix(path, p.Path+"/modules/")
		other, _, _ = strings.Cut(other, "/")
		if ours && other != module && !slices.Contains(one.Uses, other) {
			one.Uses = append(one.Uses, other)
		}
	}
	return one, nil
}
