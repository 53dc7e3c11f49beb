package render

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// task is something that a module does in the background, as the templates see it.
type task struct {
	spec.Task
	module spec.Module
}

// operation is what the task does to one entity.
func (t task) operation() operation {
	return operation{spec.Operation{Name: t.Name, Method: "POST", Sets: t.Sets, To: t.To}, t.module}
}

// Method is the Go name of the entity's and the handler's method.
func (t task) Method() string { return t.operation().Method() }

// Title begins the summary of its operation.
func (t task) Title() string { return t.operation().Title() }

// Kind names its tasks.
func (t task) Kind() string { return t.module.Package() + "." + t.Name }

// Rule are the statements that make the receiver what it is afterwards, and return whether it was something else before.
func (t task) Rule(receiver string) string {
	f, value := t.operation().set(), receiver+"."+t.operation().Field()
	done := value + " == " + t.plain()
	switch {
	case f.Type == spec.Time:
		return fmt.Sprintf("if %s != nil {\nreturn false\n}\n%s = &now\nreturn true", value, value)
	case f.Optional:
		done = value + " != nil && *" + done
	case f.Type == spec.Bool && t.To == "true":
		done = value
	case f.Type == spec.Bool:
		done = "!" + value
	}
	return fmt.Sprintf("if %s {\nreturn false\n}\n%s = %s\nreturn true", done, value, t.operation().Pointer())
}

// Timed tells whether it sets a time.
func (t task) Timed() bool { return t.operation().Timed() }

func (t task) plain() string {
	if f := t.operation().set(); f.Type == spec.Enum {
		return f.Const(t.To)
	}
	return t.To
}

// Begin is another value of the field, as a JSON member in Go, with which there is something to do.
func (t task) Begin() string {
	switch f := t.operation().set(); f.Type {
	case spec.Time:
		return "nil"
	case spec.Bool:
		return fmt.Sprint(t.To != "true")
	default:
		for _, other := range f.Values {
			if other != t.To {
				return fmt.Sprintf("%q", other)
			}
		}
		return "nil"
	}
}

// Want is the value in JSON that a test finds afterwards.
func (t task) Want() string { return t.operation().Want() }

// FieldName is what it sets, in JSON.
func (t task) FieldName() string { return t.Sets }

// Schedule makes the schedule, in Go.
func (t task) Schedule() string {
	if t.Cron != "" {
		return fmt.Sprintf("tasks.Cron(%q, %q, %q, %sKind, struct{}{})", t.Kind(), t.Cron, t.Zone, t.Method())
	}
	interval, err := time.ParseDuration(t.Every)
	if err != nil {
		return err.Error() // it was checked
	}
	return fmt.Sprintf("tasks.Every(%q, %s, %sKind, struct{}{})", t.Kind(), goDuration(interval), t.Method())
}

// goDuration is the duration as somebody would write it in Go.
func goDuration(d time.Duration) string {
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "time.Hour"}, {time.Minute, "time.Minute"}, {time.Second, "time.Second"}, {time.Millisecond, "time.Millisecond"}} {
		if d%unit.size == 0 {
			if d == unit.size {
				return unit.name
			}
			return fmt.Sprintf("%d*%s", d/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%d", d)
}

// Enqueued are the tasks that an operation begins.
func (v view) Enqueued() []task {
	return slices.DeleteFunc(slices.Clone(v.Tasks), func(t task) bool { return t.Scheduled() })
}

// Scheduled are those that the clock begins.
func (v view) Scheduled() []task {
	return slices.DeleteFunc(slices.Clone(v.Tasks), func(t task) bool { return !t.Scheduled() })
}

// Unattended tells whether the module changes something that nobody has read.
func (v view) Unattended() bool { return v.Acting() || len(v.Tasks) > 0 }

// Kinds are the constants that name the kinds of task.
func (v view) Kinds() string {
	var lines []string
	for _, t := range v.Tasks {
		parameters := t.Method() + "Params"
		if t.Scheduled() {
			parameters = "struct{}"
		}
		lines = append(lines, fmt.Sprintf("%sKind tasks.Kind[%s, %sResult] = %q", t.Method(), parameters, t.Method(), t.Kind()))
	}
	return strings.Join(lines, "\n")
}
