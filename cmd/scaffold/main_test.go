package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// invoice are the fields of the module that most tests add.
const invoice = "number:string:unique,customer_id:uuid:index,amount:money,due_at:time?,status:enum(draft,sent,paid)"

// checkout is a copy of what commands read and change of this project.
func checkout(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, part := range []string{"go.mod", "configs", "wire_gen", "modules", "migrations", "platform/httpapi", "platform/outbox", "platform/subscription", "platform/tasks", "test/api"} {
		copyTree(t, filepath.Join("../..", part), filepath.Join(folder, part))
	}
	return folder
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		relative, err := filepath.Rel(from, path)
		require.NoError(t, err)
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, relative), 0o750)
		}
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(to, relative)), 0o750))
		return os.WriteFile(filepath.Join(to, relative), content, 0o600)
	}))
}

// picture is every file of a folder with its content, history aside.
func picture(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		if entry.IsDir() {
			if entry.Name() == ".git" {
				return filepath.SkipDir
			}
			return nil
		}
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		relative, err := filepath.Rel(folder, path)
		all[relative] = string(content)
		return err
	}))
	return all
}

// call runs a command in a folder, without building what it changes.
func call(t *testing.T, folder string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), "", append(args, "-C", folder, "--no-verify"), strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// must is call for a command that works.
func must(t *testing.T, folder string, args ...string) string {
	t.Helper()
	code, out, errs := call(t, folder, args...)
	require.Equal(t, 0, code, errs)
	return out
}

func read(t *testing.T, folder, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, path))
	require.NoError(t, err)
	return string(content)
}

// edit replaces a text in a file, as somebody would by hand.
func edit(t *testing.T, folder, path, from, to string) {
	t.Helper()
	before := read(t, folder, path)
	require.Contains(t, before, from)
	require.NoError(t, os.WriteFile(filepath.Join(folder, path), []byte(strings.Replace(before, from, to, 1)), 0o600))
}

// history makes the folder a repository with one commit, and a tag on it.
func history(t *testing.T, folder, tag string) {
	t.Helper()
	for _, args := range [][]string{
		{"init", "-q"}, {"add", "-A"},
		{"-c", "user.name=n", "-c", "user.email=e@example.com", "commit", "-q", "-m", "m"}, {"tag", tag},
	} {
		git := exec.CommandContext(t.Context(), "git", args...)
		git.Dir = folder
		said, err := git.CombinedOutput()
		require.NoError(t, err, string(said))
	}
}

func glob(t *testing.T, folder, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, pattern))
	require.NoError(t, err)
	return found
}
