package edit

import (
	"errors"
	"slices"

	"github.com/dave/dst"
)

// Grant gives a role permissions of a module in the table of permissions, unless it has them.
func Grant(source []byte, role string, m Mounting, group string, names ...string) ([]byte, error) {
	return permissions(source, role, func(file *File, granted *dst.CompositeLit) error {
		for _, name := range names {
			if slices.ContainsFunc(granted.Elts, func(e dst.Expr) bool { return isSelector(e, m.Package, name) }) {
				continue
			}
			granted.Elts = append(granted.Elts, Selector(m.Package, name))
		}
		return file.AddImport(m.Import, group)
	})
}

// Revoke takes every permission of a module out of a role's line.
func Revoke(source []byte, role string, m Mounting) ([]byte, error) {
	return permissions(source, role, func(file *File, granted *dst.CompositeLit) error {
		granted.Elts = slices.DeleteFunc(granted.Elts, func(e dst.Expr) bool {
			selector, ok := e.(*dst.SelectorExpr)
			return ok && isSelector(e, m.Package, selector.Sel.Name)
		})
		file.RemoveImport(m.Import)
		return nil
	})
}

func permissions(source []byte, role string, change func(*File, *dst.CompositeLit) error) ([]byte, error) {
	file, err := Parse(source)
	if err != nil {
		return nil, err
	}
	function, err := file.Function("Permissions")
	if err != nil {
		return nil, err
	}
	var granted *dst.CompositeLit
	dst.Inspect(function, func(node dst.Node) bool {
		if pair, ok := node.(*dst.KeyValueExpr); ok && isSelector(pair.Key, "auth", role) {
			granted, _ = pair.Value.(*dst.CompositeLit)
		}
		return granted == nil
	})
	if granted == nil {
		return nil, errors.New("the table of permissions has no line for auth." + role)
	}
	if err := change(file, granted); err != nil {
		return nil, err
	}
	return file.Bytes()
}
