package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// invoiced is a project with the module invoice.
func invoiced(t *testing.T) string {
	t.Helper()
	folder := checkout(t)
	must(t, folder, "module", "invoice", "--fields", invoice)
	return folder
}

func TestAFieldIsAddedEverywhereAndWhatWasWrittenByHandStays(t *testing.T) {
	folder := invoiced(t)
	edit(t, folder, "modules/invoice/invoice.go", "// Invoice is an invoice as it is stored.", "// Invoice is what a customer owes.")
	edit(t, folder, "modules/invoice/shapes.go", "func show(", "// byHand stays.\nfunc byHand() {}\n\nfunc show(")
	must(t, folder, "field", "invoice", "paid_at:time?", "--index")
	for file, line := range map[string]string{
		"invoice.go": "PaidAt", "shapes.go": "PaidAt: ", "handler.go": "PaidAtFrom", "repository.go": "paid_at >= ?",
		"main_test.go": `"paid_at": `, "service_test.go": "paid_at_from=",
	} {
		content := strings.Join(strings.Fields(read(t, folder, "modules/invoice/"+file)), " ")
		assert.Contains(t, content, strings.TrimSpace(line), file)
	}
	assert.Contains(t, read(t, folder, "modules/invoice/invoice.go"), "// Invoice is what a customer owes.")
	assert.Contains(t, read(t, folder, "modules/invoice/shapes.go"), "// byHand stays.")
	for _, engine := range []string{"sqlite", "mysql", "oracle"} {
		assert.Len(t, glob(t, folder, "migrations/"+engine+"/*_add_paid_at_to_invoice.sql"), 1)
	}
	edits := must(t, folder, "diff", "invoice")
	assert.Contains(t, edits, "+// Invoice is what a customer owes.")
	assert.NotContains(t, edits, "PaidAt ")

	after := picture(t, folder)
	assert.Contains(t, must(t, folder, "field", "invoice", "paid_at:time?:index"), "nothing to do")
	assert.Equal(t, after, picture(t, folder))
}

func TestARequiredFieldHasAValueForRowsThatExistOrIsRefused(t *testing.T) {
	folder := invoiced(t)
	must(t, folder, "field", "invoice", "kind:enum(credit,debit)")
	assert.Contains(t, read(t, folder, "modules/invoice/invoice.go"), "default:credit;not null")
	must(t, folder, "field", "invoice", "archived:bool")
	before := picture(t, folder)
	for field, reason := range map[string]string{
		"note:string": "make it optional, note:string?", "code:int:unique": "make it optional, code:int?:unique",
		"number:int": "number is the name of number already", "x:nothing": "there is no type", "status:enum(a)": "already",
	} {
		code, _, errs := call(t, folder, "field", "invoice", field)
		assert.NotEqual(t, 0, code)
		assert.Contains(t, errs, reason)
		assert.Equal(t, before, picture(t, folder))
	}
}

func TestAChangeByHandThatDoesNotGoTogetherStopsTheCommandUnlessItIsToStay(t *testing.T) {
	folder := invoiced(t)
	edit(t, folder, "modules/invoice/handler.go", `enum:"number,-number,created_at,-created_at"`, `enum:"number,-number"`)
	before := picture(t, folder)
	code, _, errs := call(t, folder, "field", "invoice", "rank:int:index")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "modules/invoice/handler.go: type listInput: changed by hand, and in another way by this command")
	assert.Equal(t, before, picture(t, folder))

	said := must(t, folder, "field", "invoice", "rank:int:index", "--keep")
	assert.Contains(t, said, "note     modules/invoice/handler.go: type listInput stays as it was changed by hand")
	assert.Contains(t, read(t, folder, "modules/invoice/handler.go"), `enum:"number,-number"`)
}

func TestAnOperationIsAddedWithWhatItsNameSays(t *testing.T) {
	folder := invoiced(t)
	must(t, folder, "operation", "invoice", "send")
	assert.Contains(t, read(t, folder, "modules/invoice/handler.go"), `ID: "send-invoice", Method: http.MethodPost, Path: "/invoices/{id}/send"`)
	assert.Contains(t, read(t, folder, "modules/invoice/invoice.go"), "i.Status = StatusSent")
	must(t, folder, "operation", "invoice", "summary", "--method", "get")
	after := picture(t, folder)
	assert.Contains(t, must(t, folder, "operation", "invoice", "send"), "nothing to do")
	for _, args := range [][]string{
		{"send", "--set", "status=paid"}, {"create"}, {"go"}, {"file", "--method", "FETCH"}, {"file", "--set", "status=lost"}, {"file", "--set", "status"},
	} {
		code, _, _ := call(t, folder, append([]string{"operation", "invoice"}, args...)...)
		assert.NotEqual(t, 0, code, args)
		assert.Equal(t, after, picture(t, folder))
	}
}

