package render

import (
	"fmt"
	"strings"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// happening is an event as the templates see it.
type happening struct {
	Go, Type, Was string
	When, State   string // for one of the whole entity: the condition, and which state is told
	Is            string // for one of a field: that it has come to this
	Before, After string // what a test changes in a draft d for it to happen
	Version       int    // what a test finds that makes one, changes it and deletes it
}

// Happenings are the module's events.
func (v view) Happenings() []happening {
	var all []happening
	for _, event := range v.Events {
		h := happening{
			Go: spec.GoName(event), Type: v.Name + "." + event + ".v1", Was: "was " + strings.ReplaceAll(event, "_", " "),
		}
		source, ofField := v.Source(event)
		switch {
		case ofField:
			v.becomes(&h, field{source, v.Module}, event)
			if h.Version = 2; h.Before == "" {
				h.Version = 1 // it cannot be otherwise before
			}
		case event == spec.Created:
			h.When, h.State, h.Version = "before == nil", "after", 1
		case event == spec.Deleted:
			h.When, h.State, h.Version = "after == nil", "before", 3
		default:
			h.When, h.State, h.Version = "before != nil && after != nil", "after", 2
		}
		all = append(all, h)
	}
	return all
}

// becomes fills in an event that is a field's change.
func (v view) becomes(h *happening, f field, event string) {
	value := v.Letter() + "." + f.Go()
	if f.Type == spec.Time {
		h.Is, h.Before, h.After = value+" != nil", "d."+f.Go()+" = nil", "d."+f.Go()+" = new(noon)"
		if !f.Optional {
			h.Is, h.Before, h.After = "!"+value+".IsZero()", "", ""
		}
		return
	}
	to := v.Package() + "." + f.Const(event)
	h.Is, h.After = value+" == "+f.Const(event), "d."+f.Go()+" = "+f.pointer(to, to)
	if f.Optional {
		h.Is, h.Before = fmt.Sprintf("%s != nil && *%s", value, h.Is), "d."+f.Go()+" = nil"
		return
	}
	for _, other := range f.Values {
		if other != event {
			h.Before = "d." + f.Go() + " = " + v.Package() + "." + f.Const(other)
			return
		}
	}
}

// EventGoType is the field's type in events, which know no type of the module.
func (f field) EventGoType() string {
	if f.Type == spec.Enum {
		return f.Star() + "string"
	}
	return f.GoType()
}

// EventValue is the field of the entity in the letter, as events have it.
func (f field) EventValue(letter string) string {
	value := letter + "." + f.Go()
	switch {
	case f.Type == spec.Enum && f.Optional:
		return "(*string)(" + value + ")"
	case f.Type == spec.Enum:
		return "string(" + value + ")"
	default:
		return value
	}
}

// OmitEmpty is the option of what may be absent.
func (f field) OmitEmpty() string {
	if f.Optional {
		return ",omitempty"
	}
	return ""
}
