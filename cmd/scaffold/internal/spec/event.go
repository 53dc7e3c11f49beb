package spec

import (
	"fmt"
	"slices"
	"strings"
)

// The events that every module can have, whatever its fields are called. Another is a value that an enum gets (paid, of a
// status), or a time that is set (issued, of issued_at).
const (
	Created = "created"
	Updated = "updated"
	Deleted = "deleted"
)

// Now is what an operation sets a time to.
const Now = "now"

// Source is the field whose change an event is; ok is false for those of the whole entity.
func (m Module) Source(event string) (f Field, ok bool) {
	if ofEntity(event) {
		return Field{}, false
	}
	for _, f := range m.Fields {
		if f.Type == Enum && slices.Contains(f.Values, event) || f.Type == Time && f.Name == event+"_at" {
			return f, true
		}
	}
	return Field{}, false
}

func ofEntity(event string) bool { return event == Created || event == Updated || event == Deleted }

// WithSources gives the module what its events and tasks need: for an event that no field has, a time and the operation that
// sets it; for a task, the time that it sets.
func (m Module) WithSources() Module {
	m.Fields, m.Operations = slices.Clone(m.Fields), slices.Clone(m.Operations)
	for _, event := range m.Events {
		if _, has := m.Source(event); has || ofEntity(event) {
			continue
		}
		m.Fields = append(m.Fields, Field{Name: event + "_at", Type: Time, Optional: true})
		m.Operations = append(m.Operations, Operation{Name: infinitive(event), Method: "POST", Sets: event + "_at", To: Now})
	}
	return m.withTaskFields()
}

func (m Module) checkEvents() error {
	seen := map[string]bool{}
	for _, event := range m.Events {
		if !IsName(event) || len(event) > maxName-len("_at") {
			return fmt.Errorf("the event %q: a name is what something has become, in small letters: paid", event)
		}
		if seen[event] {
			return fmt.Errorf("the event %q comes twice", event)
		}
		seen[event] = true
	}
	return nil
}

// infinitive is what somebody does for something to be called so afterwards: issue, of issued.
func infinitive(participle string) string {
	before, last := cut(participle)
	for verb, form := range irregular {
		if form == last && verb != last {
			return before + verb
		}
	}
	stem, regular := strings.CutSuffix(last, "ed")
	if !regular || len(stem) < 2 {
		return before + "mark_" + last
	}
	end, previous := stem[len(stem)-1], stem[len(stem)-2]
	switch {
	case end == 'i':
		return before + stem[:len(stem)-1] + "y"
	case end == previous && !strings.ContainsRune("lsfz", rune(end)):
		return before + stem[:len(stem)-1]
	case strings.ContainsRune("cguvz", rune(end)), end == 's' && previous != 's', strings.HasSuffix(stem, "at"),
		strings.HasSuffix(stem, "let"), strings.HasSuffix(stem, "pir"), strings.HasSuffix(stem, "ir"):
		return before + stem + "e"
	}
	return before + stem
}
