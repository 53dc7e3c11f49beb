package plan

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// AddTask stages that a module does something in the background, with the field that tells what it was done to.
func (p *Plan) AddTask(name string, added spec.Task) error {
	module, record, m, err := p.find(name)
	if err != nil {
		return err
	}
	if err := p.background(m); err != nil {
		return err
	}
	if added.Cron != "" {
		added.Zone = cmp.Or(added.Zone, "UTC")
	}
	added = added.Implied(m)
	if slices.Contains(m.Tasks, added) {
		return nil
	}
	next := m
	next.Tasks = append(slices.Clone(m.Tasks), added)
	next = next.WithSources()
	if err := next.Check(); err != nil {
		return err
	}
	if err := p.regenerate(module, record, m, next); err != nil {
		return err
	}
	for _, field := range next.Fields[len(m.Fields):] {
		if err := p.migrateField(module, next, field); err != nil {
			return err
		}
	}
	return p.save()
}

// background refuses tasks where they could not be stored together with what the module changes.
func (p *Plan) background(m spec.Module) error {
	if !p.Has("platform/tasks") {
		return errors.New("tasks need platform/tasks, which this project does not have")
	}
	content, err := p.Tree.Read(defaults)
	if err != nil {
		return err
	}
	var configured struct{ Tasks struct{ Database string } }
	if err := yaml.Unmarshal(content, &configured); err != nil {
		return fmt.Errorf("%s: %w", defaults, err)
	}
	if configured.Tasks.Database != m.Database {
		return fmt.Errorf("tasks are stored in the database %s (tasks.database in %s), and %s uses %s: they must be the same",
			configured.Tasks.Database, defaults, m.Name, m.Database)
	}
	return nil
}
