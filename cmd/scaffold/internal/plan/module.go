package plan

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/edit"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/project"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/render"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// AddModule stages a new module. It changes nothing when the module was generated as it is asked for.
func (p *Plan) AddModule(m spec.Module) error {
	if err := p.complete(&m); err != nil {
		return err
	}
	if err := errors.Join(p.canTell(m), p.canOwn(m)); err != nil {
		return err
	}
	m = m.WithSources()
	if err := m.Check(); err != nil {
		return err
	}
	if known, ok := p.manifest.Modules[m.Package()]; ok && p.Has("modules/"+m.Package()) {
		was, err := known.Spec()
		if err == nil && reflect.DeepEqual(was, m) {
			return nil
		}
		return fmt.Errorf("there is a module %s with other fields or options: change it with scaffold field or scaffold operation", m.Package())
	}
	if err := p.Clashes(m); err != nil {
		return err
	}
	if err := p.mount(m); err != nil {
		return err
	}
	return p.generate(m)
}

// canTell refuses events where there is nothing to publish them with.
func (p *Plan) canTell(m spec.Module) error {
	if len(m.Events) > 0 && !p.Has("platform/outbox") {
		return errors.New("events need platform/outbox, which this project does not have")
	}
	return nil
}

// canOwn refuses owners where nobody signs in.
func (p *Plan) canOwn(m spec.Module) error {
	if m.Owner != "" && !p.Guarded() {
		return errors.New("owners need platform/auth, which this project does not have")
	}
	return nil
}

// Free refuses the name of a module that cannot be, or that something else has.
func (p *Plan) Free(m spec.Module) error {
	if err := m.CheckName(); err != nil {
		return err
	}
	return p.Clashes(m)
}

// complete fills in what was not said.
func (p *Plan) complete(m *spec.Module) error {
	versions, err := p.Versions()
	if err != nil {
		return err
	}
	if len(m.Versions) == 0 {
		m.Versions = versions
	}
	slices.Sort(m.Versions)
	m.Versions = slices.Compact(m.Versions)
	for _, version := range m.Versions {
		if !slices.Contains(versions, version) {
			return fmt.Errorf("there is no v%d of the API: there are %v", version, versions)
		}
	}
	databases, err := p.Databases()
	if err != nil {
		return err
	}
	if m.Database == "" {
		m.Database = "primary"
	}
	if !slices.Contains(databases, m.Database) {
		return fmt.Errorf("no database is called %q: %s has %s", m.Database, defaults, strings.Join(databases, ", "))
	}
	return nil
}

// generate stages the files of a module and its first migration.
func (p *Plan) generate(m spec.Module) error {
	record := project.NewGenerated(m)
	record.Guarded = p.options().Guarded
	files, err := render.Module(p.Templates, m, p.options())
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := p.Tree.Write(file.Path, file.Content); err != nil {
			return err
		}
		record.Files[file.Path] = project.Origin{Template: file.Template, Hash: project.Hash(file.Content)}
	}
	name, err := p.migrate("create_"+m.Name, func(engine string) string { return render.CreateTable(engine, m) })
	if err != nil {
		return err
	}
	record.Migrations = []string{name}
	p.manifest.Modules[m.Package()] = record
	p.test(m.Package())
	return p.save()
}

func (p *Plan) mount(m spec.Module) error {
	if err := p.grant(m); err != nil {
		return err
	}
	err := p.change(modulesFile, func(source []byte) ([]byte, error) { return edit.Mount(source, p.mounting(m), p.Path) })
	if err != nil {
		return err
	}
	return p.change(defaults, func(source []byte) ([]byte, error) {
		return edit.AddSection(source, m.Package(), []string{"database: " + m.Database})
	})
}

func (p *Plan) unmount(module string, m spec.Module) error {
	if err := p.revoke(module, m); err != nil {
		return err
	}
	err := p.change(modulesFile, func(source []byte) ([]byte, error) { return edit.Unmount(source, p.mounting(m)) })
	if err != nil {
		return err
	}
	return p.changeConfigs(func(source []byte) []byte { return edit.RemoveSection(source, module) })
}

