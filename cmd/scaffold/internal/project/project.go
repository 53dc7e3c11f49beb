// Package project knows a checkout: what its Go module is called, which modules, tables and routes it has, and what in it
// was generated.
package project

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/trellis-go/trellis/platform/migrate/sqlfile"
)

// Project is a checkout.
type Project struct {
	Root string // its folder
	Path string // of its Go module: github.com/trellis-go/trellis
}

// Open finds the project that a folder is in.
func Open(folder string) (*Project, error) {
	at, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	for ; ; at = filepath.Dir(at) {
		content, err := os.ReadFile(filepath.Join(at, "go.mod")) //nolint:gosec // of a checkout
		if err == nil {
			project := &Project{Root: at, Path: modfile.ModulePath(content)}
			return project, project.check()
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if at == filepath.Dir(at) {
			return nil, fmt.Errorf("%s is in no Go module: run this in a checkout", folder)
		}
	}
}

// check makes sure that it is a project of this kind.
func (p *Project) check() error {
	for _, path := range []string{"wire_gen/modules.go", "configs/default.yaml", "modules", "migrations"} {
		if _, err := os.Stat(p.Join(path)); err != nil {
			return fmt.Errorf("%s is not laid out as this tool knows it: %w", p.Root, err)
		}
	}
	return nil
}

// Join is a file of the project; the path has slashes.
func (p *Project) Join(path string) string { return filepath.Join(p.Root, filepath.FromSlash(path)) }

// Has tells whether the project has a file or folder.
func (p *Project) Has(path string) bool {
	_, err := os.Stat(p.Join(path))
	return err == nil
}

// Modules are the packages in modules/, by name.
func (p *Project) Modules() ([]string, error) { return folders(p.Join("modules")) }

// Engines are those that the project has migrations for, in the order in which they are written.
func (p *Project) Engines() []string {
	return slices.DeleteFunc(slices.Clone(sqlfile.Transactional), func(engine string) bool { return !p.Has("migrations/" + engine) })
}

func folders(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	var names []string
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names, err
}

// Migrations are the files of an engine, oldest first.
func (p *Project) Migrations(engine string) ([]string, error) {
	found, err := filepath.Glob(p.Join("migrations/" + engine + "/*.sql"))
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	return found, err
}

var createTable = regexp.MustCompile(`(?i)create table (?:if not exists )?["` + "`" + `]?(\w+)`)

// Tables are those that migrations make, with the file that does.
func (p *Project) Tables() (map[string]string, error) {
	tables := map[string]string{}
	for _, engine := range p.Engines() {
		files, err := p.Migrations(engine)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			content, err := os.ReadFile(p.Join("migrations/" + engine + "/" + file))
			if err != nil {
				return nil, err
			}
			up, _, _ := strings.Cut(string(content), "-- +goose Down")
			for _, table := range createTable.FindAllStringSubmatch(up, -1) {
				tables[strings.ToLower(table[1])] = file
			}
		}
	}
	return tables, nil
}

// parseFolder reads the Go files of a folder, tests aside.
func parseFolder(folder string) (map[string]*ast.File, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	files := map[string]*ast.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files[name] = file
	}
	return files, nil
}

// Imports are the paths that a module's packages import, tests aside.
func (p *Project) Imports(module string) ([]string, error) {
	var found []string
	for _, folder := range []string{"modules/" + module, "modules/" + module + "/" + module + "api"} {
		files, err := parseFolder(p.Join(folder))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			for _, imported := range file.Imports {
				path, err := strconv.Unquote(imported.Path.Value)
				if err != nil {
					return nil, err
				}
				if !slices.Contains(found, path) {
					found = append(found, path)
				}
			}
		}
	}
	slices.Sort(found)
	return found, nil
}
