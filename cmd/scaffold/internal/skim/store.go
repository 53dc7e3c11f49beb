package skim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/tools/go/packages"
)

// index is the file of a set that lists what each copy imports.
const index = "imports.json"

// temporary begins the name of what is being made, or taken away.
const temporary = "making-"

// kept is how many sets of copies are kept: one is 26 MB for what the platform needs.
const kept = 4

// file is one of somebody else's, in its package.
type file struct {
	of    *packages.Package
	index int // in CompiledGoFiles
}

func (f file) path() string { return f.of.CompiledGoFiles[f.index] }

// shorten replaces the files of packages that are not of the project by copies without functions, and lets go of what those
// do not import.
func shorten(all []*packages.Package) error {
	var files []file
	for _, p := range all {
		if p.Module == nil || !p.Module.Main {
			for i := range p.CompiledGoFiles {
				files = append(files, file{p, i})
			}
		}
	}
	folder, imports, err := stored(files)
	if err != nil {
		return err
	}
	left := map[*packages.Package]map[string]*packages.Package{}
	for i, f := range files {
		f.of.CompiledGoFiles[f.index] = filepath.Join(folder, name(i))
		if left[f.of] == nil {
			left[f.of] = map[string]*packages.Package{}
		}
		for _, path := range imports[i] {
			if imported := f.of.Imports[path]; imported != nil { // or nobody has it, which shows when the copy is checked
				left[f.of][path] = imported
			}
		}
	}
	for p, imported := range left {
		p.Imports = imported
	}
	return nil
}

func name(i int) string { return strconv.Itoa(i) + ".go" }

// stored gives the folder of the copies of files and what each imports. It makes what is not there, or is not whole.
func stored(files []file) (folder string, imports [][]string, err error) {
	key, err := keyOf(files)
	if err != nil {
		return "", nil, err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", nil, err
	}
	cache = filepath.Join(cache, "scaffold", "skim")
	folder = filepath.Join(cache, key)
	if is, err := os.Stat(folder); err == nil && is.IsDir() {
		if imports, err := indexOf(folder, len(files)); err == nil {
			touch(folder)
			return folder, imports, nil
		}
		if err := remove(cache, key); err != nil { // somebody has swept the cache
			return "", nil, err
		}
	}
	if err := os.MkdirAll(cache, 0o750); err != nil {
		return "", nil, err
	}
	making, err := os.MkdirTemp(cache, temporary)
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = os.RemoveAll(making) }()
	if imports, err = copyAll(files, making); err != nil {
		return "", nil, err
	}
	if err := os.Rename(making, folder); err != nil && !errors.Is(err, fs.ErrExist) { // somebody was faster
		return "", nil, err
	}
	touch(folder)
	trim(cache)
	return folder, imports, nil
}

// touch says that a set was used. A cache that cannot be written serves, too.
func touch(folder string) {
	now := time.Now()
	_ = os.Chtimes(folder, now, now)
}

// remove takes a set away: whole, since this process may end at any moment, and who finds a folder takes what is in it.
func remove(cache, set string) error {
	aside, err := os.MkdirTemp(cache, temporary)
	if err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(cache, set), filepath.Join(aside, set)); err != nil {
		return errors.Join(err, os.RemoveAll(aside))
	}
	return os.RemoveAll(aside)
}

// indexOf reads what the copies of a set import, and sees that there are all of them.
func indexOf(folder string, files int) ([][]string, error) {
	encoded, err := os.ReadFile(filepath.Join(folder, index)) //nolint:gosec // a folder of our own
	if err != nil {
		return nil, err
	}
	var imports [][]string
	if err := json.Unmarshal(encoded, &imports); err != nil {
		return nil, fmt.Errorf("read what the copies import: %w", err)
	}
	found, err := os.ReadDir(folder)
	if err == nil && (len(found) != files+1 || len(imports) != files) {
		err = fmt.Errorf("there are %d of %d copies", len(found)-1, files)
	}
	return imports, err
}

// keyOf is the same for files that nobody has changed. What cgo makes has names by what is in it, and is touched when it is
// used.
func keyOf(files []file) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, form)
	for _, f := range files {
		is, err := os.Stat(f.path())
		if err != nil {
			return "", err
		}
		fmt.Fprintln(sum, f.path(), is.Size())
		if filepath.Ext(f.path()) == ".go" {
			fmt.Fprintln(sum, is.ModTime().UnixNano())
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// copyAll makes the copies of files, and the index, which it returns.
func copyAll(files []file, folder string) ([][]string, error) {
	imports := make([][]string, len(files))
	var copying errgroup.Group
	copying.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range files {
		copying.Go(func() error {
			source, err := os.ReadFile(f.path())
			if err != nil {
				return err
			}
			names := make(map[string]string, len(f.of.Imports))
			for path, imported := range f.of.Imports {
				names[path] = imported.Name
			}
			var short []byte
			if short, imports[i], err = declarations(source, names); err != nil {
				return fmt.Errorf("read %s: %w", f.path(), err)
			}
			return os.WriteFile(filepath.Join(folder, name(i)), short, 0o600) //nolint:gosec // in a folder of our own
		})
	}
	if err := copying.Wait(); err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(imports)
	if err != nil {
		return nil, err
	}
	return imports, os.WriteFile(filepath.Join(folder, index), encoded, 0o600)
}

// trim removes the sets that were not used for the longest time, as far as it can, and what was never finished.
func trim(cache string) {
	found, _ := os.ReadDir(cache)
	used := map[string]time.Time{}
	var sets []string
	for _, entry := range found {
		name, at := entry.Name(), time.Time{}
		if is, err := entry.Info(); err == nil {
			at = is.ModTime()
		}
		switch {
		case !strings.HasPrefix(name, temporary):
			used[name] = at
			sets = append(sets, name)
		case time.Since(at) > time.Hour:
			_ = os.RemoveAll(filepath.Join(cache, name))
		}
	}
	slices.SortFunc(sets, func(a, b string) int { return used[b].Compare(used[a]) })
	for _, old := range sets[min(kept, len(sets)):] {
		_ = remove(cache, old)
	}
}
