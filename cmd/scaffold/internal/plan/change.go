package plan

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/edit"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/project"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/render"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// AddField stages another field of a module: in the entity, requests, responses, queries, tests, and a migration.
func (p *Plan) AddField(name string, added spec.Field) error {
	module, record, m, err := p.find(name)
	if err != nil {
		return err
	}
	if added, err = addable(added); err != nil {
		return err
	}
	for _, known := range m.Fields {
		if known.String() == added.String() {
			return nil
		}
	}
	next := m
	next.Fields = append(slices.Clone(m.Fields), added)
	if err := next.Check(); err != nil {
		return err
	}
	if err := p.regenerate(module, record, m, next); err != nil {
		return err
	}
	if err := p.migrateField(module, next, added); err != nil {
		return err
	}
	return p.save()
}

// addable gives a field what rows have that are there already.
func addable(f spec.Field) (spec.Field, error) {
	if f.Optional {
		return f, nil
	}
	if f.Unique {
		return f, fmt.Errorf("the field %q: rows that exist would all have the same: make it optional, %s:%s?:unique", f.Name, f.Name, f.Type)
	}
	switch f.Type {
	case spec.Bool:
		f.Default = "false"
	case spec.Int:
		f.Default = "0"
	case spec.Enum:
		f.Default = f.Values[0]
	default:
		return f, fmt.Errorf("the field %q: rows that exist have no value for it: make it optional, %s:%s?", f.Name, f.Name, f.Type)
	}
	return f, nil
}

// AddOperation stages another operation of a module.
func (p *Plan) AddOperation(name string, added spec.Operation) error {
	module, record, m, err := p.find(name)
	if err != nil {
		return err
	}
	added = added.Implied(m)
	if slices.Contains(m.Operations, added) {
		return nil
	}
	next := m
	next.Operations = append(slices.Clone(m.Operations), added)
	if err := next.Check(); err != nil {
		return err
	}
	if err := p.regenerate(module, record, m, next); err != nil {
		return err
	}
	return p.save()
}

// AddEvent stages that others are told of something, with the field and the operation that it needs where it is neither
// created, updated or deleted nor a value of an enum.
func (p *Plan) AddEvent(name, event string) error {
	module, record, m, err := p.find(name)
	if err != nil {
		return err
	}
	if slices.Contains(m.Events, event) {
		return nil
	}
	next := m
	next.Events = append(slices.Clone(m.Events), event)
	next = next.WithSources()
	if err := errors.Join(p.canTell(next), next.Check()); err != nil {
		return err
	}
	if err := p.regenerate(module, record, m, next); err != nil {
		return err
	}
	for _, added := range next.Fields[len(m.Fields):] {
		if err := p.migrateField(module, next, added); err != nil {
			return err
		}
	}
	return p.save()
}

// migrateField stages the migration that adds a field.
func (p *Plan) migrateField(module string, next spec.Module, added spec.Field) error {
	file, err := p.migrate(fmt.Sprintf("add_%s_to_%s", added.Name, next.Name), func(engine string) string {
		return render.AddField(engine, next, added)
	})
	fresh := p.manifest.Modules[module]
	fresh.Migrations = append(fresh.Migrations, file)
	return err
}

// ErrConflict is in the chain of the error for changes by hand that do not go together with what a command changes.
var ErrConflict = errors.New("changed by hand, and in another way by this command")

// regenerate stages the files of a module as they are for next, with what was changed in them by hand since they were
// written for now.
func (p *Plan) regenerate(module string, record *project.Generated, now, next spec.Module) error {
	old, err := p.bases(record, now)
	if err != nil {
		return err
	}
	options := p.options()
	if !p.upgrading {
		options.Guarded = record.Guarded
	}
	files, err := render.Module(p.Templates, next, options)
	if err != nil {
		return err
	}
	fresh := project.NewGenerated(next)
	fresh.Guarded = options.Guarded
	fresh.Migrations = slices.Clone(record.Migrations)
	var failed []error
	for _, file := range files {
		failed = append(failed, p.merge(file, old[file.Path]))
		fresh.Files[file.Path] = project.Origin{Template: file.Template, Hash: project.Hash(file.Content)}
	}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	p.manifest.Modules[module] = fresh
	p.test(module)
	switch known := now.OperationIDs(); {
	case !fresh.Guarded:
		return nil
	case !record.Guarded:
		return p.grant(next)
	default: // who may call those that were there may have been changed by hand
		return p.allow(next, slices.DeleteFunc(next.OperationIDs(), func(id string) bool { return slices.Contains(known, id) }))
	}
}

// merge stages a file with what was changed in it by hand. base is what was generated before; nil for a new one.
func (p *Plan) merge(file render.File, base []byte) error {
	ours, err := p.Tree.Read(file.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && base == nil:
		return p.Tree.Write(file.Path, file.Content)
	case errors.Is(err, fs.ErrNotExist): // taken out by hand
		if string(base) == string(file.Content) {
			return nil
		}
		return fmt.Errorf("%s is gone: %w", file.Path, ErrConflict)
	case err != nil:
		return err
	case base == nil:
		return fmt.Errorf("%s is in the way: %w", file.Path, ErrConflict)
	}
	merged, conflicts, err := edit.Merge(base, ours, file.Content)
	if err != nil {
		return fmt.Errorf("merge %s: %w", file.Path, err)
	}
	if len(conflicts) > 0 && !p.Keep {
		return conflict(file.Path, conflicts)
	}
	for _, kept := range conflicts {
		p.Notes = append(p.Notes, fmt.Sprintf("%s: %s stays as it was changed by hand", file.Path, kept.Declaration))
	}
	if string(merged) == string(ours) {
		return nil
	}
	return p.Tree.Write(file.Path, merged)
}

func conflict(path string, conflicts []edit.Conflict) error {
	var names []string
	for _, one := range conflicts {
		names = append(names, one.Declaration)
	}
	return fmt.Errorf("%s: %s: %w", path, strings.Join(names, ", "), ErrConflict)
}
