package crypto

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Keep reads the file at path, or writes what fresh gives when there is none, readable by its owner alone. Of several
// processes that start at once, one makes the file and all get the same.
func Keep(path string, fresh func() ([]byte, error)) ([]byte, error) {
	kept, err := os.ReadFile(path) //nolint:gosec // the path is the operator's
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return kept, err
	}
	made, err := fresh()
	if err != nil {
		return nil, err
	}
	if err := place(path, made); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("keep %s: %w", path, err)
	}
	return os.ReadFile(path) //nolint:gosec // the path is the operator's
}

// place puts a whole file at path, unless there is one.
func place(path string, content []byte) (err error) {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	draft, err := os.CreateTemp(folder, ".keep-*") // 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(draft.Name())) }()
	_, errWrite := draft.Write(content)
	if err := errors.Join(errWrite, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	return os.Link(draft.Name(), path)
}
