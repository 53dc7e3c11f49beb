package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAModuleIsAddedOnceAndTakenOutToTheLastByte(t *testing.T) {
	folder := checkout(t)
	before := picture(t, folder)
	said := must(t, folder, "module", "invoice", "--fields", invoice)
	assert.Contains(t, said, "created  modules/invoice/service_test.go\n")
	assert.Contains(t, said, "changed  wire_gen/modules.go\n")
	assert.Contains(t, said, "curl -i localhost:8000/api/invoices")
	assert.Contains(t, read(t, folder, "configs/default.yaml"), "\n  invoice:\n    database: primary\n")
	for _, engine := range []string{"sqlite", "mysql", "oracle"} {
		assert.Len(t, glob(t, folder, "migrations/"+engine+"/*_create_invoice.sql"), 1)
	}
	after := picture(t, folder)
	assert.Equal(t, "nothing to do: it is all there\n", must(t, folder, "module", "invoice", "--fields", invoice))
	assert.Equal(t, after, picture(t, folder))

	must(t, folder, "remove", "invoice")
	assert.Equal(t, before, picture(t, folder))
}

func TestAModuleIsTakenOutOfEveryEnvironment(t *testing.T) {
	folder := checkout(t)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "configs/night.yaml"), []byte("modules:\n  counter:\n    x: 1\n"), 0o600))
	before := picture(t, folder)
	must(t, folder, "module", "invoice", "--fields", invoice)
	edit(t, folder, "configs/night.yaml", "modules:\n", "modules:\n  invoice:\n    database: reports\n")
	must(t, folder, "remove", "invoice")
	assert.Equal(t, before, picture(t, folder))
}

func TestAModuleWhoseFolderIsGoneIsTakenOutOfTheRest(t *testing.T) {
	folder := checkout(t)
	before := picture(t, folder)
	must(t, folder, "module", "invoice", "--fields", invoice)
	require.NoError(t, os.RemoveAll(filepath.Join(folder, "modules/invoice")))
	_, said, _ := call(t, folder, "doctor")
	assert.Contains(t, said, "scaffold remove takes it out of the rest")
	must(t, folder, "remove", "invoice")
	assert.Equal(t, before, picture(t, folder))
}

func TestModulesComeAndGoInAnyOrder(t *testing.T) {
	folder := checkout(t)
	must(t, folder, "module", "invoice", "--fields", invoice)
	one := picture(t, folder)
	must(t, folder, "module", "api_key", "--fields", "secret:string")
	assert.Contains(t, read(t, folder, "modules/apikey/apikey.go"), "type APIKey struct")
	assert.Regexp(t, "APIKey +apikey.Config +`mapstructure:\"apikey\"`\n", read(t, folder, "wire_gen/modules.go"))
	must(t, folder, "module", "category_tree", "--fields", "name:string", "--api", "v2")
	must(t, folder, "remove", "api_key")
	must(t, folder, "remove", "categorytree")
	assert.Equal(t, one, picture(t, folder))
}

func TestADryRunShowsEverythingAndChangesNothing(t *testing.T) {
	folder := checkout(t)
	before := picture(t, folder)
	said := must(t, folder, "module", "invoice", "--fields", invoice, "--dry-run")
	assert.Contains(t, said, "+++ b/modules/invoice/invoice.go\n")
	assert.Regexp(t, `\+\tInvoice +\*invoice\.Module\n`, said)
	assert.Equal(t, before, picture(t, folder))
}

func TestToolsAreAnsweredInJSON(t *testing.T) {
	var answer struct {
		Changes []struct{ Path, What string }
		Steps   []struct {
			Name        string
			Nanoseconds int64
		}
		Try []string
	}
	require.NoError(t, json.Unmarshal([]byte(must(t, checkout(t), "module", "invoice", "--fields", invoice, "--json")), &answer))
	assert.Contains(t, answer.Changes, struct{ Path, What string }{"modules/invoice/invoice.go", "created"})
	assert.Equal(t, "generate", answer.Steps[0].Name)
	assert.NotEmpty(t, answer.Try)
}