// changeConfigs changes the configuration of every environment.
func (p *Plan) changeConfigs(change func([]byte) []byte) error {
	files, err := filepath.Glob(p.Join("configs/*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range files {
		err := p.change("configs/"+filepath.Base(file), func(source []byte) ([]byte, error) { return change(source), nil })
		if err != nil {
			return err
		}
	}
	return nil
}

// find gives what was generated of a module, by the name of its package or its own.
func (p *Plan) find(name string) (string, *project.Generated, spec.Module, error) {
	for _, module := range slices.Sorted(maps.Keys(p.manifest.Modules)) {
		if record := p.manifest.Modules[module]; name == module || name == record.Module {
			m, err := record.Spec()
			return module, record, m, err
		}
	}
	return "", nil, spec.Module{}, fmt.Errorf("%s has no module %q: only what was generated can be changed here", project.ManifestFile, name)
}

// Remove stages that a module goes. Its migrations go with it; those that were released stay, and another one drops the
// table. Files that somebody has changed go only when force is set.
func (p *Plan) Remove(name string, force, released bool) error {
	module, record, m, err := p.find(name)
	if err != nil {
		return err
	}
	if err := p.users(module); err != nil {
		return err
	}
	touched, err := p.touched(module, record)
	if err != nil {
		return err
	}
	if len(touched) > 0 && !force {
		return fmt.Errorf("somebody has changed or added %s: say --force if that may go, too", strings.Join(touched, ", "))
	}
	all, err := p.filesOf("modules/" + module)
	if err != nil {
		return err
	}
	for _, path := range all {
		if err := p.Tree.Remove(path); err != nil {
			return err
		}
	}
	if err := p.removeMigrations(record, m, released); err != nil {
		return err
	}
	if err := p.unmount(module, m); err != nil {
		return err
	}
	delete(p.manifest.Modules, module)
	return p.save()
}

func (p *Plan) removeMigrations(record *project.Generated, m spec.Module, released bool) error {
	if released || slices.ContainsFunc(record.Migrations, p.released) {
		_, err := p.migrate("drop_"+m.Name, func(engine string) string { return render.DropTable(engine, m) })
		return err
	}
	return p.dropMigrations(record)
}

// dropMigrations takes the files away, unless others build on them: without their table, no database could be made any more.
func (p *Plan) dropMigrations(record *project.Generated) error {
	others, err := p.buildOn(record)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		return fmt.Errorf("other migrations name the module's table: take them out first, or say --released to keep all\n  %s",
			strings.Join(others, "\n  "))
	}
	for _, name := range record.Migrations {
		for _, engine := range p.Engines() {
			path := "migrations/" + engine + "/" + name
			if !p.Tree.Exists(path) {
				continue
			}
			if err := p.Tree.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// buildOn are the migrations beside a module's own that name a table of it.
func (p *Plan) buildOn(record *project.Generated) ([]string, error) {
	m, err := record.Spec()
	if err != nil {
		return nil, err
	}
	tables, err := p.Tables()
	if err != nil {
		return nil, err
	}
	names := []string{m.Table()}
	for table, file := range tables {
		if slices.Contains(record.Migrations, file) { // it may have had another name once
			names = append(names, regexp.QuoteMeta(table))
		}
	}
	word := regexp.MustCompile(`(?i)\b(` + strings.Join(names, "|") + `)\b`)
	var found []string
	for _, engine := range p.Engines() {
		files, err := p.Migrations(engine)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			path := "migrations/" + engine + "/" + file
			content, err := p.Tree.Read(path)
			if err != nil {
				return nil, err
			}
			if !slices.Contains(record.Migrations, file) && word.Match(content) {
				found = append(found, path)
			}
		}
	}
	return found, nil
}

// released tells whether a migration is part of a release: of a commit that has a tag.
func (p *Plan) released(name string) bool {
	for _, engine := range p.Engines() {
		if len(p.git("log", "--tags", "--max-count=1", "--format=%H", "--", "migrations/"+engine+"/"+name)) > 0 {
			return true
		}
	}
	return false
}

// users refuses to take away what others import.
func (p *Plan) users(module string) error {
	modules, err := p.Modules()
	if err != nil {
		return err
	}
	for _, other := range modules {
		if other == module {
			continue
		}
		uses, err := p.Imports(other)
		if err != nil {
			return err
		}
		for _, path := range uses {
			if strings.HasPrefix(path, p.Path+"/modules/"+module+"/") {
				return fmt.Errorf("modules/%s imports %s: take that out first", other, strings.TrimPrefix(path, p.Path+"/"))
			}
		}
	}
	return nil
}

// touched are the files of a module that are not as they were generated.
func (p *Plan) touched(module string, record *project.Generated) ([]string, error) {
	all, err := p.filesOf("modules/" + module)
	if err != nil {
		return nil, err
	}
	var touched []string
	for _, path := range all {
		content, err := p.Tree.Read(path)
		if err != nil {
			return nil, err
		}
		if origin, ok := record.Files[path]; !ok || origin.Hash != project.Hash(content) {
			touched = append(touched, path)
		}
	}
	return touched, nil
}
