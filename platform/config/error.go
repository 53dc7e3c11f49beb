package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is all that is wrong with a configuration.
type Error struct {
	Items []Item // sorted by layer, then line, variable or key
}

// Item is one thing that is wrong.
type Item struct {
	Key    string // empty when it is about a whole file, folder or variable
	Value  string // what was found there; [hidden] for a secret, empty when the value does not matter
	Rule   string // what is wrong, in words that go on from the key: "must be at least 1"
	Source string // where the value comes from: a file with its line, a variable, a flag, or "not set"
	at     origin
}

// Error has one line for each item, under a first line.
func (e *Error) Error() string {
	lines := []string{"the configuration is not valid:"}
	for _, item := range e.Items {
		lines = append(lines, item.String())
	}
	return strings.Join(lines, "\n  ")
}

// String is the item in one line: source, key, rule, value.
func (i Item) String() string {
	text := strings.ReplaceAll(i.Rule, "\n", " ")
	if i.Key != "" {
		text = i.Key + " " + text
	}
	if i.Source != "" {
		text = i.Source + ": " + text
	}
	switch {
	case i.Value == "" || strings.HasPrefix(i.Rule, foreignRule) && strings.Contains(i.Rule, i.Value):
		return text
	case i.Value == hidden:
		return text + ", got " + hidden
	default:
		return text + fmt.Sprintf(", got %q", i.Value)
	}
}

// err is everything reported so far, nil when that is nothing. What is reported twice, such as by a rule that is reached
// in two ways, is there once.
func (l *loader) err() error {
	if len(l.items) == 0 {
		return nil
	}
	slices.SortStableFunc(l.items, func(a, b Item) int {
		return cmp.Or(
			cmp.Compare(a.at.order, b.at.order), cmp.Compare(a.at.line, b.at.line),
			cmp.Compare(a.Source, b.Source), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Rule, b.Rule),
		)
	})
	return &Error{Items: slices.CompactFunc(l.items, func(a, b Item) bool {
		return a.Key == b.Key && a.Rule == b.Rule && a.Source == b.Source
	})}
}

// The layers, in the order in which errors are listed.
const (
	orderNone = iota // before any layer: which environment, which folder
	orderDefault
	orderOverride
	orderEnvironment
	orderFlag
	orderUnset
)

// origin is where a value comes from.
type origin struct {
	order   int
	line    int
	text    string
	mounted bool // from a file that a variable names
}

func variable(name string) origin {
	return origin{order: orderEnvironment, text: "environment " + name}
}

// source is the origin as errors have it.
func (o origin) source() string {
	if name, ok := strings.CutPrefix(o.text, "environment "); ok {
		return "environment variable " + name
	}
	return o.text
}
