package start

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/project"
)

const root = "../../../.."

func read(t *testing.T, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(content)
}

// TestWhatIsLeftOutIsThere finds what the parts name and this project does not have any more.
func TestWhatIsLeftOutIsThere(t *testing.T) {
	for _, one := range without[None] {
		for _, module := range one.modules {
			assert.DirExists(t, filepath.Join(root, "modules", module))
		}
		for _, file := range one.files {
			_, err := os.Stat(filepath.Join(root, file))
			assert.NoError(t, err)
		}
		for _, target := range one.targets {
			assert.Contains(t, read(t, root, "Makefile"), "\n"+target+":")
		}
		for document, headings := range one.sections {
			for _, heading := range headings {
				assert.Contains(t, read(t, root, document), "\n## "+heading+"\n")
			}
		}
		for file, pairs := range one.texts {
			for _, pair := range pairs {
				if pair.text != signIn { // which the part before it has written
					assert.Contains(t, read(t, root, file), pair.text)
				}
			}
		}
	}
}

// made is a project with some domains of this one.
func made(t *testing.T, domains string) string {
	t.Helper()
	p, err := project.Open(root)
	require.NoError(t, err)
	folder := filepath.Join(t.TempDir(), "shop")
	require.NoError(t, Make(p, folder, NamesOf("github.com/acme/shop"), domains))
	return folder
}

func TestAProjectBeginsWithAccountsAlone(t *testing.T) {
	folder := made(t, Identity)
	assert.Equal(t, []string{"identity"}, names(t, folder, "modules"))
	assert.NotContains(t, read(t, folder, "wire_gen/modules.go"), "catalog")
	assert.Contains(t, read(t, folder, "wire_gen/permissions.go"), "auth.Staff: {identity.Read, tasks.Manage},")
	assert.NotContains(t, read(t, folder, "test/boundaries/policy_test.go"), "products")
	assert.Contains(t, read(t, folder, "test/boundaries/policy_test.go"), `"get-me": "customer staff"`)
	assert.NotContains(t, read(t, folder, "configs/default.yaml"), "\n  catalog:")
	assert.Contains(t, read(t, folder, "configs/default.yaml"), "\n  identity:")
	for _, file := range names(t, folder, "migrations/mysql") {
		assert.NotContains(t, read(t, folder, "migrations/mysql", file), "catalog_")
	}
	assert.NotContains(t, read(t, folder, "Makefile"), "conformance")
	assert.NotContains(t, read(t, folder, ".ci/run"), "conformance")
	assert.Contains(t, read(t, folder, ".ci/run"), "make migrate-check\n")
	assert.NotContains(t, read(t, folder, "README.md"), "products")
	assert.Contains(t, read(t, folder, "README.md"), "## The first domain\n")
	assert.FileExists(t, filepath.Join(folder, "cmd/server/user.go"))
}

func TestAProjectBeginsWithNothing(t *testing.T) {
	folder := made(t, None)
	assert.Equal(t, []string{".gitkeep"}, names(t, folder, "modules"))
	assert.Contains(t, read(t, folder, "wire_gen/modules.go"), "wire.InterfaceValue(new(auth.Sessions), auth.Trust{}),")
	assert.NoFileExists(t, filepath.Join(folder, "cmd/server/user.go"))
	assert.Contains(t, read(t, folder, "cmd/server/token.go"), `"github.com/acme/shop/platform/auth"`)
	assert.Contains(t, read(t, folder, "cmd/server/main.go"), "newToken(&opts)")
	assert.Contains(t, read(t, folder, "README.md"), "$ token=$(tmp/server token)\n")
	assert.NotContains(t, read(t, folder, "test/server.sh"), "IDENTITY")
}

func TestAPartOfAProjectThatIsNotThereNeedsNotGo(t *testing.T) {
	bare, err := project.Open(made(t, None))
	require.NoError(t, err)
	command(t, bare.Root, "git", "init", "-q")
	folder := filepath.Join(t.TempDir(), "other")
	require.NoError(t, Make(bare, folder, NamesOf("github.com/acme/other"), None))
	assert.Equal(t, strings.ReplaceAll(read(t, bare.Root, "wire_gen/modules.go"), "acme/shop", "acme/other"), read(t, folder, "wire_gen/modules.go"))
	require.ErrorContains(t, Make(bare, filepath.Join(t.TempDir(), "x"), NamesOf("github.com/acme/x"), "some"), `there are no domains "some": all, identity, none`)
}

func TestASectionAndATargetGoWithAllThatIsTheirs(t *testing.T) {
	document := []byte("# A\n\n## B\n\nb\n\n### C\n\nc\n\n## D\n\nd\n")
	assert.Equal(t, "# A\n\n## D\n\nd\n", string(dropSection(document, "B")))
	assert.Equal(t, "# A\n\n## B\n\nb\n\n### C\n\nc\n", string(dropSection(document, "D")))
	assert.Equal(t, document, dropSection(bytes.Clone(document), "C"))
	makefile := []byte("a: ## A\n\tx\n\nab: a ## B\n\ty\n\tz\n\nc:\n\tx\n")
	assert.Equal(t, "ab: a ## B\n\ty\n\tz\n\nc:\n\tx\n", string(dropTarget(makefile, "a")))
	assert.Equal(t, "a: ## A\n\tx\n\nc:\n\tx\n", string(dropTarget(makefile, "ab")))
}

func TestAMigrationGoesWithTheModuleWhoseTablesItIsAbout(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"1_create.sql":  "-- +goose Up\nCREATE TABLE IF NOT EXISTS bill_bills (id INT REFERENCES user_users (id) ON DELETE CASCADE);\n",
		"2_index.sql":   "CREATE INDEX bill_bills_at ON `bill_bills` (at);\n",
		"3_another.sql": "CREATE INDEX user_users_at ON user_users (at);\n",
		"4_both.sql":    "INSERT INTO user_users SELECT id FROM bill_bills;\nDROP TABLE bill_bills;\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Join(folder, "migrations/sqlite"), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(folder, "migrations/sqlite", name), []byte(content), 0o600))
	}
	s := shrinking{folder: folder}
	require.NoError(t, s.dropMigrations("bill"))
	assert.Equal(t, []string{"3_another.sql", "4_both.sql"}, names(t, folder, "migrations/sqlite"))
}

// names are what is in a folder.
func names(t *testing.T, path ...string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(path...))
	require.NoError(t, err)
	var all []string
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	slices.Sort(all)
	return all
}

func command(t *testing.T, folder, name string, args ...string) {
	t.Helper()
	program := exec.CommandContext(t.Context(), name, args...)
	program.Dir = folder
	require.NoError(t, program.Run())
}
