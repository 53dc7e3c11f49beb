//go:build scaffold

package proof_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const root = "../../../.."

// project is a copy of this project's files, always at one place, so that what was built there is found again by the next
// run. Only one test of one process has it at a time.
func project(t *testing.T) string {
	t.Helper()
	cache, err := filepath.Abs(filepath.Join(root, ".cache/scaffold"))
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(cache, 0o750))
	lock, err := os.Create(filepath.Join(cache, "lock"))
	require.NoError(t, err)
	require.NoError(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	t.Cleanup(func() { require.NoError(t, lock.Close()) })
	folder := filepath.Join(cache, "project")
	require.NoError(t, os.RemoveAll(folder))
	copyProject(t, folder)
	return folder
}

func copyProject(t *testing.T, folder string) {
	t.Helper()
	list := command(t, root, "git", "ls-files", "--cached", "--others", "--exclude-standard")
	for path := range strings.Lines(list) {
		path = strings.TrimSpace(path)
		info, err := os.Stat(filepath.Join(root, path))
		if os.IsNotExist(err) {
			continue // it is deleted, and the deletion not committed
		}
		require.NoError(t, err)
		content, err := os.ReadFile(filepath.Join(root, path))
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, path)), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(folder, path), content, info.Mode().Perm()))
	}
}

// command runs a program in a folder, and gives what it says.
func command(t *testing.T, folder, name string, args ...string) string {
	t.Helper()
	out, err := try(t.Context(), folder, name, args...)
	require.NoError(t, err, "%s %v\n%s", name, args, out)
	return out
}

func try(ctx context.Context, folder, name string, args ...string) (string, error) {
	program := exec.CommandContext(ctx, name, args...)
	program.Dir = folder
	program.Cancel = func() error { return program.Process.Signal(os.Interrupt) }
	program.WaitDelay = time.Minute
	var said bytes.Buffer
	program.Stdout, program.Stderr = &said, &said
	err := program.Run()
	return said.String(), err
}

// tool builds cmd/scaffold of this project.
func tool(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scaffold")
	command(t, root, "go", "build", "-o", path, "./cmd/scaffold")
	return path
}

// picture is the hash of every file in a folder.
func picture(t *testing.T, folder string) map[string][32]byte {
	t.Helper()
	all := map[string][32]byte{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all[path] = sha256.Sum256(content)
		return err
	}))
	return all
}
