package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// listening is a project where invoices hear of purchases.
func listening(t *testing.T) string {
	t.Helper()
	folder := invoiced(t)
	must(t, folder, "module", "purchase", "--fields", "total:money,status:enum(draft,placed)", "--events", "placed")
	must(t, folder, "field", "invoice", "purchase_id:uuid?:index")
	must(t, folder, "operation", "invoice", "send")
	return folder
}

func TestAModuleIsToldOfWhatHappensInAnother(t *testing.T) {
	folder := listening(t)
	must(t, folder, "subscriber", "purchase.placed", "--in", "invoice", "--do", "send")
	assert.Contains(t, read(t, folder, "modules/invoice/module.go"), `subscription.On("invoice.purchase_placed", h.service.PurchasePlaced)`)
	assert.Contains(t, read(t, folder, "modules/invoice/events.go"), "event purchaseapi.PlacedV1) error {")
	assert.Contains(t, read(t, folder, "modules/invoice/events.go"), `s.repo.idsBy(ctx, "purchase_id", event.EventSubject())`)
	must(t, folder, "subscriber", "product.deleted", "--in", "invoice", "--version", "1")
	assert.Contains(t, read(t, folder, "modules/invoice/events.go"), "s.logger.InfoContext")

	after := picture(t, folder)
	assert.Contains(t, must(t, folder, "subscriber", "purchase.placed", "--in", "invoice", "--do", "send"), "nothing to do")
	assert.Contains(t, must(t, folder, "upgrade"), "nothing to do")
	assert.Empty(t, must(t, folder, "diff"))
	assert.Equal(t, after, picture(t, folder))
}

func TestASubscriberGoesThroughWhatElseIsDoneWithItsModule(t *testing.T) {
	folder := invoiced(t)
	before := picture(t, folder)
	must(t, folder, "subscriber", "product.created", "--in", "invoice")
	edit(t, folder, "modules/invoice/events.go", "the event has come", "a product is new")
	must(t, folder, "field", "invoice", "archived:bool")
	assert.Contains(t, read(t, folder, "modules/invoice/events.go"), "a product is new")
	must(t, folder, "subscriber", "product.deleted", "--in", "invoice")
	assert.Contains(t, read(t, folder, "modules/invoice/events.go"), "a product is new")
	assert.Contains(t, read(t, folder, "modules/invoice/events.go"), "ProductDeleted")
	must(t, folder, "rename", "invoice", "bill")
	assert.Contains(t, read(t, folder, "modules/bill/module.go"), `subscription.On("bill.product_created", h.service.ProductCreated)`)
	must(t, folder, "remove", "bill", "--force")
	must(t, folder, "module", "invoice", "--fields", invoice)
	after := picture(t, folder)
	for path, content := range before {
		if path != "scaffold.lock" && !strings.HasPrefix(path, "migrations/") { // named by the time
			assert.Equal(t, content, after[path], path)
		}
	}
}

func TestAModuleThatHearsOfItselfGetsAnotherNameWithItsEvents(t *testing.T) {
	folder := checkout(t)
	must(t, folder, "module", "invoice", "--fields", invoice, "--events", "paid")
	must(t, folder, "subscriber", "invoice.paid", "--in", "invoice")
	must(t, folder, "rename", "invoice", "bill")
	assert.Contains(t, read(t, folder, "modules/bill/module.go"), `subscription.On("bill.bill_paid", h.service.BillPaid)`)
	assert.Contains(t, read(t, folder, "modules/bill/events.go"), "event billapi.PaidV1) error {")
	assert.Contains(t, read(t, folder, "modules/bill/billapi/events.go"), `"bill.paid.v1"`)
	assert.NotContains(t, read(t, folder, "modules/bill/events.go"), "invoice")
	assert.Empty(t, must(t, folder, "diff"))
}

func TestAReleasedSubscriptionKeepsItsNameWhenItsModuleGetsAnother(t *testing.T) {
	folder := invoiced(t)
	must(t, folder, "subscriber", "product.created", "--in", "invoice")
	must(t, folder, "rename", "invoice", "bill", "--released")
	assert.Contains(t, read(t, folder, "modules/bill/module.go"), `subscription.On("invoice.product_created", h.service.ProductCreated)`)
}

func TestSubscribersThatCannotBeAreRefused(t *testing.T) {
	folder := listening(t)
	must(t, folder, "subscriber", "purchase.placed", "--in", "invoice")
	before := picture(t, folder)
	for reason, args := range map[string][]string{
		"did you mean purchase.placed?":               {"purchase.plased", "--in", "invoice"},
		`there is no event "purchase.placed.v7"`:      {"purchase.placed", "--in", "invoice", "--version", "7"},
		"say which module handles it":                 {"purchase.placed"},
		"only what was generated":                     {"purchase.placed", "--in", "catalog"},
		"purchase.placed is handled already":          {"purchase.placed", "--in", "invoice", "--do", "send"},
		`no operation "pay" to carry out`:             {"product.created", "--in", "invoice", "--do", "pay"},
		`no field "product_id"`:                       {"product.created", "--in", "invoice", "--do", "send"},
		"amount is a money":                           {"product.created", "--in", "invoice", "--do", "send", "--by", "amount"},
		"say which operation is carried out on those": {"product.created", "--in", "invoice", "--by", "number"},
	} {
		code, _, errs := call(t, folder, append([]string{"subscriber"}, args...)...)
		assert.NotEqual(t, 0, code, reason)
		assert.Contains(t, errs, reason)
		assert.Equal(t, before, picture(t, folder))
	}
	code, _, errs := call(t, folder, "remove", "purchase")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "modules/invoice imports modules/purchase/purchaseapi: take that out first")
}
