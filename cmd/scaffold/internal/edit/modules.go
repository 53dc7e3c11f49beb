package edit

import (
	"errors"
	"fmt"
	"go/token"
	"slices"
	"strconv"

	"github.com/dave/dst"
)

// Mounting is how a module stands in wire_gen/modules.go.
type Mounting struct {
	Import  string // the path of its package
	Package string // its name
	Field   string // in the structs: Invoice
	Section string // of the configuration, where it is not what the field's name says
}

// tag is that of the field of the configuration.
func (m Mounting) tag() string {
	if m.Section == "" {
		return ""
	}
	return fmt.Sprintf("`mapstructure:%q`", m.Section)
}

// Mount lists a module: its import, its section of the configuration, its field, its set, its place in the list.
func Mount(source []byte, m Mounting, group string) ([]byte, error) {
	return remount(source, func(p *places) error {
		if err := p.file.AddImport(m.Import, group); err != nil {
			return err
		}
		AddField(p.configs, m.Field, Selector(m.Package, "Config"), m.tag())
		AddField(p.modules, m.Field, &dst.StarExpr{X: Selector(m.Package, "Module")}, "")
		if !slices.ContainsFunc(p.set.Args, func(arg dst.Expr) bool { return isSelector(arg, m.Package, "Set") }) {
			p.addSet(m)
		}
		if !slices.ContainsFunc(p.list.Elts, func(element dst.Expr) bool { return isElement(element, m.Field) }) {
			element := &dst.SelectorExpr{X: Selector("m", m.Field), Sel: dst.NewIdent("Module")}
			element.Decs.Before, element.Decs.After = dst.NewLine, dst.NewLine
			p.list.Elts = append(p.list.Elts, element)
		}
		return nil
	})
}

// Unmount takes out what Mount put in, and what was bound to the module by hand.
func Unmount(source []byte, m Mounting) ([]byte, error) {
	return remount(source, func(p *places) error {
		p.file.RemoveImport(m.Import)
		RemoveField(p.configs, m.Field)
		RemoveField(p.modules, m.Field)
		p.set.Args = slices.DeleteFunc(p.set.Args, func(arg dst.Expr) bool {
			return mentions(arg, m.Package) || isFieldsOf(arg, m.Field)
		})
		p.list.Elts = slices.DeleteFunc(p.list.Elts, func(element dst.Expr) bool { return isElement(element, m.Field) })
		return nil
	})
}

// Remount lists a module under another name, where it was, with what was bound to it by hand.
func Remount(source []byte, from, to Mounting, group string) ([]byte, error) {
	return remount(source, func(p *places) error {
		dst.Inspect(p.file.tree, func(node dst.Node) bool {
			switch n := node.(type) {
			case *dst.SelectorExpr:
				if isOf(n, from.Package) {
					n.X = dst.NewIdent(to.Package)
				}
				if isSelector(n, "m", from.Field) {
					n.Sel = dst.NewIdent(to.Field)
				}
			case *dst.CallExpr:
				if isFieldsOf(n, from.Field) {
					n.Args[1] = &dst.BasicLit{Kind: token.STRING, Value: strconv.Quote(to.Field)}
				}
			}
			return true
		})
		RenameField(p.configs, from.Field, to.Field, to.tag())
		RenameField(p.modules, from.Field, to.Field, "")
		p.file.RemoveImport(from.Import)
		return p.file.AddImport(to.Import, group)
	})
}

// Trust lets in whoever has a token that a key of the application has signed: nobody else knows what became of them.
func Trust(source []byte, modulePath string) ([]byte, error) {
	return remount(source, func(p *places) error {
		if slices.ContainsFunc(p.set.Args, func(arg dst.Expr) bool { return mentions(arg, "auth") }) {
			return nil
		}
		value := &dst.CallExpr{Fun: Selector("wire", "InterfaceValue"), Args: []dst.Expr{
			&dst.CallExpr{Fun: dst.NewIdent("new"), Args: []dst.Expr{Selector("auth", "Sessions")}},
			&dst.CompositeLit{Type: Selector("auth", "Trust")},
		}}
		value.Decs.Before, value.Decs.After = dst.NewLine, dst.NewLine
		p.set.Args = append(p.set.Args, value)
		return p.file.AddImport(modulePath+"/platform/auth", modulePath)
	})
}

