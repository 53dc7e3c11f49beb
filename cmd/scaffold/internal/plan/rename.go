package plan

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/edit"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/project"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/render"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// Rename stages that a module is called something else, in its code, routes, tables and configuration. What was changed or
// added by hand goes with it: the old words in it become the new ones.
func (p *Plan) Rename(name, to, plural string, released bool) error {
	module, record, now, err := p.find(name)
	if err != nil {
		return err
	}
	next := now
	next.Name, next.Plural = to, plural
	if err := errors.Join(next.Check(), p.users(module)); err != nil {
		return err
	}
	if err := p.Clashes(next); err != nil {
		return err
	}
	if err := p.moveFiles(module, record, now, next); err != nil {
		return err
	}
	if err := p.renameMigrations(record, now, next, released); err != nil {
		return err
	}
	if err := p.remount(now, next); err != nil {
		return err
	}
	delete(p.manifest.Modules, module)
	p.test(next.Package())
	return p.save()
}

// moveFiles writes what nobody has changed anew, and moves the rest with its words replaced.
func (p *Plan) moveFiles(module string, record *project.Generated, now, next spec.Module) error {
	version, err := render.Version(p.Templates)
	if err != nil {
		return err
	}
	files, err := render.Module(p.Templates, next, p.options())
	if err != nil {
		return err
	}
	fresh := project.NewGenerated(next, version)
	fresh.Guarded = p.options().Guarded
	byTemplate := map[string]render.File{}
	for _, file := range files {
		byTemplate[file.Template] = file
		fresh.Files[file.Path] = project.Origin{Template: file.Template, Hash: project.Hash(file.Content)}
	}
	present, err := p.filesOf("modules/" + module)
	if err != nil {
		return err
	}
	for _, old := range present {
		if err := p.move(old, record.Files[old], byTemplate, now, next); err != nil {
			return err
		}
	}
	p.manifest.Modules[next.Package()] = fresh
	return nil
}

func (p *Plan) move(old string, origin project.Origin, files map[string]render.File, now, next spec.Module) error {
	content, err := p.Tree.Read(old)
	if err != nil {
		return err
	}
	words := words(now, next)
	target := path.Join("modules", next.Package(), words.Replace(strings.TrimPrefix(old, "modules/"+now.Package()+"/")))
	if file, generated := files[origin.Template]; generated {
		target = file.Path
		if project.Hash(content) == origin.Hash {
			return errors.Join(p.Tree.Remove(old), p.Tree.Write(target, file.Content))
		}
	}
	p.Notes = append(p.Notes, target+": what was written by hand has its words replaced: look at it")
	return errors.Join(p.Tree.Remove(old), p.Tree.Write(target, []byte(words.Replace(string(content)))))
}

// words replaces the names of one module by those of another, the longer ones first.
func words(now, next spec.Module) *strings.Replacer {
	pairs := [][2]string{
		{now.Table(), next.Table()}, {"modules/" + now.Package(), "modules/" + next.Package()},
		{now.A(), next.A()}, {spec.Capital(now.A()), spec.Capital(next.A())},
		{now.Nouns(), next.Nouns()}, {now.Tag(), next.Tag()}, {now.Slugs(), next.Slugs()},
		{spec.GoName(strings.ReplaceAll(now.Slugs(), "-", "_")), spec.GoName(strings.ReplaceAll(next.Slugs(), "-", "_"))},
		{now.Noun(), next.Noun()}, {now.Entity(), next.Entity()}, {now.Shape(), next.Shape()}, {now.Slug(), next.Slug()},
		{now.Name, next.Name}, {now.Package(), next.Package()},
	}
	slices.SortStableFunc(pairs, func(a, b [2]string) int { return len(b[0]) - len(a[0]) })
	var flat []string
	for _, pair := range pairs {
		flat = append(flat, pair[0], pair[1])
	}
	return strings.NewReplacer(flat...)
}

// renameMigrations renames the table, or makes it under its new name at once when nobody has it yet.
func (p *Plan) renameMigrations(record *project.Generated, now, next spec.Module, released bool) error {
	fresh := p.manifest.Modules[next.Package()]
	if released || slices.ContainsFunc(record.Migrations, p.released) {
		file, err := p.migrate(fmt.Sprintf("rename_%s_to_%s", now.Name, next.Name), func(engine string) string {
			return render.RenameTable(engine, now, next)
		})
		fresh.Migrations = append(slices.Clone(record.Migrations), file)
		return err
	}
	if err := p.dropMigrations(record); err != nil {
		return err
	}
	file, err := p.migrate("create_"+next.Name, func(engine string) string { return render.CreateTable(engine, next) })
	fresh.Migrations = []string{file}
	return err
}

// remount puts the new name where the old one was.
func (p *Plan) remount(now, next spec.Module) error {
	if err := errors.Join(p.grant(now, false), p.grant(next, true)); err != nil {
		return err
	}
	err := p.change(modulesFile, func(source []byte) ([]byte, error) {
		without, err := edit.Unmount(source, p.mounting(now))
		if err != nil {
			return nil, err
		}
		return edit.Mount(without, p.mounting(next), p.Path)
	})
	if err != nil {
		return err
	}
	files, err := filepath.Glob(p.Join("configs/*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range files {
		err := p.change("configs/"+filepath.Base(file), func(source []byte) ([]byte, error) {
			return edit.RenameSection(source, now.Package(), next.Package()), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
