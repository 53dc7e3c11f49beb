package render

import (
	"path"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// subscriber is what a module does about an event, as the templates see it.
type subscriber struct {
	spec.Subscriber
	module spec.Module
}

// Package is the leaf package that has the event.
func (s subscriber) Package() string { return path.Base(s.Leaf) }

// EventGo is the event's Go type.
func (s subscriber) EventGo() string { return s.Package() + "." + s.Struct }

// Logs tells whether it writes the event in the log, and nothing else.
func (s subscriber) Logs() bool { return s.Do == "" }

// Operation is what it carries out on every entity that the event is about.
func (s subscriber) Operation() operation {
	for _, o := range s.module.Operations {
		if o.Name == s.Do {
			return operation{o, s.module}
		}
	}
	return operation{}
}

// Field is the one that has the event's subject.
func (s subscriber) Field() field {
	for _, f := range s.module.Fields {
		if f.Name == s.By {
			return field{f, s.module}
		}
	}
	return field{}
}

// Leaves are the leaf packages that the subscribers need, each once.
func (v view) Leaves() []string {
	var leaves []string
	seen := map[string]bool{}
	for _, s := range v.Subscribers {
		if !seen[s.Leaf] {
			seen[s.Leaf] = true
			leaves = append(leaves, s.Leaf)
		}
	}
	return leaves
}

// Logging tells whether the service writes something in the log.
func (v view) Logging() bool {
	for _, s := range v.Subscribers {
		if s.Logs() {
			return true
		}
	}
	return false
}

// Acting tells whether an event makes the module carry out an operation.
func (v view) Acting() bool {
	for _, s := range v.Subscribers {
		if !s.Logs() {
			return true
		}
	}
	return false
}
