package project

import (
	"go/ast"
	"go/token"
	"maps"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// Events are those that the modules publish: the structs of their leaf packages with a method EventType, by type.
func (p *Project) Events() ([]spec.Event, error) {
	modules, err := p.Modules()
	if err != nil {
		return nil, err
	}
	var found []spec.Event
	for _, module := range modules {
		leaf := path.Join("modules", module, module+"api")
		files, err := parseFolder(p.Join(leaf))
		if err != nil {
			return nil, err
		}
		found = append(found, leafOf(files).events(leaf)...)
	}
	slices.SortFunc(found, func(a, b spec.Event) int { return strings.Compare(a.Type, b.Type) })
	return found, nil
}

// leaf is what a leaf package says of its events.
type leaf struct {
	types    map[string]string // the type that a struct's EventType gives
	subjects map[string]string // the Go field that EventSubject gives
	structs  map[string]*ast.StructType
}

func leafOf(files map[string]*ast.File) leaf {
	l := leaf{map[string]string{}, map[string]string{}, map[string]*ast.StructType{}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for _, declaration := range files[name].Decls {
			switch d := declaration.(type) {
			case *ast.GenDecl:
				l.addTypes(d)
			case *ast.FuncDecl:
				l.addMethod(d)
			}
		}
	}
	return l
}

func (l leaf) addTypes(declaration *ast.GenDecl) {
	for _, one := range declaration.Specs {
		if named, ok := one.(*ast.TypeSpec); ok && declaration.Tok == token.TYPE {
			if of, ok := named.Type.(*ast.StructType); ok {
				l.structs[named.Name.Name] = of
			}
		}
	}
}

func (l leaf) addMethod(method *ast.FuncDecl) {
	of, answer := receiver(method), answered(method)
	switch value := answer.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(value.Value); err == nil && method.Name.Name == "EventType" {
			l.types[of] = text
		}
	case *ast.SelectorExpr:
		if method.Name.Name == "EventSubject" {
			l.subjects[of] = value.Sel.Name
		}
	}
}

func receiver(method *ast.FuncDecl) string {
	if method.Recv == nil || len(method.Recv.List) != 1 {
		return ""
	}
	if name, ok := method.Recv.List[0].Type.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// answered is what a function returns that does nothing else.
func answered(function *ast.FuncDecl) ast.Expr {
	if function.Body == nil || len(function.Body.List) != 1 {
		return nil
	}
	if answer, ok := function.Body.List[0].(*ast.ReturnStmt); ok && len(answer.Results) == 1 {
		return answer.Results[0]
	}
	return nil
}

func (l leaf) events(folder string) []spec.Event {
	var found []spec.Event
	for name, kind := range l.types {
		if at := strings.LastIndex(kind, ".v"); name != "" && at > 0 {
			found = append(found, spec.Event{Type: kind, Leaf: folder, Struct: name, Subject: l.subject(name)})
		}
	}
	return found
}

// subject is the member of a struct's JSON that names what the event is about, its own or that of a struct which it embeds.
func (l leaf) subject(name string) string {
	of, known := l.structs[name]
	if !known {
		return ""
	}
	if field := l.subjects[name]; field != "" {
		return l.member(of, field)
	}
	for _, embedded := range of.Fields.List {
		if kind, ok := embedded.Type.(*ast.Ident); ok && len(embedded.Names) == 0 {
			if found := l.subject(kind.Name); found != "" {
				return found
			}
		}
	}
	return ""
}

// member is the name in JSON of a struct's field, or of one that it embeds.
func (l leaf) member(of *ast.StructType, field string) string {
	for _, one := range of.Fields.List {
		if len(one.Names) == 0 {
			if kind, ok := one.Type.(*ast.Ident); ok && l.structs[kind.Name] != nil {
				if found := l.member(l.structs[kind.Name], field); found != "" {
					return found
				}
			}
		}
		for _, name := range one.Names {
			if name.Name != field || one.Tag == nil {
				continue
			}
			tag, err := strconv.Unquote(one.Tag.Value)
			if err != nil {
				return ""
			}
			member, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
			return member
		}
	}
	return ""
}
