// Package tree changes the files of a folder all at once or not at all. Changes are staged in memory, looked at as a diff,
// written together, and taken back to the last byte when what is checked afterwards fails.
package tree

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Tree is a folder with changes that are staged. Paths are relative to it, with slashes.
type Tree struct {
	root    string
	before  map[string]*file  // what was there when a path was first touched; nil: nothing
	staged  map[string][]byte // what shall be there; nil: nothing
	watched map[string]bool   // what a command writes after Apply
	written map[string][]byte // the sums of what Apply writes
	made    []string          // folders that Apply made, in the order in which it did
	lock    *os.File          // the journal, between Apply and Done
}

type file struct {
	content []byte
	mode    fs.FileMode
}

// New is a folder without changes.
func New(root string) *Tree {
	return &Tree{
		root: root, before: map[string]*file{}, staged: map[string][]byte{}, watched: map[string]bool{}, written: map[string][]byte{},
	}
}

// Read gives a file as it shall be. The error is fs.ErrNotExist when it shall not be.
func (t *Tree) Read(path string) ([]byte, error) {
	if content, ok := t.staged[path]; ok {
		if content == nil {
			return nil, &fs.PathError{Op: "read", Path: path, Err: fs.ErrNotExist}
		}
		return content, nil
	}
	return os.ReadFile(t.join(path))
}

// Before is what a file was before it was first touched; nil when there was none, or nobody has touched it.
func (t *Tree) Before(path string) []byte {
	if before := t.before[path]; before != nil {
		return before.content
	}
	return nil
}

// Exists tells whether a file shall be there.
func (t *Tree) Exists(path string) bool {
	_, err := t.Read(path)
	return err == nil
}

// Write stages a file.
func (t *Tree) Write(path string, content []byte) error {
	if err := t.remember(path); err != nil {
		return err
	}
	t.staged[path] = bytes.Clone(content)
	if t.staged[path] == nil {
		t.staged[path] = []byte{}
	}
	return nil
}

// Remove stages that a file goes.
func (t *Tree) Remove(path string) error {
	if err := t.remember(path); err != nil {
		return err
	}
	t.staged[path] = nil
	return nil
}

// Watch remembers files that a command is going to write after Apply, so that they are taken back, too.
func (t *Tree) Watch(paths ...string) error {
	for _, path := range paths {
		if err := t.remember(path); err != nil {
			return err
		}
		t.watched[path] = true
	}
	return nil
}

func (t *Tree) remember(path string) error {
	if _, known := t.before[path]; known {
		return nil
	}
	info, err := os.Lstat(t.join(path))
	if errors.Is(err, fs.ErrNotExist) {
		t.before[path] = nil
		return nil
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a plain file", path)
	}
	content, err := os.ReadFile(t.join(path))
	if err != nil {
		return err
	}
	t.before[path] = &file{content: content, mode: info.Mode().Perm()}
	return nil
}

// Apply writes what is staged, behind a journal: Done, or Rollback, says that it may be forgotten. When it fails, which it does
// when a file is not what it was when it was first touched, nothing has changed.
func (t *Tree) Apply() error {
	if err := t.note(); err != nil {
		return fmt.Errorf("write %s: %w", JournalFile, err)
	}
	if err := t.fresh(); err != nil { // an editor saves when it likes
		return errors.Join(err, t.Done())
	}
	for _, path := range slices.Sorted(maps.Keys(t.staged)) {
		if err := t.put(path, t.staged[path]); err != nil {
			return errors.Join(fmt.Errorf("write %s: %w", path, err), t.Rollback())
		}
	}
	return nil
}

// fresh refuses to write over what somebody has saved since it was read.
func (t *Tree) fresh() error {
	changed, err := t.which(t.changed)
	if err != nil || len(changed) == 0 {
		return err
	}
	return fmt.Errorf("somebody has changed these files while the command was at work, nothing was written: give it again\n  %s",
		strings.Join(changed, "\n  "))
}

// changed tells whether a file is not what it was when it was first touched.
func (t *Tree) changed(path string) (bool, error) {
	now, err := t.plain(path)
	before := t.Before(path)
	return (now == nil) != (before == nil) || !bytes.Equal(now, before), err
}

