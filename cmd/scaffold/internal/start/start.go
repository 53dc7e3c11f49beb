// Package start makes a new project from this one: the same files under other names.
package start

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/project"
)

// Names are what a project is called.
type Names struct {
	Path   string // of its Go module: github.com/acme/shop
	Title  string // in documents: Shop
	Word   string // in file names, metrics, media types: shop
	Prefix string // of its environment variables, without the _: SHOP
}

// NamesOf are the usual ones for a Go module.
func NamesOf(modulePath string) Names {
	word := path.Base(modulePath)
	if majorVersion.MatchString(word) {
		word = path.Base(path.Dir(modulePath))
	}
	word = strings.ToLower(notName.ReplaceAllString(word, ""))
	if word == "" {
		return Names{Path: modulePath}
	}
	return Names{Path: modulePath, Title: strings.ToUpper(word[:1]) + word[1:], Word: word, Prefix: strings.ToUpper(word)}
}

var (
	majorVersion  = regexp.MustCompile(`^v[0-9]+$`)
	notName       = regexp.MustCompile(`[^A-Za-z0-9]`)
	modulePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*\.[a-z]{2,}(/[A-Za-z0-9][A-Za-z0-9._-]*)+$`)
	wordPattern   = regexp.MustCompile(`^[a-z][a-z0-9]*$`)
	prefixPattern = regexp.MustCompile(`^[A-Z][A-Z0-9]*$`)
	titlePattern  = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
)

// Check finds what is wrong with the names.
func (n Names) Check() error {
	var failed []error
	refuse := func(matches bool, format, value string) {
		if !matches {
			failed = append(failed, fmt.Errorf(format, value))
		}
	}
	refuse(modulePattern.MatchString(n.Path), "%q is not the path of a Go module, as github.com/acme/shop", n.Path)
	refuse(wordPattern.MatchString(n.Word), "the name %q must be small letters a to z and digits", n.Word)
	refuse(titlePattern.MatchString(n.Title), "the title %q must be a word that begins with a capital letter", n.Title)
	refuse(prefixPattern.MatchString(n.Prefix), "the prefix %q must be capital letters and digits", n.Prefix)
	return errors.Join(failed...)
}

// own are the names of this project. What must not be read as one of them in the sources is put together.
var own = Names{Path: "github.com/trellis-go/trellis", Title: "Trellis", Word: "trellis", Prefix: "TRELLIS"}

// rewriter replaces the names of a project by others. Some words are in checked statements, and stay.
func rewriter(from, to Names) *strings.Replacer {
	return strings.NewReplacer(
		"trellis_create", "trellis_create",
		from.Path, to.Path, strings.TrimPrefix(from.Path, "github.com/"), strings.TrimPrefix(to.Path, "github.com/"),
		from.Prefix, to.Prefix, from.Title, to.Title, from.Word, to.Word,
	)
}

// Make writes the files of a project into a folder, which must be empty or not there, under other names, with some of its
// domains: one of Choices. When it fails, the folder is what it was.
func Make(p *project.Project, folder string, names Names, domains string) (err error) {
	if err := names.Check(); err != nil {
		return err
	}
	parts, ok := without[domains]
	if !ok {
		return fmt.Errorf("there are no domains %q: %s", domains, strings.Join(Choices, ", "))
	}
	entries, err := os.ReadDir(folder)
	there := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty", folder)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, Undo(folder, there))
		}
	}()
	files, err := sources(p)
	if err != nil {
		return err
	}
	from := own
	from.Path = p.Path
	words := rewriter(from, names)
	for _, file := range files {
		if err := copyFile(p, file, folder, words); err != nil {
			return err
		}
	}
	return shrink(folder, names.Path, words, parts)
}

// Undo takes away what Make has written; the folder itself stays when it was there.
func Undo(folder string, there bool) error {
	if !there {
		return os.RemoveAll(folder)
	}
	entries, err := os.ReadDir(folder)
	for _, entry := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(folder, entry.Name())))
	}
	return err
}

// sources are the files that belong to the project: those that git keeps or would keep.
func sources(p *project.Project) ([]string, error) {
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard") //nolint:noctx // reads the disk
	list.Dir = p.Root
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("list the files of %s with git: %w", p.Root, err)
	}
	return strings.Split(strings.Trim(string(out), "\x00"), "\x00"), nil
}

const changelog = "CHANGELOG.md"

func copyFile(p *project.Project, file, folder string, words *strings.Replacer) error {
	info, err := os.Lstat(p.Join(file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // deleted, and the deletion not committed
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a plain file", file)
	}
	content, err := os.ReadFile(p.Join(file))
	if err != nil {
		return err
	}
	content, err = rewrite(file, content, words)
	if err != nil {
		return fmt.Errorf("rewrite %s: %w", file, err)
	}
	target := filepath.Join(folder, filepath.FromSlash(words.Replace(file)))
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil { //nolint:gosec // a folder of sources
		return err
	}
	return os.WriteFile(target, content, info.Mode().Perm()) //nolint:gosec // in the folder of the new project
}

// rewrite gives a file its new names. What is not text stays.
func rewrite(file string, content []byte, words *strings.Replacer) ([]byte, error) {
	if file == changelog {
		return []byte("# Changelog\n\n## Unreleased\n"), nil
	}
	if !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0 {
		return content, nil
	}
	after := []byte(words.Replace(string(content)))
	if path.Ext(file) != ".go" || bytes.Equal(after, content) {
		return after, nil
	}
	return format.Source(after)
}