func TestARenamedModuleTakesItsHandWrittenFilesAlong(t *testing.T) {
	folder := invoiced(t)
	must(t, folder, "operation", "invoice", "send")
	edit(t, folder, "modules/invoice/service.go", "// Service is what can be done with invoices.", "// Service is all about an invoice.")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "modules/invoice/invoice_pdf.go"),
		[]byte("package invoice\n\n// PDF of an invoice.\nfunc (i *Invoice) PDF() string { return \"invoice_invoices\" }\n"), 0o600))
	said := must(t, folder, "rename", "invoice", "bill")
	assert.Contains(t, said, "modules/bill/bill_pdf.go: what was written by hand has its words replaced: look at it")
	assert.Equal(t, "package bill\n\n// PDF of a bill.\nfunc (i *Bill) PDF() string { return \"bill_bills\" }\n", read(t, folder, "modules/bill/bill_pdf.go"))
	assert.Contains(t, read(t, folder, "modules/bill/service.go"), "// Service is all about a bill.")
	assert.Contains(t, read(t, folder, "configs/default.yaml"), "\n  bill:\n    database: primary\n")
	assert.NoDirExists(t, filepath.Join(folder, "modules/invoice"))
	assert.Empty(t, glob(t, folder, "migrations/*/*invoice*"))
	for path, content := range picture(t, folder) {
		if strings.HasPrefix(path, "modules/bill") || strings.HasPrefix(path, "wire_gen/modules") {
			assert.NotContains(t, strings.ToLower(content), "invoice", path)
		}
	}
	must(t, folder, "field", "bill", "note:text?")
	assert.Contains(t, read(t, folder, "modules/bill/service.go"), "all about a bill")
	must(t, folder, "remove", "bill", "--force")
}

func TestARenamedModuleHasTheOldWordsWhereTheyArePartsOfOthers(t *testing.T) {
	folder := checkout(t)
	must(t, folder, "module", "art", "--fields", "title:string,art_ref:string?")
	edit(t, folder, "modules/art/service.go", "// Service is", "// Service is artful: it")
	text := "package art\n\n// The start of an art party: ArtParty, newArt, art_id, PDFArts, arts, artful, ARTIST, smartArt.\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, "modules/art/start.go"), []byte(text), 0o600))
	must(t, folder, "rename", "art", "craft")
	assert.Equal(t, "package craft\n\n// The start of a craft party: CraftParty, newCraft, craft_id, PDFCrafts, crafts, artful, ARTIST, smartCraft.\n",
		read(t, folder, "modules/craft/start.go"))
	edits := must(t, folder, "diff", "craft")
	assert.Contains(t, edits, "+// Service is artful: it")
	assert.NotContains(t, edits, "_ref", "a field keeps its name")
}

func TestARenamedModuleMayDoWhatItMight(t *testing.T) {
	const permissions, matrix = "wire_gen/permissions.go", "test/boundaries/policy_test.go"
	folder := guarded(t)
	before := picture(t, folder)
	must(t, folder, "module", "invoice", "--fields", invoice)
	edit(t, folder, "modules/invoice/handler.go", "\nfunc ", "\nvar printing = httpapi.Operation{ID: \"print-invoices\", Path: \"/invoices/print\"}\n\nfunc ")
	edit(t, folder, matrix, "string{\n", "string{\n\t\"print-invoices\": \"customer\",\n")
	edit(t, folder, permissions, ", invoice.Read, invoice.Write", ", invoice.Read")
	edit(t, folder, permissions, "\t\tauth.Staff:", "\t\tauth.Customer: {invoice.Write},\n\t\tauth.Staff:")
	must(t, folder, "operation", "invoice", "send")
	must(t, folder, "rename", "invoice", "bill")
	assert.Regexp(t, `"print-bills": +"customer",\n`, read(t, folder, matrix))
	assert.Regexp(t, `"send-bill": +"staff",\n`, read(t, folder, matrix))
	assert.NotContains(t, read(t, folder, matrix), "invoice")
	assert.Regexp(t, `auth.Customer: +{bill.Write},\n`, read(t, folder, permissions))
	assert.Regexp(t, `auth.Staff: .*, bill.Read},`, read(t, folder, permissions))

	must(t, folder, "remove", "bill", "--force")
	assert.Equal(t, before[matrix], read(t, folder, matrix))
	assert.NotContains(t, read(t, folder, permissions), "bill")
}

func TestAReleasedTableIsRenamedByAMigration(t *testing.T) {
	folder := invoiced(t)
	history(t, folder, "v1.0.0")
	must(t, folder, "rename", "invoice", "bill")
	assert.Len(t, glob(t, folder, "migrations/oracle/*_create_invoice.sql"), 1)
	found := glob(t, folder, "migrations/mysql/*_rename_invoice_to_bill.sql")
	require.Len(t, found, 1)
	content, err := os.ReadFile(found[0])
	require.NoError(t, err)
	assert.Contains(t, string(content), "ALTER TABLE invoice_invoices\n    RENAME COLUMN invoice_number TO bill_number,\n")
	assert.Contains(t, string(content), "    RENAME TO bill_bills;\n")
}

