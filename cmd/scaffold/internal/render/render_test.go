package render_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/render"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec/spectest"
)

const root = "github.com/trellis-go/trellis"

// compiled are the packages that generated code imports, from the build cache.
type compiled struct {
	set      *token.FileSet
	imported types.Importer
	own      map[string]*types.Package
}

func (c *compiled) Import(path string) (*types.Package, error) {
	if own, ok := c.own[path]; ok {
		return own, nil
	}
	return c.imported.Import(path)
}

func dependencies(t *testing.T) *compiled {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-test", "-json=ImportPath,Export", root+"/modules/catalog")
	out, err := list.Output()
	require.NoError(t, err)
	exports := map[string]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		exports[p.ImportPath] = p.Export
	}
	set := token.NewFileSet()
	lookup := func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("%s is not among the dependencies", path)
		}
		return os.Open(exports[path])
	}
	return &compiled{set: set, imported: importer.ForCompiler(set, "gc", lookup), own: map[string]*types.Package{}}
}

// check type-checks the package and its tests.
func (c *compiled) check(m spec.Module, files []render.File) error {
	var code, tests, leaf []*ast.File
	for _, file := range files {
		parsed, err := parser.ParseFile(c.set, file.Path, file.Content, 0)
		if err != nil {
			return err
		}
		switch {
		case strings.HasSuffix(file.Path, "_test.go"):
			tests = append(tests, parsed)
		case strings.HasSuffix(path.Dir(file.Path), "api") && path.Base(file.Path) == "events.go":
			leaf = append(leaf, parsed)
		default:
			code = append(code, parsed)
		}
	}
	own := root + "/modules/" + m.Package()
	cfg := types.Config{Importer: c}
	if len(leaf) > 0 {
		checked, err := cfg.Check(own+"/"+m.Package()+"api", c.set, leaf, nil)
		if err != nil {
			return err
		}
		c.own[checked.Path()] = checked
	}
	checked, err := cfg.Check(own, c.set, code, nil)
	if err != nil {
		return err
	}
	c.own[own] = checked
	_, err = cfg.Check(own+"_test", c.set, tests, nil)
	delete(c.own, own)
	return err
}

func TestWhateverModuleThereIsItsCodeCompilesAndIsFormatted(t *testing.T) {
	deps := dependencies(t)
	rapid.Check(t, func(t *rapid.T) {
		compiles(t, deps, spectest.Module().Draw(t, "m"))
	})
}

func compiles(t *rapid.T, deps *compiled, m spec.Module) {
	files, err := render.Module(render.Templates, m, render.Options{Path: root, Guarded: m.Owner != "" || rapid.Bool().Draw(t, "guarded")})
	require.NoError(t, err)
	for _, file := range files {
		formatted, err := format.Source(file.Content)
		require.NoError(t, err)
		require.Equal(t, string(formatted), string(file.Content), file.Path)
		require.True(t, strings.HasPrefix(file.Path, "modules/"+m.Package()+"/"))
	}
	require.NoError(t, deps.check(m, files))
}

func TestAColumnThatGormWouldCallOtherwiseIsNamed(t *testing.T) {
	m := spec.Module{Name: "invoice", Database: "primary", Versions: []int{1}, Fields: []spec.Field{{Name: "x_y_z", Type: spec.Money}}}
	files, err := render.Module(render.Templates, m, render.Options{Path: root})
	require.NoError(t, err)
	for _, file := range files {
		if file.Path == "modules/invoice/invoice.go" {
			assert.Contains(t, string(file.Content), "`gorm:\"column:x_y_z_cents;not null\"`")
			assert.Contains(t, string(file.Content), "`gorm:\"column:x_y_z_currency;size:3;not null\"`")
			return
		}
	}
	assert.Fail(t, "there is no entity")
}

// written are the files of a module, by path in it.
func written(t *testing.T, fields string, events ...string) map[string]string {
	t.Helper()
	parsed, err := spec.ParseFields(fields)
	require.NoError(t, err)
	m := spec.Module{Name: "invoice", Database: "primary", Versions: []int{1}, Fields: parsed, Events: events}
	files, err := render.Module(render.Templates, m, render.Options{Path: root})
	require.NoError(t, err)
	contents := map[string]string{}
	for _, file := range files {
		contents[strings.TrimPrefix(file.Path, "modules/invoice/")] = string(file.Content)
	}
	return contents
}

func TestWhatIsUniqueAndAbsentIsNobodys(t *testing.T) {
	files := written(t, "number:string?:unique,code:string?:unique,rank:int:unique")
	repository := files["repository.go"]
	assert.Contains(t, repository, `refused.Number, ErrNumberTaken, refused.Number != nil}`)
	assert.Contains(t, repository, `refused.Rank, ErrRankTaken, true}`)
	assert.Contains(t, repository, "if !unique.given {\n\t\t\tcontinue\n")
	assert.Contains(t, files["handler_test.go"], `body(t, 3, "code", "Code 1", "number", nil)`, "its own test sees it")
	assert.NotContains(t, written(t, "number:string:unique,code:string:unique")["repository.go"], "unique.given", "nothing may be absent")
}

func TestWhatHappensToTheWholeEntityIsToldWhateverFieldsAreCalled(t *testing.T) {
	service := written(t, "state:enum(created,updated,deleted),deleted_at:time?", spec.Created, spec.Updated, spec.Deleted)["service.go"]
	for _, when := range []string{"before == nil", "before != nil && after != nil", "after == nil"} {
		assert.Contains(t, service, "if "+when+" {")
	}
}

func TestADeletionIsToldAsAVersionOfItsOwn(t *testing.T) {
	files := written(t, "number:string", spec.Deleted)
	assert.Contains(t, files["service.go"], "found.Version++\n\t\treturn s.events.Publish(ctx, told(found, nil)...)")
	assert.Contains(t, files["events_test.go"], `"invoice.deleted.v1": {nil, nil, 3}`)
}

func TestTheSameModuleIsWrittenInTheSameWay(t *testing.T) {
	m := spectest.Module().Example(7)
	once, err := render.Module(render.Templates, m, render.Options{Path: root})
	require.NoError(t, err)
	again, err := render.Module(render.Templates, m, render.Options{Path: root})
	require.NoError(t, err)
	assert.Equal(t, once, again)
}

func TestTheCheckFindsWhatDoesNotCompile(t *testing.T) {
	m := spec.Module{Name: "invoice", Database: "primary", Versions: []int{1}, Fields: []spec.Field{{Name: "a", Type: spec.Int}}}
	files, err := render.Module(render.Templates, m, render.Options{Path: root})
	require.NoError(t, err)
	files[0].Content = append(files[0].Content, "\nvar broken int = \"text\"\n"...)
	assert.ErrorContains(t, dependencies(t).check(m, files), "cannot use")
}
