package start

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/edit"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// The domains of this project that a new one may begin with.
const (
	All      = "all"
	Identity = "identity" // accounts and signing in, for whoever brings the business along
	None     = "none"     // whose tokens another service signs
)

// Choices are what may be asked for.
var Choices = []string{All, Identity, None}

// part is what goes with some domains: they themselves, with what migrates, configures, mounts and guards them, and the rest.
type part struct {
	modules  []string
	files    []string                                               // and folders: what is about these domains
	targets  []string                                               // of the Makefile, and what the gate does with them
	sections map[string][]string                                    // of documents, by their headings
	texts    map[string][]replaced                                  // the rest of other files
	added    string                                                 // the folder of what stands there instead
	graph    func(source []byte, modulePath string) ([]byte, error) // what wire_gen/modules.go needs instead
	testless string                                                 // a folder whose tests go
}

type replaced struct{ text, by string }

//go:embed all:_none
var instead embed.FS

// shop are the domains that show how domains are written. The tests that call them over HTTP go with them, and so do those
// of the scaffolder, whose measure they are.
var shop = part{
	modules: []string{"webhook", "analytics", "order", "inventory", "catalog"},
	files: []string{
		"README.zh-CN.md", "cmd/scaffold/internal/proof", "cmd/scaffold/internal/spec/spectest", "test/conformance", "test/integration",
		"test/load", "test/warehouse", "test/browser/dashboard.test.mjs", "test/browser/products.test.mjs", "test/contract/clients.sh",
		"test/contract/goclient", "test/contract/roundtrip.ts", "test/contract/tsconfig.json", "test/growth.sh",
	},
	testless: "cmd/scaffold",
	targets:  []string{"conformance", "conformance-check", "load", "test-scaffold"},
	sections: map[string][]string{
		"README.md":       {"A tour", "Engines", "Figures"},
		"ARCHITECTURE.md": {"Webhooks", "The catalog", "Analytics", "Inventory and orders"},
	},
	texts: map[string][]replaced{
		"README.md": {
			{"[中文](README.zh-CN.md) · ", ""},
			{"and try the operations there, or follow the tour. ", "and try the operations there. "},
			{"business domains, one package each: `identity`, `catalog`, `inventory`, `order`, `analytics`, `webhook`", "business domains, one package each"},
			{"boundaries, integration, contract, browser, load, the test kit", "boundaries, contract, browser, the test kit"},
			{"| `/dashboard` | the reports, drawn |\n", ""},
			{"## The map of the house\n", "## The first domain\n\n```console\n" +
				"$ make module name=invoice fields=\"number:string:unique,amount:money,status:enum(draft,sent,paid)\"\n```\n\n" +
				"writes it with its table on every engine, its operations, and its tests. Then `make run`, and\n\n```console\n" + signIn +
				"$ curl localhost:8000/api/invoices -H \"Authorization: Bearer $token\"\n```\n\n## The map of the house\n"},
		},
		"ARCHITECTURE.md": {{"boundaries, integration, contract, browser, load, warehouse, the test kit", "boundaries, contract, browser, the test kit"}},
		"CONTRIBUTING.md": {{"# Contributing\n", "# Contributing\n\nThe examples are of a shop, in a package `catalog` and others, which need not be here.\n"}},
	},
}

// signIn is in the README of a project that has accounts and no domain.
const signIn = "$ token=$(curl -s localhost:8000/api/auth/login -H 'Content-Type: application/json' \\\n" +
	"    -d '{\"email\":\"admin@example.com\",\"password\":\"as the server has printed it\"}' | cut -d'\"' -f4)\n"

