//go:build scaffold

package proof_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const invoice = "number:string:unique,customer_id:uuid:index,amount:money,due_at:time?,status:enum(draft,sent,paid),note:text?"

var percent = regexp.MustCompile(`coverage: ([0-9.]+)% of statements`)

func TestAModuleIsGreenLintedCoveredAndLeavesNothingBehind(t *testing.T) {
	scaffold, folder := tool(t), project(t)
	before := picture(t, folder)
	t.Log(command(t, folder, scaffold, "module", "invoice", "--fields", invoice))
	command(t, folder, scaffold, "field", "invoice", "kind:enum(credit,debit):index")
	command(t, folder, scaffold, "operation", "invoice", "send")

	command(t, folder, "go", "vet", "./...")
	covered := percent.FindStringSubmatch(command(t, folder, "go", "test", "-race", "-shuffle=on", "-count=1", "-cover", "./modules/invoice"))
	require.NotNil(t, covered)
	least, err := strconv.ParseFloat(covered[1], 64)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, least, 80.0)
	command(t, folder, "go", "test", "-count=1", "./test/boundaries")
	command(t, folder, "go", "run", "./cmd/server", "migrate", "lint")
	command(t, folder, "go", "tool", "-modfile=.tools/go.mod", "golangci-lint", "run", "--allow-parallel-runners", "./modules/invoice/...", "./wire_gen/...")
	command(t, folder, "go", "mod", "tidy", "-diff")
	assert.Empty(t, command(t, folder, "gofmt", "-l", "modules", "wire_gen"))
	assert.Contains(t, command(t, folder, "go", "run", "./cmd/server", "routes"), "/api/v2/invoices/{id}/send")

	command(t, folder, scaffold, "rename", "invoice", "bill")
	command(t, folder, scaffold, "remove", "bill")
	assert.Equal(t, before, picture(t, folder))
}

func TestWhenTheTestsFailNothingIsChanged(t *testing.T) {
	scaffold, folder := tool(t), project(t)
	path := filepath.Join(folder, "platform/id/id.go")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	broken := regexp.MustCompile(`uuid\.Validate\(text\) == nil`).ReplaceAll(content, []byte("uuid.Validate(text) != nil"))
	require.NotEqual(t, content, broken)
	require.NoError(t, os.WriteFile(path, broken, 0o600))
	before := picture(t, folder)

	said, err := try(t.Context(), folder, scaffold, "module", "invoice", "--fields", invoice)
	require.Error(t, err)
	assert.Contains(t, said, "--- FAIL")
	assert.Contains(t, said, "nothing was changed: every file is what it was")
	assert.Equal(t, before, picture(t, folder))
}

func TestWhenTheGraphCannotBeGeneratedNothingIsChanged(t *testing.T) {
	scaffold, folder := tool(t), project(t)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "wire_gen/broken.go"), []byte("package wiregen\n\nvar broken int = \"text\"\n"), 0o600))
	before := picture(t, folder)
	said, err := try(t.Context(), folder, scaffold, "module", "invoice", "--fields", invoice)
	require.Error(t, err)
	assert.Contains(t, said, "error: wire: ")
	assert.Equal(t, before, picture(t, folder))
}

func TestWhoeverInterruptsFindsNothingChanged(t *testing.T) {
	scaffold, folder := tool(t), project(t)
	before := picture(t, folder)
	ctx, interrupt := context.WithCancel(t.Context())
	go func() { // as soon as files are written, which is before anything is built
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(folder, "scaffold.lock")); err == nil {
				interrupt()
			}
			runtime.Gosched()
		}
	}()
	said, err := try(ctx, folder, scaffold, "module", "invoice", "--fields", invoice)
	require.Error(t, err)
	assert.Contains(t, said, "nothing was changed")
	assert.Equal(t, before, picture(t, folder))
}
