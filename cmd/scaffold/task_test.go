package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestATaskIsBegunByAnOperationOrByTheClock(t *testing.T) {
	folder := invoiced(t)
	must(t, folder, "task", "invoice", "remind")
	assert.Contains(t, read(t, folder, "modules/invoice/handler.go"),
		`ID: "remind-invoice", Method: http.MethodPost, Path: "/invoices/{id}/remind", Tag: tag, Status: http.StatusAccepted`)
	assert.Contains(t, read(t, folder, "modules/invoice/invoice.go"), "i.RemindedAt = &now")
	assert.Contains(t, read(t, folder, "modules/invoice/module.go"), "remindKind.On(h.service.runRemind, tasks.Options{})")
	assert.Len(t, glob(t, folder, "migrations/*/*_add_reminded_at_to_invoice.sql"), 3)
	must(t, folder, "task", "invoice", "send", "--every", "15m")
	must(t, folder, "task", "invoice", "settle", "--set", "status=paid", "--cron", "0 7 * * *", "--zone", "Europe/Berlin")
	module := read(t, folder, "modules/invoice/module.go")
	assert.Contains(t, module, `tasks.Every("invoice.send", 15*time.Minute, sendKind, struct{}{})`)
	assert.Contains(t, module, `tasks.Cron("invoice.settle", "0 7 * * *", "Europe/Berlin", settleKind, struct{}{})`)

	after := picture(t, folder)
	assert.Contains(t, must(t, folder, "task", "invoice", "remind"), "nothing to do")
	assert.Contains(t, must(t, folder, "upgrade"), "nothing to do")
	assert.Empty(t, must(t, folder, "diff"))
	assert.Equal(t, after, picture(t, folder))
	must(t, folder, "rename", "invoice", "bill")
	assert.Contains(t, read(t, folder, "modules/bill/module.go"), `tasks.Every("bill.send"`)
	assert.Empty(t, must(t, folder, "diff"))
}

func TestAModuleWithTasksIsTakenOutToTheLastByte(t *testing.T) {
	folder := checkout(t)
	before := picture(t, folder)
	must(t, folder, "module", "invoice", "--fields", invoice)
	must(t, folder, "task", "invoice", "remind")
	must(t, folder, "task", "invoice", "send", "--every", "1h")
	must(t, folder, "remove", "invoice")
	assert.Equal(t, before, picture(t, folder))
}

func TestTasksThatCannotBeAreRefused(t *testing.T) {
	folder := invoiced(t)
	must(t, folder, "operation", "invoice", "send")
	must(t, folder, "module", "note", "--fields", "made_at:time,kind:enum(one)")
	before := picture(t, folder)
	for reason, args := range map[string][]string{
		"the operation send has that name already": {"invoice", "send"},
		"not both":                           {"invoice", "remind", "--every", "1h", "--cron", "0 7 * * *"},
		"a time zone is that of --cron":      {"invoice", "remind", "--every", "1h", "--zone", "UTC"},
		"is not an interval":                 {"invoice", "remind", "--every", "often"},
		"is not a time as cron has it":       {"invoice", "remind", "--cron", "7 o'clock"},
		"cannot be set to \"lost\"":          {"invoice", "lose", "--set", "status=lost"},
		"say what it sets, and to what":      {"invoice", "lose", "--set", "status"},
		"made_at is always set":              {"note", "make"},
		"kind is always one":                 {"note", "turn", "--set", "kind=one"},
		"only what was generated":            {"catalog", "tidy"},
		"every module has that name already": {"invoice", "delete"},
	} {
		code, _, errs := call(t, folder, append([]string{"task"}, args...)...)
		assert.NotEqual(t, 0, code, reason)
		assert.Contains(t, errs, reason)
		assert.Equal(t, before, picture(t, folder))
	}
	edit(t, folder, "configs/default.yaml", "tasks:\n  database: primary", "tasks:\n  database: other")
	code, _, errs := call(t, folder, "task", "invoice", "remind")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "tasks are stored in the database other")
}