// accounts is identity, which the gate asks whether sessions live.
var accounts = part{
	modules: []string{"identity"},
	files:   []string{"cmd/server/user.go", "cmd/server/user_test.go"},
	texts: map[string][]replaced{
		"cmd/server/main.go": {{"newUser(&opts)", "newToken(&opts)"}},
		"ARCHITECTURE.md":    {{"routes, deadletters, user, version", "routes, deadletters, token, version"}},
		"README.md": {
			{signIn, "$ token=$(tmp/server token)\n"},
			{"server user create --email ada@example.com --role admin   # asks for the password, or reads it from standard input\n",
				"server token --user ada --role admin   # an access token, for development and for scripts\n"},
			{" The first admin is made by `server user create`, or at the start by `modules.identity.admin`.", ""},
		},
	},
	added: "_none",
	graph: edit.Trust,
}

// without are the parts that a choice leaves out.
var without = map[string][]part{All: nil, Identity: {shop}, None: {shop, accounts}}

// shrink takes the parts out of the project in a folder, which has the names that words give it. What is not there, in a
// project that was made without it, needs not go.
func shrink(folder, modulePath string, words *strings.Replacer, parts []part) error {
	for _, one := range parts {
		s := shrinking{folder: folder, path: modulePath, words: words, part: one}
		if err := s.all(); err != nil {
			return fmt.Errorf("leave out %s: %w", strings.Join(one.modules, ", "), err)
		}
	}
	return nil
}

type shrinking struct {
	part
	folder, path string
	words        *strings.Replacer
}

func (s *shrinking) all() error {
	for _, module := range s.modules {
		if err := s.leaveOut(module); err != nil {
			return err
		}
	}
	for _, file := range s.files {
		if err := os.RemoveAll(s.join(file)); err != nil {
			return err
		}
	}
	failed := errors.Join(s.unguard(), s.dropTests())
	for _, target := range s.targets {
		step := []byte("step " + target + "\nmake " + target + "\n")
		failed = errors.Join(failed,
			s.change("Makefile", func(text []byte) ([]byte, error) { return dropTarget(text, target), nil }),
			s.change(".ci/run", func(text []byte) ([]byte, error) { return bytes.Replace(text, step, nil, 1), nil }))
	}
	for document, headings := range s.sections {
		for _, heading := range headings {
			failed = errors.Join(failed, s.change(document, func(text []byte) ([]byte, error) { return dropSection(text, heading), nil }))
		}
	}
	for file, pairs := range s.texts {
		failed = errors.Join(failed, s.change(file, func(text []byte) ([]byte, error) {
			for _, pair := range pairs {
				text = bytes.Replace(text, []byte(s.words.Replace(pair.text)), []byte(s.words.Replace(pair.by)), 1)
			}
			return text, nil
		}))
	}
	if s.graph != nil {
		failed = errors.Join(failed, s.change(modulesFile, func(source []byte) ([]byte, error) { return s.graph(source, s.path) }))
	}
	return errors.Join(failed, s.add())
}

func (s *shrinking) join(file string) string {
	return filepath.Join(s.folder, filepath.FromSlash(file))
}

