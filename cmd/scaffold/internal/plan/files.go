package plan

import (
	"io/fs"
	"path/filepath"
)

// filesOf are the files below a folder, by path.
func (p *Plan) filesOf(folder string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(p.Join(folder), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(p.Root, path)
		found = append(found, filepath.ToSlash(relative))
		return err
	})
	return found, err
}