func TestWhatClashesIsRefusedWithTheReasonAndNothingIsChanged(t *testing.T) {
	folder := checkout(t)
	must(t, folder, "module", "invoice", "--fields", invoice)
	before := picture(t, folder)
	for name, test := range map[string]struct {
		args   []string
		reason string
	}{
		"a keyword":              {[]string{"module", "func", "--fields", "a:int"}, "func is a keyword of Go"},
		"a plural":               {[]string{"module", "orders", "--fields", "a:int"}, "name it in the singular, order"},
		"an existing module":     {[]string{"module", "catalog", "--fields", "a:int"}, "there is a module catalog already"},
		"the same, other fields": {[]string{"module", "invoice", "--fields", "a:int"}, "with other fields or options"},
		"a route":                {[]string{"module", "product", "--fields", "a:int"}, "modules/catalog serves /products already"},
		"the platform's route":   {[]string{"module", "dead_letter", "--fields", "a:int"}, "the platform serves /dead-letters already: list-dead-letters"},
		"the platform's problem": {[]string{"module", "task", "--fields", "a:int"}, "there is a problem task_not_found already: platform/tasks/tasks.go defines it"},
		"a package":              {[]string{"module", "health", "--fields", "a:int"}, "health is a package that modules import"},
		"the platform's package": {[]string{"module", "telemetry", "--fields", "a:int"}, "telemetry is a package"},
		"a database":             {[]string{"module", "purchase", "--fields", "a:int", "--database", "nowhere"}, `no database is called "nowhere"`},
		"a version":              {[]string{"module", "purchase", "--fields", "a:int", "--api", "v9"}, "there is no v9 of the API"},
		"no number":              {[]string{"module", "purchase", "--fields", "a:int", "--api", "two"}, "a version is v1, v2"},
		"a wrong type":           {[]string{"module", "purchase", "--fields", "a:itn"}, "did you mean int?"},
		"no fields":              {[]string{"module", "purchase"}, "needs at least one field"},
		"no name":                {[]string{"module"}, "say what the module is called"},
		"an unknown flag":        {[]string{"module", "purchase", "--nothing"}, "unknown flag"},
		"too many names":         {[]string{"module", "a", "b"}, "accepts at most 1 arg"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, errs := call(t, folder, test.args...)
			assert.Equal(t, 2, code)
			assert.Contains(t, errs, test.reason)
			assert.Equal(t, before, picture(t, folder))
		})
	}
}

func TestWhatAFunctionServesIsKnownFromTheDocuments(t *testing.T) {
	folder := invoiced(t)
	edit(t, folder, "modules/invoice/handler.go", "\nfunc ", "\nfunc more(path string) httpapi.Operation {\n\treturn httpapi.Operation{Path: path, Tag: \"Invoices\"}\n}\n\nfunc ")
	edit(t, folder, "test/api/v2.json", `"paths": {`, `"paths": {"/refunds/{id}": {"get": {"operationId": "read-refund", "summary": "Read it", "tags": ["Invoices"]}},`)
	assert.Contains(t, must(t, folder, "list"), "GET      /refunds/{id}                    Read it\n")
	code, _, errs := call(t, folder, "module", "refund", "--fields", "a:int")
	assert.Equal(t, 2, code)
	assert.Contains(t, errs, "modules/invoice serves /refunds already: read-refund")
}

func TestAProblemIsDefinedOnce(t *testing.T) {
	folder := invoiced(t)
	edit(t, folder, "modules/invoice/invoice.go", "\nvar (\n", "\nvar (\n\terrRefund = problem.Define(http.StatusNotFound, \"refund_not_found\", \"It does not exist\", \"\")\n")
	edit(t, folder, "modules/invoice/invoice.go", "\nvar (\n", "\n// problem.Define(http.StatusNotFound, \"paper_not_found\", would be another.\n\nvar (\n")
	code, _, errs := call(t, folder, "module", "refund", "--fields", "a:int")
	assert.Equal(t, 2, code)
	assert.Contains(t, errs, "there is a problem refund_not_found already: modules/invoice/invoice.go defines it")
	must(t, folder, "module", "paper", "--fields", "a:int")
}

