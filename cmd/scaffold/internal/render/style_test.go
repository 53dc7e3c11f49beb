package render_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/render"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// style is how a module is written, as far as one that is written by hand and one that is generated must agree.
type style struct {
	types      []string            // that every module has
	operation  map[string]bool     // the members that every operation has
	module     map[string]bool     // the members of module.Module
	signatures map[string][]string // the parameters of the constructors, by type
	files      map[string]bool
}

const catalog = "../../../../modules/catalog"

func handWritten(t *testing.T) style {
	t.Helper()
	paths, err := filepath.Glob(catalog + "/*.go")
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		files[filepath.Base(path)] = content
	}
	return styleOf(t, files)
}

func generated(t *testing.T) style {
	t.Helper()
	fields, err := spec.ParseFields("number:string:unique,amount:money,due_at:time?")
	require.NoError(t, err)
	m := spec.Module{Name: "invoice", Database: "primary", Versions: []int{1, 2}, Fields: fields, Events: []string{"created"}}
	written, err := render.Module(render.Templates, m, render.Options{Path: root, Guarded: guarded(t)})
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, file := range written {
		if filepath.Dir(file.Path) == "modules/invoice" {
			files[filepath.Base(file.Path)] = file.Content
		}
	}
	return styleOf(t, files)
}

// guarded is what a plan finds out about the project.
func guarded(t *testing.T) bool {
	t.Helper()
	_, err := os.Stat("../../../../platform/auth")
	return err == nil
}

func styleOf(t *testing.T, files map[string][]byte) style {
	t.Helper()
	s := style{module: map[string]bool{}, signatures: map[string][]string{}, files: map[string]bool{}}
	for name, content := range files {
		s.files[name] = true
		file, err := parser.ParseFile(token.NewFileSet(), name, content, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(node ast.Node) bool {
			s.see(name, node)
			return true
		})
	}
	return s
}

func (s *style) see(file string, node ast.Node) {
	switch n := node.(type) {
	case *ast.TypeSpec:
		s.types = append(s.types, n.Name.Name)
	case *ast.FuncDecl:
		if n.Recv == nil && strings.HasPrefix(n.Name.Name, "New") && !strings.HasSuffix(file, "_test.go") {
			for _, parameter := range n.Type.Params.List {
				s.signatures[n.Name.Name] = append(s.signatures[n.Name.Name], typeText(parameter.Type))
			}
		}
	case *ast.CompositeLit:
		kind, ok := n.Type.(*ast.SelectorExpr)
		switch {
		case ok && kind.Sel.Name == "Operation":
			s.operation = common(s.operation, keys(n))
		case ok && typeText(kind) == "module.Module" && !strings.HasSuffix(file, "_test.go"):
			s.module = keys(n)
		}
	}
}

func typeText(expression ast.Expr) string {
	switch kind := expression.(type) {
	case *ast.StarExpr:
		return "*" + typeText(kind.X)
	case *ast.SelectorExpr:
		return typeText(kind.X) + "." + kind.Sel.Name
	case *ast.Ident:
		return kind.Name
	default:
		return ""
	}
}

func keys(literal *ast.CompositeLit) map[string]bool {
	found := map[string]bool{}
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			found[typeText(pair.Key)] = true
		}
	}
	return found
}

// common are the members that all have had so far.
func common(all, one map[string]bool) map[string]bool {
	if all == nil {
		return one
	}
	both := maps.Clone(all)
	maps.DeleteFunc(both, func(key string, _ bool) bool { return !one[key] })
	return both
}

func TestWhatIsGeneratedIsWrittenAsTheHouseWritesByHand(t *testing.T) {
	hand, made := handWritten(t), generated(t)
	for member := range hand.operation {
		assert.Contains(t, made.operation, member, "what every operation says of itself")
	}
	for member := range made.module {
		assert.Contains(t, hand.module, member, "what a module says of itself")
	}
	for name, parameters := range made.signatures {
		for _, parameter := range parameters {
			assert.Contains(t, hand.signatures[name], parameter, name)
		}
	}
	for _, file := range []string{"module.go", "config.go", "handler.go", "shapes.go", "service.go", "repository.go", "main_test.go", "events_test.go"} {
		assert.True(t, hand.files[file] && made.files[file], "%s: by hand %t, generated %t", file, hand.files[file], made.files[file])
	}
	for _, name := range []string{"Config", "Module", "Handler", "Service", "Repository", "Draft", "Check", "FilterInput"} {
		assert.True(t, slices.Contains(hand.types, name) && slices.Contains(made.types, name), name)
	}
}
