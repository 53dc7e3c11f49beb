package plan

import (
	"slices"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/edit"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

const (
	permissionsFile = "wire_gen/permissions.go"
	matrixFile      = "test/boundaries/policy_test.go"
)

// changeGuard changes a file that says who may do what, in projects that have it.
func (p *Plan) changeGuard(path string, change func([]byte) ([]byte, error)) error {
	if !p.Guarded() || !p.Tree.Exists(path) {
		return nil
	}
	return p.change(path, change)
}

// allow lists operations of a module in the matrix, for those who may call what is generated.
func (p *Plan) allow(m spec.Module, operations []string) error {
	who := "staff"
	if m.Owner != "" {
		who = "customer staff"
	}
	return p.changeGuard(matrixFile, func(source []byte) ([]byte, error) { return edit.Matrix(source, operations, who, true) })
}

// grant lets the staff do what a new module has permissions for.
func (p *Plan) grant(m spec.Module) error {
	if err := p.allow(m, m.OperationIDs()); err != nil {
		return err
	}
	permissions := []string{"Read", "Write"}
	if m.Owner != "" {
		permissions = []string{"Manage"}
	}
	return p.changeGuard(permissionsFile, func(source []byte) ([]byte, error) {
		return edit.Grant(source, "Staff", p.mounting(m), p.Path, permissions...)
	})
}

// revoke takes all that is said of a module out.
func (p *Plan) revoke(module string, m spec.Module) error {
	operations, err := p.operations(module, m)
	if err != nil {
		return err
	}
	err = p.changeGuard(matrixFile, func(source []byte) ([]byte, error) { return edit.Matrix(source, operations, "", false) })
	if err != nil {
		return err
	}
	return p.changeGuard(permissionsFile, func(source []byte) ([]byte, error) { return edit.Revoke(source, p.mounting(m)) })
}

// regrant lets everybody do under the new name what they might under the old one.
func (p *Plan) regrant(module string, now, next spec.Module) error {
	operations, err := p.operations(module, now)
	if err != nil {
		return err
	}
	err = p.changeGuard(matrixFile, func(source []byte) ([]byte, error) {
		return edit.RenameInMatrix(source, operations, newWords(now, next).replace)
	})
	if err != nil {
		return err
	}
	return p.changeGuard(permissionsFile, func(source []byte) ([]byte, error) {
		return edit.Regrant(source, p.mounting(now), p.mounting(next), p.Path)
	})
}

// operations are the ids of those that a module was generated with, and of those that it has.
func (p *Plan) operations(module string, m spec.Module) ([]string, error) {
	ids := m.OperationIDs()
	routes, err := p.Routes()
	for _, route := range routes[module] {
		if !slices.Contains(ids, route.ID) {
			ids = append(ids, route.ID)
		}
	}
	return ids, err
}
