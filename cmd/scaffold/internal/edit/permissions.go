package edit

import (
	"errors"
	"slices"

	"github.com/dave/dst"
)

// Grant gives a role permissions of a module in the table of permissions, unless it has them.
func Grant(source []byte, role string, m Mounting, group string, names ...string) ([]byte, error) {
	return permissions(source, func(file *File, table *dst.FuncDecl) error {
		var granted *dst.CompositeLit
		dst.Inspect(table, func(node dst.Node) bool {
			if pair, ok := node.(*dst.KeyValueExpr); ok && isSelector(pair.Key, "auth", role) {
				granted, _ = pair.Value.(*dst.CompositeLit)
			}
			return granted == nil
		})
		if granted == nil {
			return errors.New("the table of permissions has no line for auth." + role)
		}
		for _, name := range names {
			if !slices.ContainsFunc(granted.Elts, func(e dst.Expr) bool { return isSelector(e, m.Package, name) }) {
				granted.Elts = append(granted.Elts, Selector(m.Package, name))
			}
		}
		return file.AddImport(m.Import, group)
	})
}

// Revoke takes every permission of a module out of every role's line.
func Revoke(source []byte, m Mounting) ([]byte, error) {
	return permissions(source, func(file *File, table *dst.FuncDecl) error {
		dst.Inspect(table, func(node dst.Node) bool {
			if granted, ok := node.(*dst.CompositeLit); ok {
				granted.Elts = slices.DeleteFunc(granted.Elts, func(e dst.Expr) bool { return isOf(e, m.Package) })
			}
			return true
		})
		file.RemoveImport(m.Import)
		return nil
	})
}

// Regrant gives whoever has a permission of a module the one of that name of another module instead.
func Regrant(source []byte, from, to Mounting, group string) ([]byte, error) {
	return permissions(source, func(file *File, table *dst.FuncDecl) error {
		used := false
		dst.Inspect(table, func(node dst.Node) bool {
			if e, ok := node.(dst.Expr); ok && isOf(e, from.Package) {
				e.(*dst.SelectorExpr).X, used = dst.NewIdent(to.Package), true
			}
			return true
		})
		file.RemoveImport(from.Import)
		if !used {
			return nil
		}
		return file.AddImport(to.Import, group)
	})
}

// isOf tells whether an expression is something of a package.
func isOf(expression dst.Expr, pkg string) bool {
	selector, ok := expression.(*dst.SelectorExpr)
	return ok && isSelector(expression, pkg, selector.Sel.Name)
}

func permissions(source []byte, change func(*File, *dst.FuncDecl) error) ([]byte, error) {
	file, err := Parse(source)
	if err != nil {
		return nil, err
	}
	table, err := file.Function("Permissions")
	if err != nil {
		return nil, err
	}
	if err := change(file, table); err != nil {
		return nil, err
	}
	return file.Bytes()
}