func TestATableThatExistsIsRefused(t *testing.T) {
	folder := checkout(t)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "migrations/sqlite/20990101000000_x.sql"),
		[]byte("-- +goose Up\nCREATE TABLE purchase_purchases (id TEXT);\n-- +goose Down\nDROP TABLE purchase_purchases;\n"), 0o600))
	_, _, errs := call(t, folder, "module", "purchase", "--fields", "a:int")
	assert.Contains(t, errs, "there is a table purchase_purchases already: the migration 20990101000000_x.sql makes it")
	must(t, folder, "module", "bill", "--fields", "a:int")
	assert.Len(t, glob(t, folder, "migrations/sqlite/20990101000001_create_bill.sql"), 1, "it comes after all that are there")
}

func TestOutsideOfAProjectNothingWorks(t *testing.T) {
	folder := t.TempDir()
	code, _, errs := call(t, folder, "list")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "is in no Go module")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "go.mod"), []byte("module example.com/x\n"), 0o600))
	_, _, errs = call(t, folder, "list")
	assert.Contains(t, errs, "is not laid out as this tool knows it")
}

func TestWhatWasReleasedStaysAndAnotherMigrationDropsTheTable(t *testing.T) {
	folder := checkout(t)
	must(t, folder, "module", "invoice", "--fields", invoice)
	history(t, folder, "v1.0.0")
	must(t, folder, "remove", "invoice")
	assert.Len(t, glob(t, folder, "migrations/mysql/*_create_invoice.sql"), 1)
	dropped := glob(t, folder, "migrations/mysql/*_drop_invoice.sql")
	require.Len(t, dropped, 1)
	content, err := os.ReadFile(dropped[0])
	require.NoError(t, err)
	assert.Regexp(t, `(?s)^-- lint: allow destructive: .*-- \+goose Up\nDROP TABLE invoice_invoices;\n\n-- \+goose Down\nCREATE TABLE invoice_invoices \(`, string(content))
	assert.NoDirExists(t, filepath.Join(folder, "modules/invoice"))
}

func TestATableThatOtherMigrationsNameIsNotTakenFromUnderThem(t *testing.T) {
	folder := checkout(t)
	must(t, folder, "module", "invoice", "--fields", invoice)
	must(t, folder, "migration", "fill_it")
	filled := glob(t, folder, "migrations/*/*_fill_it.sql")
	for _, file := range filled {
		require.NoError(t, os.WriteFile(file, []byte("-- +goose Up\nUPDATE INVOICE_INVOICES SET number = 'x';\n"), 0o600))
	}
	before := picture(t, folder)
	for _, args := range [][]string{{"remove", "invoice", "--force"}, {"rename", "invoice", "bill"}} {
		code, _, errs := call(t, folder, args...)
		assert.Equal(t, 1, code)
		assert.Contains(t, errs, "other migrations name the module's table: take them out first, or say --released")
		for _, file := range filled {
			assert.Contains(t, errs, "\n  migrations/"+filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file))
		}
		assert.Equal(t, before, picture(t, folder))
	}
	must(t, folder, "remove", "invoice", "--released")
	assert.Len(t, glob(t, folder, "migrations/*/*_create_invoice.sql"), 3)
}

func TestMigrationsOfOtherTablesDoNotHoldAModule(t *testing.T) {
	folder := checkout(t)
	must(t, folder, "module", "invoice", "--fields", invoice)
	must(t, folder, "migration", "fill_it")
	for _, file := range glob(t, folder, "migrations/*/*_fill_it.sql") {
		require.NoError(t, os.WriteFile(file, []byte("-- +goose Up\nUPDATE invoice_invoices_old SET number = 'x';\n"), 0o600))
	}
	must(t, folder, "remove", "invoice")
	assert.Len(t, glob(t, folder, "migrations/*/*_fill_it.sql"), 3)
}

func TestWhatSomebodyChangedIsNotTakenOutUnasked(t *testing.T) {
	folder := checkout(t)
	must(t, folder, "module", "invoice", "--fields", invoice)
	edit(t, folder, "modules/invoice/service.go", "// Service is", "// A Service is")
	before := picture(t, folder)
	code, _, errs := call(t, folder, "remove", "invoice")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "somebody has changed or added modules/invoice/service.go: say --force")
	assert.Equal(t, before, picture(t, folder))
	must(t, folder, "remove", "invoice", "--force")
	_, _, errs = call(t, folder, "remove", "invoice")
	assert.Contains(t, errs, `has no module "invoice"`)
}
