package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestANewProjectHasNamesOfItsOwn(t *testing.T) {
	folder := invoiced(t)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "picture.bin"), []byte("trellis\x00\xff"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "CHANGELOG.md"), []byte("# What Trellis was\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "run.sh"), []byte("TRELLIS_ENV=test trellis\n"), 0o600))
	require.NoError(t, os.Chmod(filepath.Join(folder, "run.sh"), 0o700))
	history(t, folder, "v1.0.0")
	require.NoError(t, os.WriteFile(filepath.Join(folder, ".gitignore"), []byte("secret\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "secret"), []byte("x"), 0o600))

	into := filepath.Join(t.TempDir(), "shop")
	said := must(t, folder, "new", "github.com/acme/web-shop/v2", "--into", into)
	assert.Contains(t, said, "made github.com/acme/web-shop/v2 in "+into)
	assert.Contains(t, read(t, into, "go.mod"), "module github.com/acme/web-shop/v2\n")
	assert.Contains(t, read(t, into, "wire_gen/modules.go"), `"github.com/acme/web-shop/v2/modules/invoice"`)
	assert.Equal(t, "WEBSHOP_ENV=test webshop\n", read(t, into, "run.sh"))
	assert.Equal(t, "trellis\x00\xff", read(t, into, "picture.bin"), "what is no text stays")
	assert.Equal(t, "# Changelog\n\n## Unreleased\n", read(t, into, "CHANGELOG.md"))
	assert.NoFileExists(t, filepath.Join(into, "secret"))
	info, err := os.Stat(filepath.Join(into, "run.sh"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	must(t, into, "remove", "invoice", "--force")
}

func TestAProjectThatCannotBeLeavesNothingBehind(t *testing.T) {
	folder := checkout(t)
	history(t, folder, "v1.0.0")
	into := t.TempDir()
	for _, args := range [][]string{
		{"new", "shop"}, {"new", "github.com/acme/shop", "--title", "shop"}, {"new", "github.com/acme/shop", "--prefix", "shop"},
		{"new", "github.com/acme/---"}, {"new"}, {"new", "github.com/acme/shop", "--modules", "some"},
	} {
		code, _, _ := call(t, folder, append(args, "--into", filepath.Join(into, "x"))...)
		assert.Equal(t, 2, code, args)
	}
	t.Chdir(filepath.Join(folder, "modules"))
	code, _, errs := call(t, folder, "new", "github.com/acme/shop")
	assert.Equal(t, 2, code)
	assert.Contains(t, errs, "this is a project: say where the new one goes, --into ../shop")
	assert.NoDirExists(t, "shop")
	require.NoError(t, os.WriteFile(filepath.Join(into, "mine"), nil, 0o600))
	code, _, errs = call(t, folder, "new", "github.com/acme/shop", "--into", into)
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "is not empty")

	edit(t, folder, "wire_gen/modules.go", "package wiregen", "package trellis-go") // not Go: it cannot be formatted
	code, _, errs = call(t, folder, "new", "github.com/acme/shop", "--into", filepath.Join(into, "x"))
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "rewrite wire_gen/modules.go")
	assert.NoDirExists(t, filepath.Join(into, "x"))
	assert.FileExists(t, filepath.Join(into, "mine"))
}
