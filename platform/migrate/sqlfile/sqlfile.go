// Package sqlfile numbers and writes the files of migrations. It is for developers' programs, and knows no engine.
package sqlfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Transactional are the engines that modules keep their tables on: a change of the schema has a file of the same name for
// each that has a folder.
var Transactional = []string{"sqlite", "mysql", "oracle"}

// Warehouse is the engine of what is counted. It keeps tables of its own, so its files are its own, too.
const Warehouse = "clickhouse"

// Empty is a file that changes nothing.
const Empty = "-- +goose Up\n\n-- +goose Down\n"

// ErrName is in the chain of the error for a name that no migration may have.
var ErrName = errors.New("the name is not valid")

const versionLayout = "20060102150405"

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// Name is that of a file: the time, and what it is for. The error is ErrName for what would not be sorted.
func Name(at time.Time, what string) (string, error) {
	if len(what) > 60 || !namePattern.MatchString(what) {
		return "", fmt.Errorf("%w: %q must be at most 60 small letters and digits in words joined by _, as add_notes", ErrName, what)
	}
	return at.Format(versionLayout) + "_" + what + ".sql", nil
}

// Create writes a file for each engine, which is the name of a folder in dir and the key of its content, all with one
// name: of the time Next, and what it is for. It gives their paths. It writes all of them or none.
func Create(dir, what string, now time.Time, contents map[string]string) ([]string, error) {
	at, err := Next(dir, now)
	if err != nil {
		return nil, err
	}
	name, err := Name(at, what)
	if err != nil {
		return nil, err
	}
	var written []string
	for _, engine := range append(slices.Clone(Transactional), Warehouse) {
		content, wanted := contents[engine]
		if !wanted {
			continue
		}
		file := filepath.Join(dir, engine, name)
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil { //nolint:gosec // a source file
			return nil, errors.Join(err, remove(written))
		}
		written = append(written, file)
	}
	return written, nil
}

func remove(files []string) error {
	var failed []error
	for _, file := range files {
		failed = append(failed, os.Remove(file))
	}
	return errors.Join(failed...)
}

// Engines are the transactional engines that have a folder in dir.
func Engines(dir string) ([]string, error) {
	found := slices.DeleteFunc(slices.Clone(Transactional), func(engine string) bool { return !HasFolder(dir, engine) })
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no folder of migrations (%s): give the right one with --dir", dir, strings.Join(Transactional, ", "))
	}
	return found, nil
}

// HasFolder tells whether there is a folder for the engine in dir.
func HasFolder(dir, engine string) bool {
	info, err := os.Stat(filepath.Join(dir, engine))
	return err == nil && info.IsDir()
}

// Next is the time that a new file is numbered by: now, or the second after the newest file where that is later, so that what
// depends on those that are there comes after them.
func Next(dir string, now time.Time) (time.Time, error) {
	now = now.UTC().Truncate(time.Second)
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.sql"))
	for _, file := range files {
		number, _, _ := strings.Cut(filepath.Base(file), "_")
		if at, err := time.Parse(versionLayout, number); err == nil && !at.Before(now) {
			now = at.Add(time.Second)
		}
	}
	return now, err
}
