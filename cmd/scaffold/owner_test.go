package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// guarded is a project where operations say who may call them.
func guarded(t *testing.T) string {
	t.Helper()
	folder := checkout(t)
	copyTree(t, "../../platform/auth", filepath.Join(folder, "platform/auth"))
	copyTree(t, "../../test/boundaries", filepath.Join(folder, "test/boundaries"))
	return folder
}

func TestWhatAUserHasMadeBelongsToThem(t *testing.T) {
	folder := guarded(t)
	before := picture(t, folder)
	must(t, folder, "module", "invoice", "--fields", invoice, "--owner", "user")
	assert.Contains(t, read(t, folder, "modules/invoice/handler.go"), "Policy: auth.Authenticated, Others: Manage,")
	assert.Contains(t, read(t, folder, "modules/invoice/service.go"), "OwnerID: auth.PrincipalOf(ctx).UserID")
	assert.Contains(t, read(t, folder, "modules/invoice/repository.go"), `db.Where("owner_id = ?", w.Owner)`)
	assert.Contains(t, read(t, folder, "wire_gen/permissions.go"), "invoice.Manage")
	assert.NotContains(t, read(t, folder, "wire_gen/permissions.go"), "invoice.Write")
	assert.Regexp(t, `"get-invoice": +"customer staff"`, read(t, folder, "test/boundaries/policy_test.go"))
	for _, path := range glob(t, folder, "migrations/*/*_create_invoice.sql") {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Contains(t, string(content), "invoice_invoices_owner_id")
		assert.Contains(t, string(content), "(owner_id, created_at, id)")
	}
	must(t, folder, "task", "invoice", "remind", "--every", "1h")
	assert.Contains(t, read(t, folder, "modules/invoice/tasks.go"), "s.change(ctx, Whose{Anybody: true}, entityID", "the program sees everybody's")
	assert.Empty(t, must(t, folder, "diff"))
	must(t, folder, "rename", "invoice", "bill")
	assert.Contains(t, read(t, folder, "wire_gen/permissions.go"), "bill.Manage")
	must(t, folder, "remove", "bill")
	assert.Equal(t, before, picture(t, folder))
}

func TestOwnersThatCannotBeAreRefused(t *testing.T) {
	folder := guarded(t)
	for reason, args := range map[string][]string{
		"one can belong to a user": {"module", "invoice", "--fields", invoice, "--owner", "team"},
		"owner_id is a column of":  {"module", "invoice", "--fields", "a:int,owner_id:uuid", "--owner", "user"},
	} {
		code, _, errs := call(t, folder, args...)
		assert.Equal(t, 2, code)
		assert.Contains(t, errs, reason)
	}
	code, _, errs := call(t, checkout(t), "module", "invoice", "--fields", invoice, "--owner", "user")
	assert.Equal(t, 2, code)
	assert.Contains(t, errs, "owners need platform/auth")
}
