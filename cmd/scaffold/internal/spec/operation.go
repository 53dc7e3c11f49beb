package spec

import (
	"fmt"
	"go/token"
	"net/http"
	"slices"
	"strings"
)

// Operation is one that was added to a module: POST /invoices/{id}/send.
type Operation struct {
	Name   string // a verb: send, mark_paid
	Method string
	Sets   string // the field that it sets, an enum or bool; empty: none
	To     string // the value that it sets it to
}

// Slug is the operation's part of the path: mark-paid.
func (o Operation) Slug() string { return strings.ReplaceAll(o.Name, "_", "-") }

// Go is the Go name: MarkPaid.
func (o Operation) Go() string { return GoName(o.Name) }

// Words is how people call it: mark paid.
func (o Operation) Words() string { return words(o.Name) }

// String is the operation as ParseOperation reads it.
func (o Operation) String() string {
	text := o.Method + " " + o.Name
	if o.Sets != "" {
		text += " " + o.Sets + "=" + o.To
	}
	return text
}

// ParseOperation reads an operation: POST send status=sent.
func ParseOperation(text string) (Operation, error) {
	words := strings.Fields(text)
	if len(words) < 2 || len(words) > 3 {
		return Operation{}, fmt.Errorf("%q is not METHOD name or METHOD name field=value", text)
	}
	o := Operation{Method: words[0], Name: words[1]}
	if len(words) == 3 {
		var given bool
		if o.Sets, o.To, given = strings.Cut(words[2], "="); !given {
			return o, fmt.Errorf("%q is not field=value", words[2])
		}
	}
	return o, nil
}

// OperationIDs are those of all the module's operations.
func (m Module) OperationIDs() []string {
	ids := []string{"list-" + m.Slugs()}
	for _, verb := range []string{"create", "get", "replace", "patch", "delete"} {
		ids = append(ids, verb+"-"+m.Slug())
	}
	for _, added := range m.Operations {
		ids = append(ids, added.Slug()+"-"+m.Slug())
	}
	for _, task := range m.Tasks {
		if !task.Scheduled() {
			ids = append(ids, task.Slug()+"-"+m.Slug())
		}
	}
	return ids
}

// Methods are those that an operation may have.
var Methods = []string{"POST", "PUT", "PATCH", "DELETE", "GET"}

func (o Operation) check(m Module) error {
	named := 0
	for _, other := range m.Operations {
		if other.Go() == o.Go() {
			named++
		}
	}
	switch {
	case named > 1:
		return fmt.Errorf("the operation %q: there is one of that name already", o.Name)
	case !modulePattern.MatchString(o.Name) || len(o.Name) > maxName:
		return fmt.Errorf("the operation %q: a name is a verb in small letters a to z, words joined by _, as mark_paid", o.Name)
	case token.IsKeyword(o.Name) || reservedOperations[o.Name]:
		return fmt.Errorf("the operation %q: every module has that name already, or Go does", o.Name)
	case !slices.Contains(Methods, o.Method):
		return fmt.Errorf("the operation %q: its method is %q and must be one of %s", o.Name, o.Method, strings.Join(Methods, ", "))
	case o.Sets != "":
		return o.checkSet(m)
	}
	return nil
}

func (o Operation) checkSet(m Module) error {
	at := slices.IndexFunc(m.Fields, func(f Field) bool { return f.Name == o.Sets })
	switch {
	case at < 0:
		return fmt.Errorf("the operation %q: %s has no field %q to set", o.Name, m.Name, o.Sets)
	case o.Method == http.MethodGet:
		return fmt.Errorf("the operation %q: a GET changes nothing", o.Name)
	case m.Fields[at].Type == Time && o.To == Now:
		return nil
	case m.Fields[at].Type == Enum && slices.Contains(m.Fields[at].Values, o.To), m.Fields[at].Type == Bool && (o.To == "true" || o.To == "false"):
		return nil
	}
	return fmt.Errorf("the operation %q: %s cannot be set to %q: it can set an enum to one of its values, a bool, or a time to now", o.Name, o.Sets, o.To)
}

// Implied says what the operation sets where its name does: send makes a status sent, when there is a field that can be.
func (o Operation) Implied(m Module) Operation {
	if o.Sets != "" || o.Method == http.MethodGet {
		return o
	}
	for _, f := range m.Fields {
		for _, value := range f.Values {
			if slices.Contains(participles(o.Name), value) {
				o.Sets, o.To = f.Name, value
				return o
			}
		}
	}
	return o
}

// irregular are the past participles that have no -ed, of what is done to things that are stored.
var irregular = map[string]string{
	"send": "sent", "make": "made", "pay": "paid", "sell": "sold", "hold": "held", "lose": "lost", "find": "found", "build": "built",
	"withdraw": "withdrawn", "begin": "begun", "break": "broken", "choose": "chosen", "freeze": "frozen", "give": "given",
	"take": "taken", "write": "written", "hide": "hidden", "put": "put", "set": "set", "shut": "shut", "bring": "brought",
	"cancel": "cancelled", "label": "labelled", "travel": "travelled",
}

// participles are what something may be called after an operation: sent, cancelled, mark_paid's paid.
func participles(verb string) []string {
	_, last := cut(verb)
	forms := []string{irregular[last], last + "ed", last + "d", last + last[len(last)-1:] + "ed", strings.TrimSuffix(last, "y") + "ied"}
	if before, adjective, marked := strings.Cut(verb, "_"); marked && before == "mark" {
		forms = append(forms, adjective)
	}
	return forms
}