func TestANameThatIsTakenIsRefusedForRenamingToo(t *testing.T) {
	folder := invoiced(t)
	before := picture(t, folder)
	for _, name := range []string{"catalog", "product", "func", "bills"} {
		code, _, _ := call(t, folder, "rename", "invoice", name)
		assert.NotEqual(t, 0, code, name)
		assert.Equal(t, before, picture(t, folder))
	}
}

func TestAMiddlewareHasItsFileItsTestAndItsPlace(t *testing.T) {
	folder := checkout(t)
	must(t, folder, "middleware", "forbid_index", "--header", "x-robots-tag: noindex")
	assert.Contains(t, read(t, folder, "platform/httpapi/chain.go"), "\t\ta.forbidIndex,\n\t\ta.limitRate,\n")
	assert.Contains(t, read(t, folder, "platform/httpapi/forbid_index.go"), `w.Header().Set("X-Robots-Tag", "noindex")`)
	after := picture(t, folder)
	assert.Contains(t, must(t, folder, "middleware", "forbid_index", "--header", "X-Robots-Tag: noindex"), "nothing to do")
	for _, args := range [][]string{
		{"chain", "--header", "A: b"}, {"x", "--header", "no header"}, {"x", "--header", "a b: c"}, {"X", "--header", "A: b"},
		{"x", "--header", "A: b", "--before", "nothing"},
	} {
		code, _, _ := call(t, folder, append([]string{"middleware"}, args...)...)
		assert.NotEqual(t, 0, code, args)
		assert.Equal(t, after, picture(t, folder))
	}
}

func TestAMigrationIsBegunForEveryEngine(t *testing.T) {
	folder := checkout(t)
	must(t, folder, "migration", "fill_it")
	assert.Len(t, glob(t, folder, "migrations/*/*_fill_it.sql"), 3)
	code, _, _ := call(t, folder, "migration", "Fill It")
	assert.NotEqual(t, 0, code)
}

func TestDoctorFindsWhatHasDriftedAndListSaysWhatIsThere(t *testing.T) {
	folder := invoiced(t)
	assert.Empty(t, must(t, folder, "doctor"))
	assert.JSONEq(t, "[]", must(t, folder, "doctor", "--json"))
	listed := must(t, folder, "list")
	assert.Contains(t, listed, "invoice  (generated)\n  tables   invoice_invoices\n")
	assert.Contains(t, listed, "POST     /invoices                        Create an invoice\n")
	assert.Contains(t, must(t, folder, "list", "--json"), `"id": "list-products"`)

	require.NoError(t, os.Remove(filepath.Join(folder, "modules/invoice/handler.go")))
	require.NoError(t, os.Remove(glob(t, folder, "migrations/mysql/*_create_invoice.sql")[0]))
	edit(t, folder, "wire_gen/modules.go", "\t\tm.Invoice.Module,\n", "")
	edit(t, folder, "configs/default.yaml", "\n  invoice:\n    database: primary", "")
	edit(t, folder, "scaffold.lock", `"sha256": "`, `"sha256": "0`)
	code, said, _ := call(t, folder, "doctor")
	assert.Equal(t, 1, code)
	for _, finding := range []string{
		"modules/invoice/handler.go is missing", "modules/invoice/handler.go was generated and is gone", "_create_invoice.sql is missing",
		"wire_gen/modules.go does not list it", "configs/default.yaml does not list it", "scaffold upgrade invoice",
	} {
		assert.Contains(t, said, finding)
	}
}

func TestOthersAreToldOfWhatHappens(t *testing.T) {
	folder := checkout(t)
	must(t, folder, "module", "invoice", "--fields", invoice, "--events", "issued,paid")
	leaf := read(t, folder, "modules/invoice/invoiceapi/events.go")
	assert.Contains(t, leaf, `func (IssuedV1) EventType() string { return "invoice.issued.v1" }`)
	assert.Contains(t, read(t, folder, "modules/invoice/invoice.go"), "func (i *Invoice) issue(now time.Time) { i.IssuedAt = &now }")
	assert.Contains(t, read(t, folder, "modules/invoice/service.go"), "i.Status == StatusPaid")
	assert.NotContains(t, read(t, folder, "modules/invoice/handler.go"), "pay", "a value of an enum needs no operation")

	must(t, folder, "event", "invoice", "created")
	must(t, folder, "event", "invoice", "cancelled")
	assert.Len(t, glob(t, folder, "migrations/mysql/*_add_cancelled_at_to_invoice.sql"), 1)
	assert.Contains(t, read(t, folder, "modules/invoice/handler.go"), `ID: "cancel-invoice"`)
	assert.Contains(t, must(t, folder, "event", "invoice", "paid"), "nothing to do")
	code, _, errs := call(t, folder, "event", "invoice", "Paid")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "a name is what something has become")
	must(t, folder, "remove", "invoice")
}

func TestAModuleThatTellsNothingBeginsTo(t *testing.T) {
	folder := invoiced(t)
	must(t, folder, "event", "invoice", "updated")
	assert.Contains(t, read(t, folder, "modules/invoice/service.go"), "events *outbox.Outbox")
	assert.FileExists(t, filepath.Join(folder, "modules/invoice/events_test.go"))
}
