//go:build scaffold

package proof_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAProjectOfEachKindIsGreen makes projects with fewer domains, looks whether their own tests and linters pass, and adds
// a module.
func TestAProjectOfEachKindIsGreen(t *testing.T) {
	scaffold, from := tool(t), project(t)
	command(t, from, "git", "init", "-q")
	for _, domains := range []string{"identity", "none"} {
		t.Run(domains, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "shop")
			command(t, from, scaffold, "new", "github.com/acme/shop", "--modules", domains, "--into", folder)
			command(t, folder, "git", "add", "-A")
			command(t, folder, "make", "lint", "generate-check", "test")
			command(t, folder, "make", "module", "name=invoice", "fields=number:string:unique,amount:money")
			require.FileExists(t, filepath.Join(folder, "modules/invoice/service_test.go"))
		})
	}
}
