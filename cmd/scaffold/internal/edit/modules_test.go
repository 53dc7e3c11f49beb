package edit_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/edit"
)

const group = "github.com/trellis-go/trellis/"

var invoice = edit.Mounting{Import: group + "modules/invoice", Package: "invoice", Field: "Invoice"}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return content
}

// aligned is the space by which gofmt puts types below each other.
var aligned = regexp.MustCompile(` +`)

func TestAModuleIsMountedOnceAndTakenOutToTheLastByte(t *testing.T) {
	before := read(t, "../../../../wire_gen/modules.go")
	mounted, err := edit.Mount(before, invoice, group)
	require.NoError(t, err)
	for _, line := range []string{
		"\t\"github.com/trellis-go/trellis/modules/invoice\"\n", "\tInvoice invoice.Config\n", "\tInvoice *invoice.Module\n",
		"\tinvoice.Set, wire.FieldsOf(new(ModuleConfigs), \"Invoice\"),\n", "\t\tm.Invoice.Module,\n",
	} {
		assert.Equal(t, 1, strings.Count(aligned.ReplaceAllString(string(mounted), " "), line), "%s in\n%s", line, mounted)
	}
	again, err := edit.Mount(mounted, invoice, group)
	require.NoError(t, err)
	assert.Equal(t, string(mounted), string(again))

	after, err := edit.Unmount(mounted, invoice)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))
	nothing, err := edit.Unmount(after, invoice)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(nothing))
}

func TestAListThatIsNotUnderstoodIsRefused(t *testing.T) {
	_, err := edit.Mount([]byte("package wiregen\n"), invoice, group)
	require.ErrorContains(t, err, "there is no struct ModuleConfigs\nthere is no struct Modules\nthere is no variable moduleSet\nthere is no function list")
	_, err = edit.Mount([]byte("package"), invoice, group)
	require.Error(t, err)
}

func TestASectionIsAddedOnceAndTakenOutToTheLastByte(t *testing.T) {
	for name, before := range map[string]string{
		"last in the file":  "http:\n  addr: x\n\nmodules:\n  catalog:\n    database: primary # by name\n",
		"before others":     "modules:\n  catalog:\n    database: primary\n\n# What follows\nlog:\n  level: info\n",
		"without a newline": "modules:\n  catalog:\n    database: primary",
	} {
		t.Run(name, func(t *testing.T) {
			added, err := edit.AddSection([]byte(before), "invoice", []string{"database: primary"})
			require.NoError(t, err)
			assert.Contains(t, string(added), "\n  invoice:\n    database: primary")
			again, err := edit.AddSection(added, "invoice", []string{"database: primary"})
			require.NoError(t, err)
			assert.Equal(t, string(added), string(again))
			after, err := edit.RemoveSection(added, "invoice")
			require.NoError(t, err)
			assert.Equal(t, before, string(after))
		})
	}
	_, err := edit.AddSection([]byte("log:\n"), "invoice", nil)
	require.Error(t, err)
}
