package tree_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/tree"
)

// folder has files with a content that is their name.
func folder(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range names {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(name+"\n"), 0o640))
	}
	return root
}

// picture is everything in a folder: files with their modes and contents, and folders.
func picture(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := entry.Info()
		require.NoError(t, err)
		all[path] = info.Mode().String()
		if !entry.IsDir() {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			all[path] += string(content)
		}
		return nil
	}))
	return all
}

func stage(t *testing.T, root string) *tree.Tree {
	t.Helper()
	changes := tree.New(root)
	require.NoError(t, changes.Write("a", []byte("other\n")))
	require.NoError(t, changes.Write("new/deep/file", []byte("new\n")))
	require.NoError(t, changes.Remove("old/only"))
	require.NoError(t, changes.Watch("b", "absent"))
	return changes
}

func TestWhatIsStagedIsReadAndNotWritten(t *testing.T) {
	root := folder(t, "a", "b", "old/only")
	before := picture(t, root)
	changes := stage(t, root)
	content, err := changes.Read("a")
	require.NoError(t, err)
	assert.Equal(t, "other\n", string(content))
	_, err = changes.Read("old/only")
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.True(t, changes.Exists("b"))
	assert.Equal(t, before, picture(t, root))
	assert.Equal(t, []tree.Change{{"a", "changed"}, {"new/deep/file", "created"}, {"old/only", "removed"}}, changes.Changes(false))
	assert.Equal(t, "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+other\n"+
		"--- /dev/null\n+++ b/new/deep/file\n@@ -0,0 +1 @@\n+new\n"+
		"--- a/old/only\n+++ /dev/null\n@@ -1 +0,0 @@\n-old/only\n", changes.Diff())
}

func TestAllIsWrittenAndAllIsTakenBackToTheLastByte(t *testing.T) {
	root := folder(t, "a", "b", "old/only")
	before := picture(t, root)
	changes := stage(t, root)
	require.NoError(t, changes.Apply())
	after := picture(t, root)
	assert.Contains(t, after, filepath.Join(root, "new/deep/file"))
	assert.NotContains(t, after, filepath.Join(root, "old"), "a folder that nothing is in goes")

	require.NoError(t, os.WriteFile(filepath.Join(root, "b"), []byte("by a command"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(root, "absent"), []byte("by a command"), 0o600))
	assert.Equal(t, tree.Change{Path: "absent", What: "created"}, changes.Changes(true)[1])
	require.NoError(t, changes.Rollback())
	restored := picture(t, root)
	for path := range restored { // the mode of a folder that is made again is the usual one
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			delete(restored, path)
			delete(before, path)
		}
	}
	assert.Equal(t, before, restored)
}

func TestWhenOneFileCannotBeWrittenNoneIs(t *testing.T) {
	root := folder(t, "a", "b", "old/only")
	changes := tree.New(root)
	require.NoError(t, changes.Write("a", []byte("other\n")))
	require.NoError(t, changes.Write("z", []byte("x")))
	require.NoError(t, os.MkdirAll(filepath.Join(root, "z", "in the way"), 0o750))
	before := picture(t, root)
	require.ErrorContains(t, changes.Apply(), "write z")
	assert.Equal(t, before, picture(t, root))
}

func TestOnlyPlainFilesAreTouched(t *testing.T) {
	root := folder(t, "a")
	require.NoError(t, os.Symlink("a", filepath.Join(root, "link")))
	require.ErrorContains(t, tree.New(root).Write("link", nil), "not a plain file")
}

func TestWhatWasLeftHalfWrittenIsTakenBackWithItsParts(t *testing.T) {
	root := folder(t, "a", "b", "old/only")
	before := picture(t, root)
	changes := stage(t, root)
	require.NoError(t, changes.Apply())
	require.NoError(t, os.WriteFile(filepath.Join(root, "new/deep/.scaffold-1"), []byte("ne"), 0o600))
	_, err := tree.Recover(root, true)
	require.ErrorIs(t, err, tree.ErrBusy, "its command may go on")
	require.ErrorIs(t, stage(t, root).Apply(), tree.ErrBusy)

	require.NoError(t, changes.Lock().Close()) // as the end of a process does
	found, err := tree.Recover(root, false)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "new/deep/file", "old/only"}, found)
	assert.FileExists(t, filepath.Join(root, "new/deep/file"))
	found, err = tree.Recover(root, true)
	require.NoError(t, err)
	assert.Len(t, found, 3)
	assert.ElementsMatch(t, slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(picture(t, root))))
	found, err = tree.Recover(root, true)
	require.NoError(t, err)
	assert.Empty(t, found)
}

