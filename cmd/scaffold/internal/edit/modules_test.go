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

func TestWhatWasBoundToAModuleGoesWithIt(t *testing.T) {
	before := `package wiregen

import (
	"github.com/google/wire"

	"github.com/trellis-go/trellis/modules/bill"
	"github.com/trellis-go/trellis/modules/invoice"
	"github.com/trellis-go/trellis/platform/module"
)

type ModuleConfigs struct {
	Bill    bill.Config
	Invoice invoice.Config
}

type Modules struct {
	Bill    *bill.Module
	Invoice *invoice.Module
}

var moduleSet = wire.NewSet(
	bill.Set, wire.FieldsOf(new(ModuleConfigs), "Bill"),
	invoice.Set, wire.FieldsOf(new(ModuleConfigs), "Invoice"), wire.Bind(new(invoice.Bills), new(*bill.Service)),
)

func list(m Modules) []module.Module { return []module.Module{m.Bill.Module, m.Invoice.Module} }
`
	after, err := edit.Unmount([]byte(before), invoice)
	require.NoError(t, err)
	assert.NotContains(t, strings.ToLower(string(after)), "invoice")
	assert.Contains(t, string(after), "bill.Set, wire.FieldsOf(new(ModuleConfigs), \"Bill\"),\n)")
}

func TestWhatNothingIsListedOfHasNoName(t *testing.T) {
	before := `package wiregen

import (
	"github.com/google/wire"

	"github.com/trellis-go/trellis/platform/module"
)

type ModuleConfigs struct{}

type Modules struct{}

var moduleSet = wire.NewSet()

func list(_ Modules, _ ModuleConfigs) []module.Module {
	return []module.Module{}
}
`
	mounted, err := edit.Mount([]byte(before), invoice, group)
	require.NoError(t, err)
	assert.Contains(t, string(mounted), "func list(m Modules, _ ModuleConfigs) []module.Module {")
	after, err := edit.Unmount(mounted, invoice)
	require.NoError(t, err)
	assert.Contains(t, string(after), "func list(_ Modules, _ ModuleConfigs) []module.Module {")
}

func TestAnApplicationWithoutSessionsTrustsTokens(t *testing.T) {
	before := read(t, "../../../../wire_gen/modules.go")
	after, err := edit.Trust(before, strings.TrimSuffix(group, "/"))
	require.NoError(t, err)
	assert.Contains(t, string(after), "\twire.InterfaceValue(new(auth.Sessions), auth.Trust{}),\n)")
	assert.Contains(t, string(after), "\t\"github.com/trellis-go/trellis/platform/auth\"\n")
	again, err := edit.Trust(after, strings.TrimSuffix(group, "/"))
	require.NoError(t, err)
	assert.Equal(t, string(after), string(again))
}

func TestAModuleGetsAnotherNameWhereItIsListedWithWhatIsBoundToIt(t *testing.T) {
	const source = `package wiregen

import (
	"github.com/trellis-go/trellis/modules/catalog"
	"github.com/trellis-go/trellis/modules/invoice"
)

type ModuleConfigs struct {
	Invoice invoice.Config
	Catalog catalog.Config
}

type Modules struct {
	Invoice *invoice.Module
	Catalog *catalog.Module
}

var moduleSet = wire.NewSet(
	invoice.Set, wire.FieldsOf(new(ModuleConfigs), "Invoice"), // first
	wire.Bind(new(catalog.Debts), new(*invoice.Service)),
)

func list(m *Modules) []module.Module {
	return []module.Module{m.Invoice.Module, m.Catalog.Module}
}
`
	want := strings.NewReplacer("invoice.Config", "apikey.Config `mapstructure:\"apikey\"`", "\tInvoice ", "\tAPIKey  ",
		"modules/invoice", "modules/apikey", "invoice.", "apikey.", "Invoice", "APIKey").Replace(source)
	lines := strings.Split(want, "\n")
	lines[3], lines[4] = lines[4], lines[3] // imports are sorted
	key := edit.Mounting{Import: group + "modules/apikey", Package: "apikey", Field: "APIKey", Section: "apikey"}
	renamed, err := edit.Remount([]byte(source), invoice, key, group)
	require.NoError(t, err)
	assert.Equal(t, strings.Join(lines, "\n"), string(renamed))
	back, err := edit.Remount(renamed, key, invoice, group)
	require.NoError(t, err)
	assert.Equal(t, source, string(back))
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
			assert.Equal(t, before, string(edit.RemoveSection(added, "invoice")))
		})
	}
	_, err := edit.AddSection([]byte("log:\n"), "invoice", nil)
	require.Error(t, err)
}