// mentions tells whether an expression uses a package.
func mentions(expression dst.Expr, pkg string) (found bool) {
	dst.Inspect(expression, func(node dst.Node) bool {
		selector, ok := node.(*dst.SelectorExpr)
		if ok {
			from, named := selector.X.(*dst.Ident)
			found = found || named && from.Name == pkg
		}
		return true
	})
	return found
}

// places are where wire_gen/modules.go lists modules.
type places struct {
	file             *File
	configs, modules *dst.StructType
	set              *dst.CallExpr
	listing          *dst.FuncDecl // the function list
	list             *dst.CompositeLit
}

// nameModules gives the parameter of the function list its name while there are modules, and none otherwise.
func (p *places) nameModules() {
	name := "m"
	if len(p.list.Elts) == 0 {
		name = "_"
	}
	if first := p.listing.Type.Params.List; len(first) > 0 && len(first[0].Names) == 1 {
		first[0].Names[0].Name = name
	}
}

func remount(source []byte, change func(*places) error) ([]byte, error) {
	file, err := Parse(source)
	if err != nil {
		return nil, err
	}
	p := &places{file: file}
	if err := p.find(); err != nil {
		return nil, fmt.Errorf("find where modules are listed: %w", err)
	}
	if err := change(p); err != nil {
		return nil, err
	}
	p.nameModules()
	return file.Bytes()
}

func (p *places) find() error {
	var errs [4]error
	p.configs, errs[0] = p.file.Struct("ModuleConfigs")
	p.modules, errs[1] = p.file.Struct("Modules")
	value, err := p.file.Variable("moduleSet")
	errs[2] = err
	if call, ok := value.(*dst.CallExpr); ok {
		p.set = call
	} else if err == nil {
		errs[2] = errors.New("moduleSet is not a call of wire.NewSet")
	}
	function, err := p.file.Function("list")
	errs[3] = err
	if err == nil {
		p.listing = function
		errs[3] = errors.New("the function list does not return a literal")
		for _, statement := range function.Body.List {
			if answer, ok := statement.(*dst.ReturnStmt); ok && len(answer.Results) == 1 {
				if literal, ok := answer.Results[0].(*dst.CompositeLit); ok {
					p.list, errs[3] = literal, nil
				}
			}
		}
	}
	return errors.Join(errs[:]...)
}

// addSet puts the module's set and its configuration on a line.
func (p *places) addSet(m Mounting) {
	set := Selector(m.Package, "Set")
	set.Decs.Before = dst.NewLine
	section := &dst.CallExpr{Fun: Selector("wire", "FieldsOf"), Args: []dst.Expr{
		&dst.CallExpr{Fun: dst.NewIdent("new"), Args: []dst.Expr{dst.NewIdent("ModuleConfigs")}},
		&dst.BasicLit{Kind: token.STRING, Value: strconv.Quote(m.Field)},
	}}
	section.Decs.After = dst.NewLine
	p.set.Args = append(p.set.Args, set, section)
}

// isFieldsOf tells whether an expression is wire.FieldsOf(new(ModuleConfigs), "field").
func isFieldsOf(expression dst.Expr, field string) bool {
	call, ok := expression.(*dst.CallExpr)
	if !ok || !isSelector(call.Fun, "wire", "FieldsOf") || len(call.Args) != 2 {
		return false
	}
	name, ok := call.Args[1].(*dst.BasicLit)
	return ok && name.Value == strconv.Quote(field)
}

// isElement tells whether an expression is m.field.Module.
func isElement(expression dst.Expr, field string) bool {
	selector, ok := expression.(*dst.SelectorExpr)
	return ok && selector.Sel.Name == "Module" && isSelector(selector.X, "m", field)
}
