package edit_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/edit"
)

const table = `package wiregen

import (
	"github.com/trellis-go/trellis/modules/catalog"
	"github.com/trellis-go/trellis/platform/auth"
)

// Permissions is the table of what each role may do.
func Permissions() auth.Permissions {
	return auth.Permissions{
		auth.Staff: {catalog.Write}, // beside what everybody may
	}
}
`

func TestPermissionsAreGrantedOnceAndRevokedToTheLastByte(t *testing.T) {
	granted, err := edit.Grant([]byte(table), "Staff", invoice, group, "Read", "Write")
	require.NoError(t, err)
	assert.Contains(t, string(granted), "auth.Staff: {catalog.Write, invoice.Read, invoice.Write}, // beside what everybody may\n")
	assert.Contains(t, string(granted), "\t\"github.com/trellis-go/trellis/modules/invoice\"\n")
	again, err := edit.Grant(granted, "Staff", invoice, group, "Read", "Write")
	require.NoError(t, err)
	assert.Equal(t, string(granted), string(again))
	revoked, err := edit.Revoke(granted, invoice)
	require.NoError(t, err)
	assert.Equal(t, table, string(revoked))
	_, err = edit.Grant([]byte(table), "Customer", invoice, group, "Read")
	require.ErrorContains(t, err, "no line for auth.Customer")
}

func TestOperationsHaveTheirLinesInTheMatrixAndLoseThem(t *testing.T) {
	const before = "package p\n\nvar matrix = map[string]string{\n\t\"login\": \"anybody\", \"logout\": \"customer\",\n\t\"get-me\": \"customer\",\n}\n"
	listed, err := edit.Matrix([]byte(before), []string{"list-invoices", "send-invoice"}, "staff", true)
	require.NoError(t, err)
	assert.Contains(t, string(listed), "\t\"list-invoices\": \"staff\",\n")
	again, err := edit.Matrix(listed, []string{"send-invoice"}, "staff", true)
	require.NoError(t, err)
	assert.Equal(t, string(listed), string(again))
	after, err := edit.Matrix(listed, []string{"list-invoices", "send-invoice"}, "", false)
	require.NoError(t, err)
	assert.Equal(t, before, string(after))
}
