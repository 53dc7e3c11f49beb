package render

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// member is one field of a draft with its value, as the tests have it.
type member struct{ Go, Value string }

// Drafts are the members of the draft of n, in Go.
func (f field) Drafts() []member {
	switch f.Type {
	case spec.Money:
		return []member{{f.Go() + "Cents", f.pointer("int64(100 * n)", "int64(100 * n)")}, {f.Go() + "Currency", f.pointer(`"EUR"`, `"EUR"`)}}
	case spec.Int:
		return []member{{f.Go(), f.pointer("int64(n)", "int64(n)")}}
	case spec.Enum:
		constant := func(i int) string { return f.module.Package() + "." + f.Const(f.Values[i]) }
		if len(f.Values) == 1 {
			return []member{{f.Go(), f.pointer(constant(0), constant(0))}}
		}
		value := fmt.Sprintf("[]%s.%s{%s, %s}[n%%2]", f.module.Package(), f.EnumType(), constant(0), constant(1))
		return []member{{f.Go(), f.pointer(value, value)}}
	default:
		return []member{{f.Go(), f.pointer(f.Member(), f.Member())}}
	}
}

// pointer is the value, as something that may be absent where it may.
func (f field) pointer(value, plain string) string {
	if f.Optional {
		return "new(" + value + ")"
	}
	return plain
}

// Member is the value for n in a JSON body, in Go.
func (f field) Member() string {
	switch f.Type {
	case spec.String, spec.Text:
		if f.short() {
			return "strconv.Itoa(n)"
		}
		return fmt.Sprintf("fmt.Sprintf(%q, n)", f.word()+" %d")
	case spec.Int:
		return "n"
	case spec.Bool:
		return "n%2 == 0"
	case spec.UUID:
		return "uuid(n)"
	case spec.Money:
		return `map[string]any{"amount_cents": 100 * n, "currency": "EUR"}`
	case spec.Time:
		return "noon.Add(time.Duration(n) * time.Hour)"
	default:
		if len(f.Values) == 1 {
			return fmt.Sprintf("%q", f.Values[0])
		}
		return fmt.Sprintf("[]string{%q, %q}[n%%2]", f.Values[0], f.Values[1])
	}
}

// MemberOf is Member for one n.
func (f field) MemberOf(n int) string {
	switch f.Type {
	case spec.Int:
		return fmt.Sprint(n)
	case spec.UUID:
		return fmt.Sprintf("uuid(%d)", n)
	default:
		return fmt.Sprintf("%q", f.text(n))
	}
}

// Alone leaves out of a body what else must be unique and may be absent, in Go.
func (f field) Alone() string {
	changes := ""
	for _, other := range f.module.Fields {
		if other.Unique && other.Optional && other.Name != f.Name {
			changes += fmt.Sprintf(", %q, nil", other.Name)
		}
	}
	return changes
}

// Want is what a test reads back in JSON for 1.
func (f field) Want() string {
	switch f.Type {
	case spec.String, spec.Text:
		return fmt.Sprintf("%q", f.text(1))
	case spec.Int:
		return "1.0"
	case spec.Bool:
		return "false"
	case spec.UUID:
		return "uuid(1)"
	case spec.Money:
		return `map[string]any{"amount_cents": 100.0, "currency": "EUR"}`
	case spec.Time:
		return "noon.Add(time.Hour).Format(time.RFC3339)"
	default:
		return fmt.Sprintf("%q", f.Values[min(1, len(f.Values)-1)])
	}
}

// Bad is a JSON value that is refused.
func (f field) Bad() string {
	switch f.Type {
	case spec.String:
		return `" "`
	case spec.Text:
		return `""`
	case spec.Money:
		return `map[string]any{"amount_cents": -1, "currency": "EUR"}`
	default:
		return `"not this"`
	}
}

// BadPointer is where the refusal points to.
func (f field) BadPointer() string {
	if f.IsMoney() {
		return "/" + f.Name + "/amount_cents"
	}
	return "/" + f.Name
}

// Spoiled makes a draft d break a rule; empty when the field has none.
func (f field) Spoiled() string {
	set := func(goName, value string) string { return fmt.Sprintf("d.%s = %s", goName, f.pointer(value, value)) }
	switch f.Type {
	case spec.String, spec.Text:
		return set(f.Go(), `" "`)
	case spec.UUID:
		return set(f.Go(), `"x"`)
	case spec.Enum:
		if f.Optional {
			return fmt.Sprintf(`d.%s = new(%s.%s("x"))`, f.Go(), f.module.Package(), f.EnumType())
		}
		return set(f.Go(), `"x"`)
	case spec.Time:
		return set(f.Go(), "time.Time{}")
	case spec.Money:
		if f.Optional {
			return "d." + f.Go() + "Cents = new(int64(-1))"
		}
		return "d." + f.Go() + "Cents = -1"
	default:
		return ""
	}
}

// word begins the texts of the field.
func (f field) word() string { return spec.Capital(f.Words()) }

// short tells whether they have no room for it.
func (f field) short() bool { return f.Type == spec.String && f.Size < len(f.word())+2 }

func (f field) text(n int) string {
	if f.short() {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s %d", f.word(), n)
}

func (f field) urlValue(n int) string { return url.QueryEscape(f.text(n)) }

func joined(values []string) string { return strings.Join(values, ",") }

// Example is a valid body of a request, in JSON.
func Example(m spec.Module) string {
	var members []string
	for _, f := range newView(m, Options{}).Fields {
		members = append(members, fmt.Sprintf("%q:%s", f.Name, f.json()))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (f field) json() string {
	switch f.Type {
	case spec.Int:
		return "1"
	case spec.Bool:
		return "true"
	case spec.UUID:
		return `"0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c02"`
	case spec.Money:
		return `{"amount_cents":1299,"currency":"EUR"}`
	case spec.Time:
		return `"2026-12-24T12:00:00Z"`
	case spec.Enum:
		return fmt.Sprintf("%q", f.Values[0])
	default:
		return fmt.Sprintf("%q", f.text(1))
	}
}
