package plan

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/edit"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/project"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// Finding is something that is not as it should be, and what to do about it.
type Finding struct {
	Module string `json:"module"`
	Text   string `json:"text"`
}

// anatomy are the files that every module has.
var anatomy = []string{"module.go", "handler.go", "service.go", "repository.go"}

// Doctor finds what has drifted: from the anatomy, from the list of modules, from the manifest.
func (p *Plan) Doctor() ([]Finding, error) {
	modules, err := p.Modules()
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, module := range modules {
		found = append(found, p.examine(module)...)
	}
	for _, module := range slices.Sorted(maps.Keys(p.manifest.Modules)) {
		for _, text := range p.examineRecord(module, p.manifest.Modules[module]) {
			found = append(found, Finding{module, text})
		}
	}
	return found, nil
}

// examine looks at any module.
func (p *Plan) examine(module string) []Finding {
	var found []Finding
	add := func(format string, args ...any) { found = append(found, Finding{module, fmt.Sprintf(format, args...)}) }
	folder := "modules/" + module
	for _, file := range anatomy {
		if !p.Has(folder + "/" + file) {
			add("%s/%s is missing: every module has one", folder, file)
		}
	}
	files, err := p.filesOf(folder)
	if err != nil {
		add("%v", err)
	}
	if !slices.ContainsFunc(files, func(path string) bool { return strings.HasSuffix(path, "_test.go") }) {
		add("%s has no test", folder)
	}
	listed, err := p.Tree.Read(modulesFile)
	if err != nil || !strings.Contains(string(listed), `"`+p.Path+"/modules/"+module+`"`) {
		add("%s does not list it", modulesFile)
	}
	imports, err := p.Imports(module)
	if err != nil {
		add("%v", err)
	}
	for _, path := range imports {
		rest, ours := strings.CutPrefix(path, p.Path+"/modules/")
		other, leaf, _ := strings.Cut(rest, "/")
		if ours && other != module && leaf != other+"api" {
			add("it imports modules/%s: of another module only its leaf package %sapi may be imported", rest, other)
		}
	}
	return found
}

// examineRecord looks at a generated module.
func (p *Plan) examineRecord(module string, record *project.Generated) []string {
	if !p.Has("modules/" + module) {
		return []string{project.ManifestFile + " has it, and modules/ has not: scaffold remove takes it out of the rest"}
	}
	m, err := record.Spec()
	if err != nil {
		return []string{err.Error()}
	}
	found := p.mounted(m)
	for _, path := range slices.Sorted(maps.Keys(record.Files)) {
		if _, err := os.Stat(p.Join(path)); errors.Is(err, fs.ErrNotExist) {
			found = append(found, path+" was generated and is gone")
		}
	}
	for _, name := range record.Migrations {
		for _, engine := range p.Engines() {
			if path := "migrations/" + engine + "/" + name; !p.Has(path) {
				found = append(found, path+" is missing")
			}
		}
	}
	switch due, err := p.due(record, m); {
	case err != nil:
		found = append(found, err.Error())
	case due:
		found = append(found, upgradeFirst(module))
	}
	return found
}

// mounted tells what the places that list modules lack.
func (p *Plan) mounted(m spec.Module) []string {
	var found []string
	for path, add := range map[string]func([]byte) ([]byte, error){
		modulesFile: func(source []byte) ([]byte, error) { return edit.Mount(source, p.mounting(m), p.Path) },
		defaults:    func(source []byte) ([]byte, error) { return edit.AddSection(source, m.Package(), nil) },
	} {
		before, err := p.Tree.Read(path)
		if err != nil {
			found = append(found, err.Error())
			continue
		}
		after, err := add(before)
		if err != nil || string(after) != string(before) {
			found = append(found, path+" does not list it as it should")
		}
	}
	slices.Sort(found)
	return found
}
