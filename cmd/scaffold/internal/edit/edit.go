// Package edit changes existing Go files on their syntax tree: comments stay where they are, what is there already is not
// added again, and the result is what gofmt writes.
package edit

import (
	"bytes"
	"fmt"
	"go/token"
	"slices"
	"strconv"

	"github.com/dave/dst"
	"github.com/dave/dst/decorator"
)

// File is a Go file that is being changed.
type File struct{ tree *dst.File }

// Parse reads a Go file.
func Parse(source []byte) (*File, error) {
	tree, err := decorator.Parse(source)
	if err != nil {
		return nil, err
	}
	return &File{tree}, nil
}

// Bytes is the file as gofmt writes it.
func (f *File) Bytes() ([]byte, error) {
	var out bytes.Buffer
	err := decorator.Fprint(&out, f.tree)
	return out.Bytes(), err
}

// AddImport adds an import to the group of those that begin with group, in alphabetical order.
func (f *File) AddImport(path, group string) error {
	declaration := f.imports()
	if declaration == nil {
		return fmt.Errorf("there is no import to put %s beside", path)
	}
	at := len(declaration.Specs)
	for i, spec := range declaration.Specs {
		there, err := strconv.Unquote(spec.(*dst.ImportSpec).Path.Value)
		if err != nil {
			return err
		}
		if there == path {
			return nil
		}
		if len(there) >= len(group) && there[:len(group)] == group && there > path {
			at = min(at, i)
		}
	}
	added := &dst.ImportSpec{Path: &dst.BasicLit{Kind: token.STRING, Value: strconv.Quote(path)}}
	added.Decs.Before, added.Decs.After = dst.NewLine, dst.NewLine
	if at < len(declaration.Specs) { // the blank line before a group stays before its first
		next := declaration.Specs[at].Decorations()
		added.Decs.Before, next.Before = next.Before, dst.NewLine
	}
	declaration.Specs = slices.Insert(declaration.Specs, at, dst.Spec(added))
	return nil
}

// RemoveImport removes an import, if it is there.
func (f *File) RemoveImport(path string) {
	declaration := f.imports()
	if declaration == nil {
		return
	}
	at := slices.IndexFunc(declaration.Specs, func(spec dst.Spec) bool {
		return spec.(*dst.ImportSpec).Path.Value == strconv.Quote(path)
	})
	if at < 0 {
		return
	}
	if before := declaration.Specs[at].Decorations().Before; before == dst.EmptyLine && at+1 < len(declaration.Specs) {
		declaration.Specs[at+1].Decorations().Before = before
	}
	declaration.Specs = slices.Delete(declaration.Specs, at, at+1)
}

func (f *File) imports() *dst.GenDecl {
	for _, declaration := range f.tree.Decls {
		if general, ok := declaration.(*dst.GenDecl); ok && general.Tok == token.IMPORT {
			return general
		}
	}
	return nil
}

// Struct finds a struct type by its name.
func (f *File) Struct(name string) (*dst.StructType, error) {
	for _, declaration := range f.tree.Decls {
		general, ok := declaration.(*dst.GenDecl)
		if !ok || general.Tok != token.TYPE {
			continue
		}
		for _, spec := range general.Specs {
			found, ok := spec.(*dst.TypeSpec).Type.(*dst.StructType)
			if ok && spec.(*dst.TypeSpec).Name.Name == name {
				return found, nil
			}
		}
	}
	return nil, fmt.Errorf("there is no struct %s", name)
}

// AddField adds a field, with a tag where there is one, at the end of a struct, unless it has one of this name.
func AddField(to *dst.StructType, name string, kind dst.Expr, tag string) {
	if slices.ContainsFunc(to.Fields.List, func(field *dst.Field) bool { return named(field, name) }) {
		return
	}
	added := &dst.Field{Names: []*dst.Ident{dst.NewIdent(name)}, Type: kind, Tag: literal(tag)}
	added.Decs.Before, added.Decs.After = dst.NewLine, dst.NewLine
	to.Fields.List = append(to.Fields.List, added)
}

// literal is a tag; nil when it is empty.
func literal(tag string) *dst.BasicLit {
	if tag == "" {
		return nil
	}
	return &dst.BasicLit{Kind: token.STRING, Value: tag}
}

// RenameField gives a field of a struct, if it is there, another name and tag.
func RenameField(of *dst.StructType, name, to, tag string) {
	for _, field := range of.Fields.List {
		if named(field, name) {
			field.Names[0].Name, field.Tag = to, literal(tag)
		}
	}
}

// RemoveField removes a field of a struct, if it is there.
func RemoveField(of *dst.StructType, name string) {
	of.Fields.List = slices.DeleteFunc(of.Fields.List, func(field *dst.Field) bool { return named(field, name) })
}

func named(field *dst.Field, name string) bool {
	return len(field.Names) == 1 && field.Names[0].Name == name
}

// Variable finds the value of a package-level variable.
func (f *File) Variable(name string) (dst.Expr, error) {
	for _, declaration := range f.tree.Decls {
		general, ok := declaration.(*dst.GenDecl)
		if !ok || general.Tok != token.VAR {
			continue
		}
		for _, spec := range general.Specs {
			value := spec.(*dst.ValueSpec)
			if len(value.Names) == 1 && len(value.Values) == 1 && value.Names[0].Name == name {
				return value.Values[0], nil
			}
		}
	}
	return nil, fmt.Errorf("there is no variable %s", name)
}

// Function finds a function or method by its name.
func (f *File) Function(name string) (*dst.FuncDecl, error) {
	for _, declaration := range f.tree.Decls {
		if function, ok := declaration.(*dst.FuncDecl); ok && function.Name.Name == name {
			return function, nil
		}
	}
	return nil, fmt.Errorf("there is no function %s", name)
}

// Selector is the expression pkg.name.
func Selector(pkg, name string) *dst.SelectorExpr {
	return &dst.SelectorExpr{X: dst.NewIdent(pkg), Sel: dst.NewIdent(name)}
}

// isSelector tells whether an expression is pkg.name.
func isSelector(expression dst.Expr, pkg, name string) bool {
	selector, ok := expression.(*dst.SelectorExpr)
	if !ok || selector.Sel.Name != name {
		return false
	}
	of, ok := selector.X.(*dst.Ident)
	return ok && of.Name == pkg
}