func write(t *testing.T, root, name, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(content), 0o600))
}

func TestWhatSomebodyHasWrittenSinceACommandWasKilledIsNotTakenBack(t *testing.T) {
	root := folder(t, "a", "b", "old/only")
	changes := stage(t, root)
	require.NoError(t, changes.Apply())
	require.NoError(t, changes.Lock().Close()) // as the end of a process does
	write(t, root, "a", "work of days\n")
	write(t, root, "new/deep/file", "work of days\n")
	write(t, root, "b", "by a tool\n")
	half := picture(t, root)
	for _, undo := range []bool{false, true} {
		_, err := tree.Recover(root, undo)
		require.ErrorContains(t, err, "somebody has since changed\n  a\n  new/deep/file\nto keep everything as it is now, delete "+tree.JournalFile)
		assert.Equal(t, half, picture(t, root))
	}

	require.NoError(t, os.Remove(filepath.Join(root, "a")))
	require.NoError(t, os.Rename(filepath.Join(root, "new/deep/file"), filepath.Join(t.TempDir(), "kept")))
	_, err := tree.Recover(root, true)
	require.NoError(t, err)
	for _, name := range []string{"a", "b", "old/only"} {
		content, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		assert.Equal(t, name+"\n", string(content))
	}
	assert.NoDirExists(t, filepath.Join(root, "new"))
}

func TestWhoeverDeletesTheJournalKeepsWhatAKilledCommandHasWritten(t *testing.T) {
	root := folder(t, "a", "b", "old/only")
	changes := stage(t, root)
	require.NoError(t, changes.Apply())
	require.NoError(t, changes.Lock().Close())
	require.NoError(t, os.Remove(filepath.Join(root, tree.JournalFile)))
	found, err := tree.Recover(root, true)
	require.NoError(t, err)
	assert.Empty(t, found)
	assert.FileExists(t, filepath.Join(root, "new/deep/file"))
}

func TestWhatWasSavedAfterItWasReadIsNotWrittenOver(t *testing.T) {
	for name, meanwhile := range map[string]func(t *testing.T, root string){
		"a":             func(t *testing.T, root string) { write(t, root, "a", "saved meanwhile\n") },
		"absent":        func(t *testing.T, root string) { write(t, root, "absent", "") },
		"new/deep/file": func(t *testing.T, root string) { require.NoError(t, stage(t, root).Apply()) },
		"old/only":      func(t *testing.T, root string) { require.NoError(t, os.Remove(filepath.Join(root, "old/only"))) },
	} {
		t.Run(name, func(t *testing.T) {
			root := folder(t, "a", "b", "old/only")
			changes := stage(t, root)
			meanwhile(t, root)
			require.NoError(t, os.RemoveAll(filepath.Join(root, filepath.Dir(tree.JournalFile)))) // another command was done
			before := picture(t, root)
			err := changes.Apply()
			require.ErrorContains(t, err, "somebody has changed these files while the command was at work, nothing was written")
			require.ErrorContains(t, err, "\n  "+name)
			assert.Equal(t, before, picture(t, root))
		})
	}
}

func TestWhatWasSavedAfterItWasWrittenIsNotTakenBack(t *testing.T) {
	root := folder(t, "a", "b", "old/only")
	changes := stage(t, root)
	require.NoError(t, changes.Apply())
	write(t, root, "a", "saved meanwhile\n")
	require.ErrorContains(t, changes.Rollback(), "somebody has changed a meanwhile: it stays")
	content, err := os.ReadFile(filepath.Join(root, "a"))
	require.NoError(t, err)
	assert.Equal(t, "saved meanwhile\n", string(content))
	assert.NoFileExists(t, filepath.Join(root, "new/deep/file"))
	assert.FileExists(t, filepath.Join(root, "old/only"))
}
