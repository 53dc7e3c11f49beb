package plan

import (
	"errors"
	"fmt"
	"go/format"
	"path"
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
	due, err := p.due(record, now)
	if err != nil {
		return err
	}
	if due {
		return errors.New(upgradeFirst(module))
	}
	next := now
	next.Name, next.Plural = to, plural
	released = released || slices.ContainsFunc(record.Migrations, p.released)
	next.Subscribers = renamed(now, next, released)
	if err := errors.Join(next.Check(), p.users(module)); err != nil {
		return err
	}
	if err := p.Clashes(next); err != nil {
		return err
	}
	if err := p.moveFiles(module, now, next); err != nil {
		return err
	}
	if err := p.renameMigrations(record, now, next, released); err != nil {
		return err
	}
	if err := p.remount(module, now, next); err != nil {
		return err
	}
	delete(p.manifest.Modules, module)
	p.test(next.Package())
	return p.save()
}

// renamed are the subscribers of a module that gets another name, and so do its own events. A subscription that was released
// keeps its name: the broker holds what is published under it.
func renamed(now, next spec.Module, released bool) []spec.Subscriber {
	subscribers := slices.Clone(now.Subscribers)
	for i, s := range subscribers {
		usual := s
		usual.Name = ""
		ofName := s == usual.Implied(now)
		if s.Leaf == now.Leaf() {
			s.Leaf, s.Type = next.Leaf(), next.Name+strings.TrimPrefix(s.Type, now.Name)
		}
		if !released && ofName {
			s.Name = ""
			s = s.Implied(next)
		}
		subscribers[i] = s
	}
	return subscribers
}

// moveFiles writes the module's files anew, with what was changed in them by hand, and moves those that were added.
func (p *Plan) moveFiles(module string, now, next spec.Module) error {
	before, err := render.Module(p.Templates, now, p.options())
	if err != nil {
		return err
	}
	after, err := render.Module(p.Templates, next, p.options())
	if err != nil {
		return err
	}
	fresh := project.NewGenerated(next)
	fresh.Guarded = p.options().Guarded
	for _, file := range after {
		fresh.Files[file.Path] = project.Origin{Template: file.Template, Hash: project.Hash(file.Content)}
	}
	p.manifest.Modules[next.Package()] = fresh
	present, err := p.filesOf("modules/" + module)
	if err != nil {
		return err
	}
	by := newWords(now, next)
	p.Keep = true
	for _, old := range present {
		at := slices.IndexFunc(before, func(file render.File) bool { return file.Path == old })
		if at < 0 {
			err = p.move(old, path.Join("modules", next.Package(), by.replace(strings.TrimPrefix(old, "modules/"+module+"/"))), nil, by)
		} else {
			to := after[slices.IndexFunc(after, func(file render.File) bool { return file.Template == before[at].Template })]
			err = p.move(old, to.Path, before[at].Content, by)
			err = errors.Join(err, p.merge(to, []byte(by.replace(string(before[at].Content)))))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// move stages that a file is elsewhere, with its words replaced. It was generated as base; nil for one that was added.
func (p *Plan) move(from, to string, base []byte, by words) error {
	content, err := p.Tree.Read(from)
	if err != nil {
		return err
	}
	moved := []byte(by.replace(string(content)))
	if formatted, err := format.Source(moved); err == nil && path.Ext(to) == ".go" {
		moved = formatted
	}
	if string(content) != string(base) {
		p.Notes = append(p.Notes, to+": what was written by hand has its words replaced: look at it")
	}
	return errors.Join(p.Tree.Remove(from), p.Tree.Write(to, moved))
}

// renameMigrations renames the table, or makes it under its new name at once when nobody has it yet.
func (p *Plan) renameMigrations(record *project.Generated, now, next spec.Module, released bool) error {
	fresh := p.manifest.Modules[next.Package()]
	if released {
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
func (p *Plan) remount(module string, now, next spec.Module) error {
	if err := p.regrant(module, now, next); err != nil {
		return err
	}
	err := p.change(modulesFile, func(source []byte) ([]byte, error) {
		return edit.Remount(source, p.mounting(now), p.mounting(next), p.Path)
	})
	if err != nil {
		return err
	}
	return p.changeConfigs(func(source []byte) []byte { return edit.RenameSection(source, now.Package(), next.Package()) })
}
