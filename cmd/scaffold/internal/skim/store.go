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
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/tools/go/packages"
)

// index is the file of a set that lists what each copy imports.
const index = "imports.json"

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
	folder, err := stored(files)
	if err != nil {
		return err
	}
	encoded, err := os.ReadFile(filepath.Join(folder, index)) //nolint:gosec // a folder of our own
	if err != nil {
		return err
	}
	var imports [][]string
	if err := json.Unmarshal(encoded, &imports); err != nil {
		return fmt.Errorf("read what the copies import: %w", err)
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

// stored gives the folder of the copies of files, which it makes when it is not there.
func stored(files []file) (string, error) {
	key, err := keyOf(files)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "scaffold", "skim")
	folder := filepath.Join(cache, key)
	now := time.Now()
	if os.Chtimes(folder, now, now) == nil {
		return folder, nil
	}
	if err := os.MkdirAll(cache, 0o750); err != nil {
		return "", err
	}
	making, err := os.MkdirTemp(cache, "making-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(making) }()
	if err := copyAll(files, making); err != nil {
		return "", err
	}
	if err := os.Rename(making, folder); err != nil && !errors.Is(err, fs.ErrExist) { // somebody was faster
		return "", err
	}
	return folder, trim(cache)
}

// keyOf is the same for files that nobody has changed.
func keyOf(files []file) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, form)
	for _, f := range files {
		is, err := os.Stat(f.path())
		if err != nil {
			return "", err
		}
		fmt.Fprintln(sum, f.path(), is.Size(), is.ModTime().UnixNano())
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// copyAll makes the copies of files, and the index.
func copyAll(files []file, folder string) error {
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
		return err
	}
	encoded, err := json.Marshal(imports)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, index), encoded, 0o600)
}

// trim removes the sets that were not used for the longest time.
func trim(cache string) error {
	sets, err := os.ReadDir(cache)
	if err != nil {
		return err
	}
	used := func(entry fs.DirEntry) time.Time {
		if is, err := entry.Info(); err == nil {
			return is.ModTime()
		}
		return time.Time{}
	}
	slices.SortFunc(sets, func(a, b fs.DirEntry) int { return used(b).Compare(used(a)) })
	for _, old := range sets[min(kept, len(sets)):] {
		if err := os.RemoveAll(filepath.Join(cache, old.Name())); err != nil {
			return err
		}
	}
	return nil
}
