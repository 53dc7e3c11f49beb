// Package boundaries proves the rules by which the house is built: which way imports run, that every module is mounted,
// that every table has one owner, and that no migration is missing for an engine.
package boundaries

import (
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "github.com/trellis-go/trellis/"

// pkg is a package of this repository, with what it imports of it, tests aside.
type pkg struct {
	ImportPath string
	Imports    []string
}

// packages asks the Go tool for every package of the repository.
func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", root+"...").Output()
	require.NoError(t, err)
	var all []pkg
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := decoder.Decode(&p)
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		all = append(all, p)
	}
}

// rooms are the top-level folders and those that each may import from. Imports run one way.
var rooms = map[string][]string{
	"cmd":        {"wire_gen", "platform", "configs", "migrations"},
	"wire_gen":   {"modules", "platform", "migrations"},
	"modules":    {"modules", "platform"},
	"platform":   {"platform"},
	"configs":    {},
	"migrations": {},
	"test":       {"test", "cmd", "wire_gen", "modules", "platform", "configs", "migrations"},
}

// offences lists the imports that break a rule, each with what to do about it.
func offences(packages []pkg) []string {
	var found []string
	for _, p := range packages {
		from := strings.TrimPrefix(p.ImportPath, root)
		allowed, known := rooms[room(from)]
		if !known {
			found = append(found, fmt.Sprintf("%s: the top level has no room %s", from, room(from)))
		}
		for _, imported := range p.Imports {
			to, ours := strings.CutPrefix(imported, root)
			if !ours {
				continue
			}
			if room(from) == "cmd" && own(from, to) {
				continue
			}
			if !slices.Contains(allowed, room(to)) {
				found = append(found, fmt.Sprintf("%s must not import %s: %s may import from %v", from, to, room(from), allowed))
			} else if room(from) == "modules" && room(to) == "modules" && !neighbourly(from, to) {
				found = append(found, fmt.Sprintf("%s must not import %s: of another module only its leaf package %s may be imported",
					from, to, leaf(to)))
			}
		}
	}
	return found
}

func room(path string) string { first, _, _ := strings.Cut(path, "/"); return first }

// neighbourly tells whether a module's package may import another's: its own leaf or another's, and a leaf none.
func neighbourly(from, to string) bool {
	isLeaf := from == leaf(from)
	return !isLeaf && to == leaf(to)
}

// own tells whether a command's package imports another of the same command: cmd/scaffold/internal/spec.
func own(from, to string) bool {
	command := strings.Split(from, "/")[1]
	return strings.HasPrefix(to, "cmd/"+command+"/internal/")
}

// leaf is the package of a module that others may import: modules/order/orderapi.
func leaf(modulePath string) string {
	name := strings.Split(modulePath, "/")[1]
	return path.Join("modules", name, name+"api")
}

func TestImportsRunOneWay(t *testing.T) {
	all := packages(t)
	require.Greater(t, len(all), 15, "the Go tool found the repository")
	assert.Empty(t, offences(all))
}

func TestTheServerDoesNotCarryTheToolsOfDevelopers(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", root+"cmd/server").Output()
	require.NoError(t, err)
	assert.NotContains(t, string(out), "ariga.io/atlas", "platform/migrate/autogen is for cmd/schema alone")
	for _, library := range []string{"github.com/dave/dst", "charm.land/huh", "github.com/ettle/strcase"} {
		assert.NotContains(t, string(out), library, "it is for cmd/scaffold alone")
	}
}

func TestOffencesAreNamed(t *testing.T) {
	for name, test := range map[string]struct {
		from, to, want string
	}{
		"the platform knows no domain": {"platform/httpapi", "modules/catalog",
			"platform/httpapi must not import modules/catalog: platform may import from [platform]"},
		"a module reaches into another": {"modules/order", "modules/catalog",
			"modules/order must not import modules/catalog: of another module only its leaf package modules/catalog/catalogapi may be imported"},
		"a leaf imports a module": {"modules/order/orderapi", "modules/catalog/catalogapi",
			"modules/order/orderapi must not import modules/catalog/catalogapi: of another module only its leaf package modules/catalog/catalogapi may be imported"},
		"a module knows the graph": {"modules/order", "wire_gen",
			"modules/order must not import wire_gen: modules may import from [modules platform]"},
		"a command reaches into another": {"cmd/server", "cmd/scaffold/internal/spec",
			"cmd/server must not import cmd/scaffold/internal/spec: cmd may import from [wire_gen platform configs migrations]"},
		"a command reaches into a module": {"cmd/server", "modules/catalog",
			"cmd/server must not import modules/catalog: cmd may import from [wire_gen platform configs migrations]"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, []string{test.want}, offences([]pkg{{ImportPath: root + test.from, Imports: []string{root + test.to}}}))
		})
	}
	assert.Empty(t, offences([]pkg{{ImportPath: root + "modules/order", Imports: []string{root + "modules/catalog/catalogapi", "fmt"}}}))
	assert.Empty(t, offences([]pkg{{ImportPath: root + "cmd/scaffold", Imports: []string{root + "cmd/scaffold/internal/spec"}}}))
	assert.Equal(t, []string{"utils: the top level has no room utils"}, offences([]pkg{{ImportPath: root + "utils"}}))
}
