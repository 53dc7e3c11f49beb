package boundaries

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm/schema"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/test/testkit/graph"
)

const modulesFolder = "../../modules"

// folders are the modules by their folders.
func folders(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(modulesFolder)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names
}

// mounted are the modules of the graph.
func mounted(t *testing.T) []module.Module {
	t.Helper()
	return graph.New(t).Modules
}

func TestEveryModuleIsMounted(t *testing.T) {
	var names []string
	for _, m := range mounted(t) {
		names = append(names, m.Name)
	}
	assert.ElementsMatch(t, folders(t), names, "modules/ on the left, the list in wire_gen/modules.go on the right")
}

func TestEveryModuleHasTheAnatomy(t *testing.T) {
	for _, name := range folders(t) {
		for _, file := range []string{"module.go", "handler.go", "service.go", "repository.go"} {
			assert.FileExists(t, filepath.Join(modulesFolder, name, file))
		}
		tests, err := filepath.Glob(filepath.Join(modulesFolder, name, "*_test.go"))
		require.NoError(t, err)
		assert.NotEmpty(t, tests, "modules/%s has no test", name)
	}
}

// owners are all that have tables: the modules, and packages of the platform.
func owners(t *testing.T) []module.Module {
	t.Helper()
	return append(mounted(t), platform.Tables()...)
}

// tables gives each owner's tables.
func tables(t *testing.T) map[string][]string {
	t.Helper()
	owned := map[string][]string{}
	for _, m := range owners(t) {
		for _, model := range m.Models {
			named, ok := model.(schema.Tabler)
			require.True(t, ok, "%T of %s has no TableName", model, m.Name)
			owned[m.Name] = append(owned[m.Name], named.TableName())
		}
	}
	return owned
}

func TestATableIsNamedAfterItsModule(t *testing.T) {
	for name, owned := range tables(t) {
		for _, table := range owned {
			assert.True(t, strings.HasPrefix(table, name+"_"), "the table %s of %s must begin with %s_", table, name, name)
		}
	}
}

func TestAModuleTouchesNoTableOfAnother(t *testing.T) {
	owned := tables(t)
	for _, name := range folders(t) {
		for other, theirs := range owned {
			if other == name {
				continue
			}
			for _, table := range theirs {
				assert.Empty(t, mentions(t, filepath.Join(modulesFolder, name), table), "modules/%s must not touch %s: it belongs to %s", name, table, other)
			}
		}
	}
}

// mentions are the files that have the word. Tests are left out: they may break what belongs to others.
func mentions(t *testing.T, folder, word string) []string {
	t.Helper()
	pattern := regexp.MustCompile(`\b` + word + `\b`)
	var files []string
	require.NoError(t, filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(file, "_test.go") {
			return err
		}
		content, err := os.ReadFile(file)
		if pattern.Match(content) {
			files = append(files, file)
		}
		return err
	}))
	return files
}

func TestAMentionIsFound(t *testing.T) {
	assert.NotEmpty(t, mentions(t, "../../platform/outbox", "outbox_events"))
	assert.Empty(t, mentions(t, "../../platform/outbox", "outbox_event"))
}

// transactional are the engines that every module's migrations exist for.
var transactional = []string{"sqlite", "mysql"}

func TestMigrationsCreateTheTablesOfTheModulesOnEveryEngine(t *testing.T) {
	var want []string
	for _, owned := range tables(t) {
		want = append(want, owned...)
	}
	created := regexp.MustCompile(`(?i)create table (?:if not exists )?["` + "`" + `]?(\w+)`)
	renamed := regexp.MustCompile(`(?i)alter table (\w+)[^;]*\brename to (\w+)`)
	dropped := regexp.MustCompile(`(?i)drop table (?:if exists )?["` + "`" + `]?(\w+)`)
	for _, engine := range transactional {
		var found []string
		for _, file := range migrationsOf(t, engine) {
			content, err := fs.ReadFile(migrations.Files, engine+"/"+file)
			require.NoError(t, err)
			up, _, _ := strings.Cut(string(content), "-- +goose Down")
			for _, table := range created.FindAllStringSubmatch(up, -1) {
				if !strings.HasPrefix(table[1], "new_") { // SQLite makes a table anew to change a column
					found = append(found, table[1])
				}
			}
			for _, names := range renamed.FindAllStringSubmatch(up, -1) {
				if at := slices.Index(found, names[1]); at >= 0 {
					found[at] = names[2]
				}
			}
			for _, table := range dropped.FindAllStringSubmatch(up, -1) {
				if !strings.Contains(up, "new_"+table[1]) { // it is of a module that was removed
					found = slices.DeleteFunc(found, func(known string) bool { return known == table[1] })
				}
			}
		}
		assert.ElementsMatch(t, want, found, engine)
	}
}

func TestEveryEngineHasTheSameMigrations(t *testing.T) {
	for _, engine := range transactional[1:] {
		assert.Equal(t, migrationsOf(t, transactional[0]), migrationsOf(t, engine), fmt.Sprintf("%s and %s", transactional[0], engine))
	}
}

func migrationsOf(t *testing.T, engine string) []string {
	t.Helper()
	entries, err := fs.ReadDir(migrations.Files, engine)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".sql") {
			names = append(names, entry.Name())
		}
	}
	require.NotEmpty(t, names)
	slices.Sort(names)
	return names
}
