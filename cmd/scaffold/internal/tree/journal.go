package tree

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// JournalFile says, while changes are being made, what every file was before: so that a process that is killed in the middle
// leaves something to take its changes back from. Whoever makes the changes has it locked, which ends with the process. It is
// not part of the project.
const JournalFile = ".cache/scaffold-journal"

// journal is what stands in it.
type journal struct {
	Before map[string]*before `json:"before"` // null: there was nothing
	Made   []string           `json:"made"`   // folders that may be new, outer ones first
}

type before struct {
	Content []byte      `json:"content"`
	Mode    fs.FileMode `json:"mode"`
}

// ErrBusy is in the chain of the error for a project that another command is changing.
var ErrBusy = errors.New("another command is changing the project")

// note writes the journal, before anything else is written.
func (t *Tree) note() error {
	j := journal{Before: map[string]*before{}}
	for path, was := range t.before {
		j.Before[path] = nil
		if was != nil {
			j.Before[path] = &before{was.content, was.mode}
			continue
		}
		for folder := filepath.Dir(t.join(path)); ; folder = filepath.Dir(folder) {
			if _, err := os.Stat(folder); err == nil {
				break
			}
			if !slices.Contains(j.Made, folder) {
				j.Made = append(j.Made, folder)
			}
		}
	}
	slices.Sort(j.Made)
	content, err := json.Marshal(j)
	if err != nil {
		return err
	}
	path := t.join(JournalFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // of the project
		return err
	}
	return t.claim(path, content)
}

// claim puts the journal in its place, whole and locked, unless there is one.
func (t *Tree) claim(path string, content []byte) error {
	part, err := os.CreateTemp(filepath.Dir(path), partPattern)
	if err != nil {
		return err
	}
	_, err = part.Write(content)
	if err == nil {
		err = syscall.Flock(int(part.Fd()), syscall.LOCK_EX)
	}
	if err == nil {
		if err = os.Link(part.Name(), path); errors.Is(err, fs.ErrExist) {
			err = ErrBusy
		}
	}
	if err = errors.Join(err, os.Remove(part.Name())); err != nil {
		return errors.Join(err, part.Close())
	}
	t.lock = part
	return nil
}

// Lock is the journal while changes are being made. A process that is given it keeps the next command away even when this
// one is killed.
func (t *Tree) Lock() *os.File { return t.lock }

// Done forgets the journal: the changes stay.
func (t *Tree) Done() error {
	err := ignoreMissing(os.Remove(t.join(JournalFile)))
	_ = os.Remove(filepath.Dir(t.join(JournalFile))) // stays when there is something else in it
	return errors.Join(err, t.release())
}

func (t *Tree) release() error {
	if t.lock == nil {
		return nil
	}
	lock := t.lock
	t.lock = nil
	return lock.Close()
}

// Recover finds what a command has left behind that was killed, and gives the paths of the files that this concerns; none when
// there was no such command. With undo it takes that back. The error is ErrBusy while the command runs.
func Recover(root string, undo bool) (found []string, err error) {
	t := New(root)
	content, err := t.seize()
	defer func() { err = errors.Join(err, t.release()) }()
	if err != nil || content == nil {
		return nil, err
	}
	var j journal
	if err := json.Unmarshal(content, &j); err != nil {
		return nil, fmt.Errorf("read %s: %w", JournalFile, err)
	}
	for path, was := range j.Before {
		t.before[path] = nil
		if was != nil {
			t.before[path] = &file{was.Content, was.Mode}
		}
	}
	t.made = j.Made
	for _, change := range t.Changes(true) {
		found = append(found, change.Path)
	}
	if !undo {
		return found, nil
	}
	if err := t.sweep(); err != nil { // before the folders that they are in, and before the journal is forgotten
		return found, err
	}
	return found, t.Rollback()
}

// seize locks the journal that somebody has left, and reads it; nil when there is none.
func (t *Tree) seize() ([]byte, error) {
	left, err := os.Open(t.join(JournalFile))
	if err != nil {
		return nil, ignoreMissing(err)
	}
	t.lock = left
	err = syscall.Flock(int(left.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, ErrBusy
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", JournalFile, err)
	}
	if _, err := os.Stat(t.join(JournalFile)); err != nil { // meanwhile its command was done
		return nil, ignoreMissing(err)
	}
	return io.ReadAll(left)
}

// sweep takes away the parts of files that were not renamed yet.
func (t *Tree) sweep() error {
	var failed []error
	for path := range t.before {
		parts, err := filepath.Glob(filepath.Join(filepath.Dir(t.join(path)), partPattern))
		failed = append(failed, err)
		for _, part := range parts {
			failed = append(failed, os.Remove(part))
		}
	}
	return errors.Join(failed...)
}