// foreign tells whether a file has a content that is neither what it was nor the command's. A file that is gone has none to lose.
func (t *Tree) foreign(path string) (bool, error) {
	now, err := t.plain(path)
	if now == nil || t.watched[path] {
		return false, err
	}
	changed, err := t.changed(path)
	return changed && !bytes.Equal(sum(now), t.written[path]), err
}

// which are the paths that were touched for which a function says so.
func (t *Tree) which(is func(path string) (bool, error)) ([]string, error) {
	var found []string
	for _, path := range slices.Sorted(maps.Keys(t.before)) {
		yes, err := is(path)
		if err != nil {
			return nil, err
		}
		if yes {
			found = append(found, path)
		}
	}
	return found, nil
}

// plain is the content of a file; nil when there is none, or something else is in its place.
func (t *Tree) plain(path string) ([]byte, error) {
	if info, err := os.Lstat(t.join(path)); err != nil || !info.Mode().IsRegular() {
		return nil, ignoreMissing(err)
	}
	return os.ReadFile(t.join(path))
}

func sum(content []byte) []byte {
	of := sha256.Sum256(content)
	return of[:]
}

func (t *Tree) put(path string, content []byte) error {
	before := t.before[path]
	if content == nil {
		return t.drop(path)
	}
	if before != nil && bytes.Equal(before.content, content) {
		return nil
	}
	mode := fs.FileMode(0o644)
	if before != nil {
		mode = before.mode
	}
	if err := t.mkdir(filepath.Dir(t.join(path))); err != nil {
		return err
	}
	return replace(t.join(path), content, mode)
}

// mkdir makes a folder and remembers every one that was not there.
func (t *Tree) mkdir(folder string) error {
	var missing []string
	for at := folder; ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); err == nil {
			break
		}
		missing = append(missing, at)
	}
	slices.Reverse(missing)
	for _, one := range missing {
		if err := os.Mkdir(one, 0o755); err != nil { //nolint:gosec // a folder of sources
			return err
		}
		t.made = append(t.made, one)
	}
	return nil
}

// partPattern are the files that are not whole yet.
const partPattern = ".scaffold-*"

// replace writes beside the file and renames: nobody reads half of it.
func replace(path string, content []byte, mode fs.FileMode) error {
	part, err := os.CreateTemp(filepath.Dir(path), partPattern)
	if err != nil {
		return err
	}
	_, err = part.Write(content)
	err = errors.Join(err, part.Chmod(mode), part.Close())
	if err == nil {
		err = os.Rename(part.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	return nil
}

// drop removes a file, and the folders that it leaves empty.
func (t *Tree) drop(path string) error {
	if err := os.Remove(t.join(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for at := filepath.Dir(t.join(path)); at != filepath.Clean(t.root); at = filepath.Dir(at) {
		if entries, err := os.ReadDir(at); err != nil || len(entries) > 0 {
			return err
		}
		if err := os.Remove(at); err != nil {
			return err
		}
	}
	return nil
}

// Rollback makes every path that was touched what it was. What somebody has changed after Apply stays, and is in the error.
func (t *Tree) Rollback() error {
	var failed []error
	for _, path := range slices.Sorted(maps.Keys(t.before)) {
		failed = append(failed, t.restore(path, t.before[path]))
	}
	for _, folder := range slices.Backward(t.made) {
		_ = os.Remove(folder) // stays when somebody else has put something there meanwhile
	}
	t.made = nil
	if err := errors.Join(failed...); err != nil {
		return errors.Join(err, t.release()) // the journal stays: the next command tries again
	}
	return t.Done()
}

func (t *Tree) restore(path string, before *file) error {
	foreign, err := t.foreign(path)
	if err != nil {
		return err
	}
	if foreign {
		return fmt.Errorf("somebody has changed %s meanwhile: it stays", path)
	}
	if before == nil {
		if info, err := os.Lstat(t.join(path)); err != nil || !info.Mode().IsRegular() { // it was never written: something was in the way
			return ignoreMissing(err)
		}
		return os.Remove(t.join(path))
	}
	if now, err := os.ReadFile(t.join(path)); err == nil && bytes.Equal(now, before.content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(t.join(path)), 0o755); err != nil { //nolint:gosec // a folder of sources
		return err
	}
	return replace(t.join(path), before.content, before.mode)
}

func (t *Tree) join(path string) string { return filepath.Join(t.root, filepath.FromSlash(path)) }

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
