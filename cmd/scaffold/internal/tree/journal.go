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
	"strings"
	"syscall"
)

// JournalFile says, while changes are being made, what every file was before and which content is the command's own: so that a
// process that is killed in the middle leaves something to take its changes back from, and nothing else. Whoever makes the
// changes has it locked, which ends with the process. It is not part of the project.
const JournalFile = ".cache/scaffold-journal"

// journal is what stands in it.
type journal struct {
	Before  map[string]*before `json:"before"`  // null: there was nothing
	Written map[string][]byte  `json:"written"` // sums of what is written
	Watched map[string]bool    `json:"watched"` // written by tools, whatever it becomes
	Made    []string           `json:"made"`    // folders that may be new, outer ones first
}

type before struct {
	Content []byte      `json:"content"`
	Mode    fs.FileMode `json:"mode"`
}

// ErrBusy is in the chain of the error for a project that another command is changing.
var ErrBusy = errors.New("another command is changing the project")

// Hold keeps other commands that change a project away until what it gives is closed, or the process ends: from before one reads
// what it changes. The error is ErrBusy when another has it.
func Hold(root string) (io.Closer, error) {
	folder, err := os.Open(root) //nolint:gosec // of the project
	if err != nil {
		return nil, err
	}
	if errors.Is(syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK) {
		return nil, errors.Join(ErrBusy, folder.Close())
	}
	return folder, nil // some file systems lock no folders: there Apply alone finds out
}

// note writes the journal, before anything else is written.
func (t *Tree) note() error {
	for path, content := range t.staged {
		if content != nil {
			t.written[path] = sum(content)
		}
	}
	j := journal{Before: map[string]*before{}, Written: t.written, Watched: t.watched}
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
// there was no such command. With undo it takes that back. The error is ErrBusy while the command runs. There is one, and nothing
// is taken back, when somebody has worked on since.
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
	t.made, t.written, t.watched = j.Made, j.Written, j.Watched
	if err := t.untouched(); err != nil {
		return nil, err
	}
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

// untouched refuses to take back what somebody has made of a command's files after it was killed.
func (t *Tree) untouched() error {
	foreign, err := t.which(t.foreign)
	if err != nil || len(foreign) == 0 {
		return err
	}
	return fmt.Errorf("a command was killed before it was done, and somebody has since changed\n  %s\n"+
		"to keep everything as it is now, delete %s; to have all that the command did taken back, move these files out of the project first",
		strings.Join(foreign, "\n  "), JournalFile)
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
