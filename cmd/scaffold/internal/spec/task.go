package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Task is something that a module does in the background: to one entity when it is asked to, or to all that it is due for, by
// the clock.
type Task struct {
	Name  string `json:"name"` // a verb: remind
	Sets  string `json:"sets"` // the field that it sets: an enum, a bool, or a time that may be absent
	To    string `json:"to"`   // the value that it sets it to; Now of a time
	Every string `json:"every,omitempty"`
	Cron  string `json:"cron,omitempty"`
	Zone  string `json:"zone,omitempty"` // whose clock Cron goes by
}

// Slug is the task's part of the path.
func (t Task) Slug() string { return strings.ReplaceAll(t.Name, "_", "-") }

// Go is the Go name: Remind.
func (t Task) Go() string { return GoName(t.Name) }

// Words is how people call it.
func (t Task) Words() string { return words(t.Name) }

// Scheduled tells whether it is begun by the clock, and not by an operation.
func (t Task) Scheduled() bool { return t.Every != "" || t.Cron != "" }

// Implied says what the task sets where its name does: the enum that has its participle among the values, and otherwise the
// time that is called after it, reminded_at.
func (t Task) Implied(m Module) Task {
	if t.Sets != "" {
		return t
	}
	if o := (Operation{Name: t.Name, Method: "POST"}).Implied(m); o.Sets != "" {
		t.Sets, t.To = o.Sets, o.To
		return t
	}
	t.Sets, t.To = participle(t.Name)+"_at", Now
	return t
}

// participle is what something is called after a verb: reminded.
func participle(verb string) string {
	before, last := cut(verb)
	end := last[len(last)-1]
	switch {
	case irregular[last] != "":
		return before + irregular[last]
	case end == 'e':
		return before + last + "d"
	case end == 'y' && len(last) > 1 && !vowel(last[len(last)-2]):
		return before + last[:len(last)-1] + "ied"
	case doubles(last):
		return before + last + string(end) + "ed"
	}
	return before + last + "ed"
}

// doubles tells whether a verb doubles its last letter: ship, stop.
func doubles(verb string) bool {
	vowels := 0
	for i := range len(verb) {
		if vowel(verb[i]) {
			vowels++
		}
	}
	end := len(verb) - 1
	return end > 1 && vowels == 1 && vowel(verb[end-1]) && !vowel(verb[end]) && !strings.ContainsRune("wxy", rune(verb[end]))
}

func vowel(letter byte) bool { return strings.IndexByte("aeiou", letter) >= 0 }

// withTaskFields gives the module the times that its tasks set and no field is.
func (m Module) withTaskFields() Module {
	for _, t := range m.Tasks {
		named := func(f Field) bool { return f.Name == t.Sets }
		if t.To == Now && !slices.ContainsFunc(m.Fields, named) {
			m.Fields = append(m.Fields, Field{Name: t.Sets, Type: Time, Optional: true})
		}
	}
	return m
}

func (m Module) checkTasks() error {
	names := owners{}
	for _, o := range m.Operations {
		names[o.Go()] = "the operation " + o.Name
	}
	for _, s := range m.Subscribers {
		names[s.Go()] = "the event " + s.Type
	}
	for _, t := range m.Tasks {
		if owner, claimed := names[t.Go()]; claimed {
			return fmt.Errorf("the task %q: %s has that name already", t.Name, owner)
		}
		names[t.Go()] = "the task " + t.Name
		if err := t.check(m); err != nil {
			return fmt.Errorf("the task %q: %w", t.Name, err)
		}
	}
	return nil
}

func (t Task) check(m Module) error {
	if err := (Operation{Name: t.Name, Method: "POST", Sets: t.Sets, To: t.To}).check(m); err != nil {
		return err
	}
	at := slices.IndexFunc(m.Fields, func(f Field) bool { return f.Name == t.Sets })
	switch f := m.Fields[at]; {
	case f.Type == Time && !f.Optional:
		return fmt.Errorf("%s is always set, so that it is never to be done: it must be %s:time?", f.Name, f.Name)
	case f.Type == Enum && len(f.Values) == 1 && !f.Optional:
		return fmt.Errorf("%s is always %s, so that it is never to be done", f.Name, t.To)
	}
	return t.checkClock()
}

func (t Task) checkClock() error {
	switch {
	case t.Every != "" && t.Cron != "":
		return errors.New("it is begun every so often or by a clock, not both")
	case t.Zone != "" && t.Cron == "":
		return errors.New("a time zone is that of --cron")
	case t.Every != "":
		if interval, err := time.ParseDuration(t.Every); err != nil || interval < time.Second {
			return fmt.Errorf("%q is not an interval of at least a second, as 15m", t.Every)
		}
	case t.Cron != "":
		if _, err := cron.ParseStandard("CRON_TZ=" + t.Zone + " " + t.Cron); err != nil {
			return fmt.Errorf("%q in %q is not a time as cron has it, as 0 7 * * *: %w", t.Cron, t.Zone, err)
		}
	}
	return nil
}
