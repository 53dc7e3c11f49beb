package plan

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// filesOf are the files below a folder, by path; none when it is not there.
func (p *Plan) filesOf(folder string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(p.Join(folder), func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(p.Root, path)
		found = append(found, filepath.ToSlash(relative))
		return err
	})
	return found, err
}
