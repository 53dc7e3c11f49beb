package plan

import (
	"errors"
	"maps"
	"slices"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/project"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/render"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/tree"
)

// generatedModules are those that were generated and have one of the names; all of them when there is no name.
func (p *Plan) generatedModules(names []string) ([]string, error) {
	if len(names) == 0 {
		return slices.Sorted(maps.Keys(p.manifest.Modules)), nil
	}
	var found []string
	for _, name := range names {
		module, _, _, err := p.find(name)
		if err != nil {
			return nil, err
		}
		found = append(found, module)
	}
	return found, nil
}

// Upgrade stages what the templates have become since modules were generated, together with what was changed by hand.
func (p *Plan) Upgrade(names []string) error {
	modules, err := p.generatedModules(names)
	if err != nil {
		return err
	}
	p.upgrading = true
	var failed []error
	for _, module := range modules {
		record := p.manifest.Modules[module]
		m, err := record.Spec()
		if err != nil {
			return err
		}
		if due, err := p.due(record, m); err != nil || !due {
			failed = append(failed, err)
			continue
		}
		failed = append(failed, p.regenerate(module, record, m, m))
	}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	return p.save()
}

// due tells whether a module would be another if it was generated now: from other templates, by another program, or since
// the project has become another.
func (p *Plan) due(record *project.Generated, m spec.Module) (bool, error) {
	files, err := render.Module(p.Templates, m, p.options())
	if err != nil {
		return false, err
	}
	return len(files) != len(record.Files) || slices.ContainsFunc(files, func(file render.File) bool {
		return project.Hash(file.Content) != record.Files[file.Path].Hash
	}), nil
}

func upgradeFirst(module string) string {
	return "it would be generated otherwise now: scaffold upgrade " + module
}

// HandEdits are what was changed in generated files since, as a unified diff.
func (p *Plan) HandEdits(names []string) (string, error) {
	modules, err := p.generatedModules(names)
	if err != nil {
		return "", err
	}
	text := ""
	for _, module := range modules {
		edits, err := p.edits(module, p.manifest.Modules[module])
		if err != nil {
			return "", err
		}
		text += edits
	}
	return text, nil
}

func (p *Plan) edits(module string, record *project.Generated) (string, error) {
	m, err := record.Spec()
	if err != nil {
		return "", err
	}
	bases, err := p.bases(record, m)
	if err != nil {
		return "", err
	}
	text := ""
	for _, path := range slices.Sorted(maps.Keys(record.Files)) {
		now, err := p.Tree.Read(path)
		switch {
		case err != nil:
			text += tree.Unified("generated/"+path, "/dev/null", bases[path], nil)
		case string(now) != string(bases[path]):
			text += tree.Unified("generated/"+path, path, bases[path], now)
		}
	}
	present, err := p.filesOf("modules/" + module)
	if err != nil {
		return "", err
	}
	for _, path := range present {
		if _, generated := record.Files[path]; generated {
			continue
		}
		content, err := p.Tree.Read(path)
		if err != nil {
			return "", err
		}
		text += tree.Unified("/dev/null", path, nil, content)
	}
	return text, nil
}
