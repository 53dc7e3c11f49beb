// Package render writes the files of a module from templates. They are the house's own way to write a small domain: what
// comes out is meant to be read and changed by hand.
package render

import (
	"bytes"
	"embed"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

//go:embed templates/*.tmpl
var embedded embed.FS

// Templates are those of this program.
var Templates, _ = fs.Sub(embedded, "templates") // a constant path is valid

// names gives each template's file in a module; the entity's is named after it.
func names(m spec.Module) map[string]string {
	files := map[string]string{
		"module.go.tmpl": "module.go", "config.go.tmpl": "config.go", "entity.go.tmpl": entityFile(m),
		"handler.go.tmpl": "handler.go", "shapes.go.tmpl": "shapes.go", "service.go.tmpl": "service.go",
		"repository.go.tmpl": "repository.go", "main_test.go.tmpl": "main_test.go",
		"handler_test.go.tmpl": "handler_test.go", "service_test.go.tmpl": "service_test.go",
	}
	if len(m.Subscribers) > 0 {
		files["subscribers.go.tmpl"] = "events.go"
		files["subscribers_test.go.tmpl"] = "subscriptions_test.go"
	}
	if len(m.Tasks) > 0 {
		files["tasks.go.tmpl"] = "tasks.go"
		files["tasks_test.go.tmpl"] = "tasks_test.go"
	}
	if len(m.Events) > 0 {
		files["events.go.tmpl"] = m.Package() + "api/events.go"
		files["events_test.go.tmpl"] = "events_test.go"
	}
	return files
}

// entityFile is named after the entity, unless another file of the module is, or the Go tool reads something into it.
func entityFile(m spec.Module) string {
	switch name := m.Package(); name {
	case "shapes", "events", "linux", "windows", "darwin", "js", "plan9", "android", "ios", "wasm", "arm", "unix", "doc":
		return name + "_entity.go"
	default:
		return name + ".go"
	}
}

// Options are what the project decides.
type Options struct {
	Path    string // of the Go module
	Guarded bool   // operations declare who may call them
}

// File is one that was written from a template.
type File struct {
	Path     string
	Template string
	Content  []byte
}

// Module writes the files of a module, by path.
func Module(templates fs.FS, m spec.Module, options Options) ([]File, error) {
	parsed, err := template.New("").Delims("«", "»").ParseFS(templates, "*.go.tmpl")
	if err != nil {
		return nil, err
	}
	data := newView(m, options)
	byTemplate := names(m)
	var files []File
	for _, name := range slices.Sorted(maps.Keys(byTemplate)) {
		var out bytes.Buffer
		if err := parsed.ExecuteTemplate(&out, name, data); err != nil {
			return nil, err
		}
		file := File{Path: path.Join("modules", m.Package(), byTemplate[name]), Template: name}
		if file.Content, err = finish(out.Bytes()); err != nil {
			return nil, fmt.Errorf("%s is not Go: %w\n%s", name, err, out.Bytes())
		}
		files = append(files, file)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// finish takes out the imports that nothing needs, and formats.
func finish(source []byte) ([]byte, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if of, ok := selector.X.(*ast.Ident); ok {
				used[of.Name] = true
			}
		}
		return true
	})
	lines := strings.Split(string(source), "\n")
	kept := 0
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if used[path.Base(imported)] {
			kept++
		} else {
			lines[set.Position(spec.Pos()).Line-1] = ""
		}
	}
	if kept == 0 && len(file.Imports) > 0 {
		declaration := file.Decls[0]
		from, to := set.Position(declaration.Pos()).Line-1, set.Position(declaration.End()).Line
		lines = slices.Delete(lines, from, to)
	}
	return format.Source([]byte(strings.Join(lines, "\n")))
}

// Middleware writes a middleware of the HTTP edge and its test; their paths are within its package.
func Middleware(templates fs.FS, name, header, value string) ([]File, error) {
	parsed, err := template.New("").Delims("«", "»").ParseFS(templates, "middleware*.tmpl")
	if err != nil {
		return nil, err
	}
	goName := spec.GoName(name)
	data := map[string]string{
		"Name": goName, "Method": strings.ToLower(goName[:1]) + goName[1:], "Header": header, "Value": value,
	}
	var files []File
	for from, to := range map[string]string{"middleware.go.tmpl": name + ".go", "middleware_test.go.tmpl": name + "_test.go"} {
		var out bytes.Buffer
		if err := parsed.ExecuteTemplate(&out, from, data); err != nil {
			return nil, err
		}
		content, err := finish(out.Bytes())
		if err != nil {
			return nil, err
		}
		files = append(files, File{Path: to, Template: from, Content: content})
	}
	return files, nil
}