// change rewrites a file, if it is there.
func (s *shrinking) change(file string, rewrite func([]byte) ([]byte, error)) error {
	before, err := os.ReadFile(s.join(file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	after, err := rewrite(before)
	if err != nil {
		return fmt.Errorf("change %s: %w", file, err)
	}
	return os.WriteFile(s.join(file), after, 0o644) //nolint:gosec // a file of sources, whose mode stays
}

const (
	modulesFile     = "wire_gen/modules.go"
	permissionsFile = "wire_gen/permissions.go"
	matrixFile      = "test/boundaries/policy_test.go"
)

// leaveOut takes out a module with its migrations, its configuration and its place in the graph.
func (s *shrinking) leaveOut(module string) error {
	mounting := edit.Mounting{Import: s.path + "/modules/" + module, Package: module, Field: spec.GoName(module)}
	if err := errors.Join(os.RemoveAll(s.join("modules/"+module)), s.dropMigrations(module)); err != nil {
		return err
	}
	err := errors.Join(
		s.change(modulesFile, func(source []byte) ([]byte, error) { return edit.Unmount(source, mounting) }),
		s.change(permissionsFile, func(source []byte) ([]byte, error) { return edit.Revoke(source, mounting) }),
	)
	configs, globbed := filepath.Glob(s.join("configs/*.yaml"))
	err = errors.Join(err, globbed)
	for _, file := range configs {
		err = errors.Join(err, s.change("configs/"+filepath.Base(file), func(source []byte) ([]byte, error) {
			return edit.RemoveSection(source, module), nil
		}))
	}
	return err
}

var line = regexp.MustCompile(`"([a-z]+(?:-[a-z]+)*)":\s+"`)

// unguard takes the lines of operations that nobody serves any more out of the matrix of who may call them.
func (s *shrinking) unguard() error {
	served := map[string]bool{}
	for _, folder := range []string{"modules", "platform"} {
		err := filepath.WalkDir(s.join(folder), func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
				return err
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(parsed, func(node ast.Node) bool {
				if literal, ok := node.(*ast.BasicLit); ok {
					served[strings.Trim(literal.Value, `"`)] = true
				}
				return true
			})
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return s.change(matrixFile, func(source []byte) ([]byte, error) {
		var gone []string
		for _, found := range line.FindAllSubmatch(source, -1) {
			if id := string(found[1]); !served[id] {
				gone = append(gone, id)
			}
		}
		return edit.Matrix(source, gone, "", false)
	})
}

// ofTable finds what a migration changes: the tables of statements and of indexes, whose names begin with their owner's.
var ofTable = regexp.MustCompile(`(?i)\b(?:table(?:\s+if(?:\s+not)?\s+exists)?|on|into|update)\s+["` + "`" + `]?([a-z]\w*_\w+)`)

// dropMigrations takes away the migrations that are about the tables of a module alone.
func (s *shrinking) dropMigrations(module string) error {
	files, err := filepath.Glob(s.join("migrations/*/*.sql"))
	for _, file := range files {
		content, failed := os.ReadFile(file) //nolint:gosec // of the new project
		err = errors.Join(err, failed)
		tables := ofTable.FindAllSubmatch(content, -1)
		others := slices.ContainsFunc(tables, func(table [][]byte) bool { return !bytes.HasPrefix(table[1], []byte(module+"_")) })
		if len(tables) > 0 && !others {
			err = errors.Join(err, os.Remove(file))
		}
	}
	return err
}

// dropTests takes the tests of a folder away, but for those that would be added.
func (s *shrinking) dropTests() error {
	if s.testless == "" {
		return nil
	}
	root, err := os.OpenRoot(s.join(s.testless))
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return fs.WalkDir(root.FS(), ".", func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(file, "_test.go") && !strings.Contains(file, "/_") {
			return root.Remove(file)
		}
		return err
	})
}

// dropTarget takes a target out of a Makefile.
func dropTarget(text []byte, target string) []byte {
	return regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(target)+`:.*\n(\t.*\n)*\n?`).ReplaceAll(text, nil)
}

// dropSection takes a section of the second level out of a document.
func dropSection(text []byte, heading string) []byte {
	before, rest, found := bytes.Cut(text, []byte("\n## "+heading+"\n"))
	if !found {
		return text
	}
	_, after, more := bytes.Cut(rest, []byte("\n## "))
	if !more {
		return before
	}
	return slices.Concat(before, []byte("\n## "), after)
}

// add writes what stands there instead.
func (s *shrinking) add() error {
	if s.added == "" {
		return nil
	}
	return fs.WalkDir(instead, s.added, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := instead.ReadFile(file)
		if err != nil {
			return err
		}
		content = []byte(s.words.Replace(string(content)))
		if path.Ext(file) == ".go" {
			if content, err = format.Source(content); err != nil {
				return err
			}
		}
		target := s.join(strings.TrimPrefix(file, s.added+"/"))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil { //nolint:gosec // a folder of sources
			return err
		}
		return os.WriteFile(target, content, 0o644) //nolint:gosec // a file of sources
	})
}
