package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// AddSubscriber stages that a module does something about an event of the project: order.placed, or order.placed.v2 for a
// version that is not the latest. What it does is said by wanted.
func (p *Plan) AddSubscriber(name, event string, wanted spec.Subscriber) error {
	module, record, m, err := p.find(name)
	if err != nil {
		return err
	}
	if !p.Has("platform/subscription") {
		return errors.New("subscribers need platform/subscription, which this project does not have")
	}
	if wanted.Event, err = p.event(event); err != nil {
		return err
	}
	wanted = wanted.Implied(m)
	if slices.Contains(m.Subscribers, wanted) {
		return nil
	}
	next := m
	next.Subscribers = append(slices.Clone(m.Subscribers), wanted)
	if err := next.Check(); err != nil {
		return err
	}
	if err := p.regenerate(module, record, m, next); err != nil {
		return err
	}
	return p.save()
}

// event finds an event by its type, with or without the version: without it is the latest.
func (p *Plan) event(name string) (spec.Event, error) {
	all, err := p.Events()
	if err != nil {
		return spec.Event{}, err
	}
	var found []spec.Event
	var names []string
	for _, one := range all {
		if one.Type == name {
			return one, nil
		}
		if one.Name() == name {
			found = append(found, one)
		}
		names = append(names, one.Name(), one.Type)
	}
	if len(found) == 0 {
		names = slices.Compact(slices.Sorted(slices.Values(names)))
		if len(names) == 0 {
			return spec.Event{}, fmt.Errorf("there is no event %q: no module publishes any", name)
		}
		return spec.Event{}, fmt.Errorf("there is no event %q%s: there are %s", name, spec.Nearest(name, names), strings.Join(names, ", "))
	}
	return slices.MaxFunc(found, func(a, b spec.Event) int {
		if len(a.Type) != len(b.Type) { // v10 comes after v9
			return len(a.Type) - len(b.Type)
		}
		return strings.Compare(a.Type, b.Type)
	}), nil
}
