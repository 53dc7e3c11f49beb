package skim_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/tools/go/packages"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/skim"
)

// TestMain makes this program the driver when it is called as one.
func TestMain(m *testing.M) {
	if skim.Asked() {
		if err := skim.Answer(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// world is a project, somebody else's module that it needs, and an empty cache.
type world struct{ project, other, cache string }

func newWorld(t *testing.T) world {
	t.Helper()
	w := world{project: t.TempDir(), other: t.TempDir(), cache: t.TempDir()}
	caches, err := os.UserCacheDir()
	require.NoError(t, err)
	t.Setenv("GOCACHE", cmp.Or(os.Getenv("GOCACHE"), filepath.Join(caches, "go-build"))) // or it would be another one, too
	t.Setenv("XDG_CACHE_HOME", w.cache)
	write(t, w.project, "go.mod", "module example.com/project\n\ngo 1.26\n\nrequire example.com/other v0.0.0\n\nreplace example.com/other => "+w.other+"\n")
	write(t, w.project, "project.go", "package project\n\nimport \"example.com/other\"\n\n// Size is known.\nfunc Size() int { return other.Size() }\n")
	write(t, w.other, "go.mod", "module example.com/other\n\ngo 1.26\n")
	write(t, w.other, "other.go", `package other

import (
	"net"
	"net/url"
	"os/user"
	named "slices"
	"sync/atomic"
)

var count atomic.Int64

func Size() int {
	_, _ = user.Current()
	return len(named.Sorted(named.Values([]int{int(count.Load())})))
}

type Listener struct{ net.TCPListener } // of a package with cgo

func Of[T ~string](address *url.URL, rest ...T) (T, error) { return T(address.Path), nil }
`)
	return w
}

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
}

// load reads the project as Wire does.
func (w world) load(t *testing.T, environment ...string) map[string]*packages.Package {
	t.Helper()
	roots, err := packages.Load(&packages.Config{
		Context: t.Context(), Mode: packages.LoadAllSyntax, Dir: w.project,
		Env: append(os.Environ(), append([]string{"GOFLAGS=-mod=mod", "GOWORK=off", "CGO_ENABLED=1"}, environment...)...),
	}, "pattern=.")
	require.NoError(t, err)
	require.Len(t, roots, 1)
	assert.Equal(t, "example.com/project", roots[0].PkgPath)
	all := map[string]*packages.Package{}
	packages.Visit(roots, nil, func(p *packages.Package) { all[p.ID] = p })
	return all
}

func (w world) skimmed(t *testing.T) map[string]*packages.Package {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	return w.load(t, skim.Environment(program)...)
}

// declared are the declarations of a package that others can see.
func declared(p *packages.Package) []string {
	var all []string
	scope := p.Types.Scope()
	for _, name := range scope.Names() {
		object := scope.Lookup(name)
		if !object.Exported() {
			continue
		}
		all = append(all, types.ObjectString(object, nil))
		if _, ok := object.(*types.TypeName); ok {
			for method := range types.NewMethodSet(types.NewPointer(object.Type())).Methods() {
				all = append(all, method.String())
			}
		}
	}
	return all
}

func TestEveryDeclarationIsWhatItWas(t *testing.T) {
	w := newWorld(t)
	whole, skimmed := w.load(t), w.skimmed(t)
	require.Greater(t, len(whole), 50)
	require.Less(t, len(skimmed), len(whole))
	for id, p := range skimmed {
		require.Contains(t, whole, id)
		assert.Empty(t, p.Errors, id)
		assert.Equal(t, declared(whole[id]), declared(p), id)
	}
}

func TestOnlyWhatDeclarationsNeedIsRead(t *testing.T) {
	read := newWorld(t).skimmed(t)
	for path, needed := range map[string]bool{
		"example.com/other": true, "net/url": true, "sync/atomic": true,
		"os/user": false, "slices": false, "strconv": false,
	} {
		_, found := read[path]
		assert.Equal(t, needed, found, path)
	}
}

func TestTheProjectIsReadWholeAndOthersWithoutTheirFunctions(t *testing.T) {
	w := newWorld(t)
	for id, p := range w.skimmed(t) {
		for _, path := range p.CompiledGoFiles {
			assert.Equal(t, id == "example.com/project", filepath.Dir(path) == w.project, path)
			if id == "example.com/other" {
				source, err := os.ReadFile(path)
				require.NoError(t, err)
				assert.NotContains(t, string(source), "Sorted")
			}
		}
	}
}

func (w world) sets(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(w.cache, "scaffold", "skim", "*"))
	require.NoError(t, err)
	return found
}

func TestCopiesAreMadeOnce(t *testing.T) {
	w := newWorld(t)
	w.skimmed(t)
	before := w.sets(t)
	require.Len(t, before, 1)
	is, err := os.Stat(filepath.Join(before[0], "0.go"))
	require.NoError(t, err)
	w.skimmed(t)
	assert.Equal(t, before, w.sets(t))
	again, err := os.Stat(filepath.Join(before[0], "0.go"))
	require.NoError(t, err)
	assert.Equal(t, is.ModTime(), again.ModTime())
}

func TestCopiesThatAreNotWholeAreMadeAnew(t *testing.T) {
	w := newWorld(t)
	want := len(w.skimmed(t))
	for _, lost := range []string{"imports.json", "0.go"} {
		path := filepath.Join(w.sets(t)[0], lost)
		require.NoError(t, os.Remove(path))
		assert.Len(t, w.skimmed(t), want)
		assert.FileExists(t, path)
		assert.Len(t, w.sets(t), 1)
	}
}

func TestWhatCgoMadeMayBeTouched(t *testing.T) {
	w := newWorld(t)
	w.skimmed(t)
	before, touched := w.sets(t), 0
	for _, p := range w.load(t) {
		for _, path := range p.CompiledGoFiles {
			if filepath.Ext(path) != ".go" {
				require.NoError(t, os.Chtimes(path, time.Now(), time.Now()))
				touched++
			}
		}
	}
	require.NotZero(t, touched)
	w.skimmed(t)
	assert.Equal(t, before, w.sets(t))
}

func TestWhatOthersHaveChangedIsReadAnew(t *testing.T) {
	w := newWorld(t)
	w.skimmed(t)
	write(t, w.other, "other.go", "package other\n\nfunc Size() int { return 1 }\n\nfunc More() {}\n")
	assert.Equal(t, []string{"func example.com/other.More()", "func example.com/other.Size() int"},
		declared(w.skimmed(t)["example.com/other"]))
}

func TestThoseCopiesAreKeptThatWereUsedLast(t *testing.T) {
	w := newWorld(t)
	w.skimmed(t)
	used := w.sets(t)[0]
	old := time.Now().Add(-time.Hour)
	for i := range 9 {
		folder := filepath.Join(w.cache, "scaffold", "skim", fmt.Sprint(i))
		require.NoError(t, os.Mkdir(folder, 0o700))
		at := old.Add(time.Duration(i) * time.Minute)
		require.NoError(t, os.Chtimes(folder, at, at))
	}
	require.NoError(t, os.Chtimes(used, old, old.Add(-time.Hour)))
	w.skimmed(t)
	write(t, w.other, "other.go", "package other\n\nfunc Size() int { return 1 }\n")
	w.skimmed(t)
	left := w.sets(t)
	assert.Len(t, left, 4)
	assert.Contains(t, left, used)
	assert.True(t, slices.ContainsFunc(left, func(path string) bool { return strings.HasSuffix(path, "/8") }))
}

func TestWhatCannotBeAnsweredIsLeftToOthers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	t.Setenv("GOCACHE", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", file)
	request, err := json.Marshal(packages.DriverRequest{Env: os.Environ()})
	require.NoError(t, err)
	for name, c := range map[string]struct{ request, why string }{
		"no request": {"gibberish", "read the request"},
		"no cache":   {string(request), "copy the declarations: "},
	} {
		t.Run(name, func(t *testing.T) {
			var out, said bytes.Buffer
			require.NoError(t, skim.Answer(t.Context(), []string{"errors"}, strings.NewReader(c.request), &out, &said))
			assert.Contains(t, said.String(), c.why)
			var response packages.DriverResponse
			require.NoError(t, json.Unmarshal(out.Bytes(), &response))
			assert.True(t, response.NotHandled)
		})
	}
}
