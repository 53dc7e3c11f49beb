// Package spectest makes modules up, for tests that want any module there may be.
package spectest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// nouns are near to what means something: keywords, packages, types and verbs of the module's own, irregular plurals.
var nouns = []string{
	"invoice", "category", "api_key", "person", "status", "address", "order", "item", "tax_rate", "url", "user", "funct",
	"typ", "ranger", "client", "server", "request", "response", "row", "column", "table", "key", "value", "test_run", "model",
	"entity", "input", "repo", "clock_face", "pager", "context_note", "errand", "httpd", "ids", "sku", "mouse", "child", "leaf",
	"analysis", "box", "hero", "stringer", "byte_count", "time_slot", "month", "group", "index_card", "new_item", "t", "r", "s",
	"json_doc", "shape", "vat_id", "document", "name", "found", "service_call", "linux", "doc", "bool_flag", "main_road", "xml_file",
}

// words are the same for fields; many are reserved by an engine.
var words = []string{
	"number", "order", "group", "select", "from", "user", "key", "type", "func", "range", "map", "string", "error", "len", "nil",
	"due_at", "customer_id", "api_key", "url", "http_url", "amount", "price", "note", "status", "state", "active", "deleted_at",
	"schema", "value", "index", "name", "title", "size", "level", "mode", "date", "comment", "a", "b1", "line_1", "x_y_z", "utf8_text",
	"valid", "normal", "reader", "clock", "page", "problem", "context", "kind", "body", "path", "in", "out", "go", "select_for",
	"quantity", "weight", "sku", "vat_id", "iso_code", "rate", "begins_at", "ends_at", "owner_id", "parent_id", "i", "d", "f", "db",
	"filter", "check", "handler", "service", "items", "where", "given", "broken", "rule", "money", "currency", "cents",
}

// Module makes a module up that may be added to a project that has none of the others.
func Module(others ...string) *rapid.Generator[spec.Module] {
	return rapid.Custom(func(t *rapid.T) spec.Module {
		m := rapid.Custom(func(t *rapid.T) spec.Module { return module(t, others) }).
			Filter(func(m spec.Module) bool { return m.Check() == nil && !slices.Contains(others, m.Package()) }).Draw(t, "module")
		return m
	})
}

func module(t *rapid.T, others []string) spec.Module {
	noun := rapid.SampledFrom(nouns).Draw(t, "noun")
	if len(others) > 0 {
		noun = fmt.Sprintf("%s%s", noun, rapid.StringMatching(`[a-df-qt-z]{1,2}`).Draw(t, "suffix"))
	}
	m := spec.Module{Name: noun, Database: "primary", Versions: rapid.SampledFrom([][]int{{1}, {2}, {1, 2}}).Draw(t, "versions")}
	if spec.Singular(noun) != noun {
		m.Plural = noun + "set"
	}
	m.Owner = rapid.SampledFrom([]string{"", "", spec.OwnerUser}).Draw(t, "owner")
	names := rapid.SliceOfNDistinct(rapid.SampledFrom(words), 1, 9, rapid.ID[string]).Draw(t, "names")
	for _, name := range names {
		m.Fields = append(m.Fields, field(t, name))
	}
	for _, verb := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"send", "archive", "mark_paid", "append", "summary"}), 0, 2, rapid.ID[string]).Draw(t, "verbs") {
		operation := spec.Operation{Name: verb, Method: rapid.SampledFrom(spec.Methods).Draw(t, "method")}
		m.Operations = append(m.Operations, operation.Implied(m))
	}
	events := rapid.SampledFrom([]string{spec.Created, spec.Updated, spec.Deleted, "sent", "archived", "issued"})
	m.Events = rapid.SliceOfNDistinct(events, 0, 3, rapid.ID[string]).Draw(t, "events")
	if len(m.Events) == 0 {
		m.Events = nil
	}
	m.Tasks = jobs(t, m)
	m = m.WithSources()
	m.Subscribers = subscribers(t, m)
	return m
}

// jobs are what the module does in the background.
func jobs(t *rapid.T, m spec.Module) []spec.Task {
	var all []spec.Task
	for _, verb := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"remind", "archive_old", "ship", "tidy"}), 0, 2, rapid.ID[string]).Draw(t, "jobs") {
		job := rapid.SampledFrom([]spec.Task{{}, {}, {Every: "90s"}, {Cron: "0 7 * * MON-FRI", Zone: "Europe/Berlin"}}).Draw(t, "clock")
		job.Name = verb
		all = append(all, job.Implied(m))
	}
	return all
}

// heard are events of the hand-written catalog.
var heard = []spec.Event{
	{Type: "product.created.v1", Leaf: "modules/catalog/catalogapi", Struct: "CreatedV1", Subject: "id"},
	{Type: "product.deleted.v1", Leaf: "modules/catalog/catalogapi", Struct: "DeletedV1", Subject: "id"},
}

// subscribers are what the module does about some of them: an operation where it has one, and a field to find whom by.
func subscribers(t *rapid.T, m spec.Module) []spec.Subscriber {
	var all []spec.Subscriber
	for _, event := range rapid.SliceOfNDistinct(rapid.SampledFrom(heard), 0, 2, func(e spec.Event) string { return e.Type }).Draw(t, "heard") {
		s := spec.Subscriber{Event: event}
		for _, f := range m.Fields {
			if (f.Index || f.Unique) && (f.Type == spec.UUID || f.Type == spec.String) {
				s.By = f.Name
			}
		}
		for _, o := range m.Operations {
			if o.Method != http.MethodGet && s.By != "" && rapid.Bool().Draw(t, "acting") {
				s.Do = o.Name
			}
		}
		if s.Do == "" {
			s.By = ""
		}
		all = append(all, s.Implied(m))
	}
	return all
}

// field is one that ParseField reads.
func field(t *rapid.T, name string) spec.Field {
	kind := rapid.SampledFrom(spec.Types).Draw(t, "type")
	text := name + ":" + kind
	switch {
	case kind == spec.Enum:
		values := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"draft", "sent", "a", "b_c", "nil", "func", "archived", "x2"}), 1, 5, rapid.ID[string])
		text += "(" + strings.Join(values.Draw(t, "values"), ",") + ")"
	case kind == spec.String && rapid.Bool().Draw(t, "sized"):
		text += fmt.Sprintf("(%d)", rapid.IntRange(1, 700).Draw(t, "size"))
	}
	if rapid.Bool().Draw(t, "optional") {
		text += "?"
	}
	option := rapid.SampledFrom([]string{"", "", ":index", ":unique"}).Draw(t, "option")
	if parsed, err := spec.ParseField(text + option); err == nil {
		return parsed
	}
	parsed, err := spec.ParseField(text)
	if err != nil { // the name cannot be: Check refuses the module, too
		return spec.Field{Name: name, Type: kind}
	}
	return parsed
}
