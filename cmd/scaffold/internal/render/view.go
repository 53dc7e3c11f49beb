package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// view is a module as the templates see it.
type view struct {
	spec.Module
	Options
	Fields     []field
	Operations []operation

	Subscribers []subscriber
	Tasks       []task
}

func newView(m spec.Module, options Options) view {
	v := view{Module: m, Options: options}
	for _, f := range m.Fields {
		v.Fields = append(v.Fields, field{f, m})
	}
	for _, o := range m.Operations {
		v.Operations = append(v.Operations, operation{o, m})
	}
	for _, t := range m.Tasks {
		v.Tasks = append(v.Tasks, task{t, m})
	}
	for _, s := range m.Subscribers {
		v.Subscribers = append(v.Subscribers, subscriber{s, m})
	}
	return v
}

func (v view) fields(chosen func(field) bool) []field {
	return slices.DeleteFunc(slices.Clone(v.Fields), func(f field) bool { return !chosen(f) })
}

// Uniques are the fields of which no two are the same.
func (v view) Uniques() []field { return v.fields(func(f field) bool { return f.Unique }) }

// OneUnique tells whether there is one of them alone.
func (v view) OneUnique() bool { return len(v.Uniques()) == 1 }

// OptionalUnique tells whether one of them may be absent.
func (v view) OptionalUnique() bool {
	return slices.ContainsFunc(v.Uniques(), func(f field) bool { return f.Optional })
}

// Optionals are the fields that may be absent.
func (v view) Optionals() []field { return v.fields(func(f field) bool { return f.Optional }) }

// OptionalMoneys are those of them that are amounts.
func (v view) OptionalMoneys() []field {
	return v.fields(func(f field) bool { return f.Optional && f.IsMoney() })
}

// Enums are the fields with few values.
func (v view) Enums() []field { return v.fields(func(f field) bool { return f.Type == spec.Enum }) }

// Sortings are what lists can be sorted by, beside the time of creation.
func (v view) Sortings() []sorting {
	var all []sorting
	for _, f := range v.Fields {
		if f.Sorted() {
			goName := f.Go()
			if f.IsMoney() {
				goName += "Cents"
			}
			all = append(all, sorting{f.Name, f.Columns(f.module)[0], goName})
		}
	}
	return all
}

type sorting struct{ Name, Column, Go string }

// SortEnum are the orders in both directions.
func (v view) SortEnum() string {
	var all []string
	for _, s := range append(v.Sortings(), sorting{Name: "created_at"}) {
		all = append(all, s.Name, "-"+s.Name)
	}
	return strings.Join(all, ",")
}

// SortList are the orders as Go texts.
func (v view) SortList() string {
	var all []string
	for _, s := range append(v.Sortings(), sorting{Name: "created_at"}) {
		all = append(all, fmt.Sprintf("%q", s.Name))
	}
	return strings.Join(all, ", ")
}

// Filters are what lists are filtered by.
func (v view) Filters() []filter {
	var all []filter
	for _, f := range v.Fields {
		all = append(all, f.filters()...)
	}
	return all
}

// Setters are the operations that change the entity.
func (v view) Setters() []operation {
	return slices.DeleteFunc(slices.Clone(v.Operations), operation.Reads)
}

// Has tells whether a field has one of these types.
func (v view) Has(types ...string) bool {
	return slices.ContainsFunc(v.Fields, func(f field) bool { return slices.Contains(types, f.Type) })
}

// Normalized tells whether there is anything to normalize.
func (v view) Normalized() bool {
	return slices.ContainsFunc(v.Fields, func(f field) bool { return f.Normal() != "" })
}

// OptionalNormalized tells whether what may be absent is.
func (v view) OptionalNormalized() bool {
	return slices.ContainsFunc(v.Fields, func(f field) bool { return f.Optional && f.Normal() != "" })
}

// Ruled tells whether a draft can break a rule.
func (v view) Ruled() bool {
	return slices.ContainsFunc(v.Fields, func(f field) bool { return len(f.Rules()) > 0 })
}

// Letter is the receiver of the entity's methods.
func (v view) Letter() string { return v.Shape()[:1] }

// An is the article in the name of a test.
func (v view) An() string {
	article, _, _ := strings.Cut(v.A(), " ")
	return spec.Capital(article)
}

// Plurals is the plural in the name of a test.
func (v view) Plurals() string { return spec.GoName(strings.ReplaceAll(v.Slugs(), "-", "_")) }

// Newest is the newest version of the API that serves the module.
func (v view) Newest() int { return slices.Max(v.Versions) }

// Errs are the problems of what is unique.
func (v view) Errs() string {
	var all []string
	for _, f := range v.Uniques() {
		all = append(all, f.Err())
	}
	return strings.Join(all, ", ")
}

// TakenDoc says which errors an insert has.
func (v view) TakenDoc() string {
	switch unique := v.Uniques(); len(unique) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf(" The error is %s when its %s is in use.", unique[0].Err(), unique[0].Words())
	default:
		return fmt.Sprintf(" The error is the one of %s that says what is in use.", v.Errs())
	}
}

// TakenCall makes the problem of what is taken.
func (v view) TakenCall(entity, cause string) string {
	if v.OneUnique() {
		return "taken(" + cause + ")"
	}
	return "r.taken(ctx, " + entity + ", " + cause + ")"
}

// Policy is who may call an operation that reads or writes: a member of the operation. It is the one place that decides it.
func (v view) Policy(access string) string {
	if !v.Guarded {
		return ""
	}
	if v.Owner != "" {
		return " Policy: auth.Authenticated, Others: Manage,"
	}
	return " Policy: auth.Can(" + spec.Capital(access) + "),"
}

// IDTag is the gorm tag of the id, which ends every index that lists are read from.
func (v view) IDTag() string {
	return "size:36;primaryKey" + v.indexes(func(field) bool { return true }, true)
}

// CreatedTag is the gorm tag of the time of creation.
func (v view) CreatedTag() string {
	return "precision:6;not null;autoCreateTime:false" + v.indexes(func(f field) bool { return !f.Sorted() }, false)
}

func (v view) indexes(chosen func(field) bool, id bool) string {
	last := 1
	if id {
		last = 2
	}
	text := fmt.Sprintf(";index:%s_created_at,priority:%d", v.Table(), last)
	if v.Owner != "" {
		text += fmt.Sprintf(";index:%s_owner_id,priority:%d", v.Table(), last+1)
	}
	for _, f := range v.Fields {
		if !f.Index || !chosen(f) {
			continue
		}
		priority := 2
		if id && !f.Sorted() {
			priority = 3
		}
		text += fmt.Sprintf(";index:%s,priority:%d", f.indexName(), priority)
	}
	return text
}

// operation is one that was added, as the templates see it.
type operation struct {
	spec.Operation
	module spec.Module
}

// Reads tells whether it changes nothing.
func (o operation) Reads() bool { return o.HTTPName() == "GET" }

// HTTPName is the method of the request.
func (o operation) HTTPName() string { return o.Operation.Method }

// HTTP is the method as net/http names it.
func (o operation) HTTP() string { return spec.Capital(strings.ToLower(o.HTTPName())) }

// Method is the Go name of the handler's and the entity's method.
func (o operation) Method() string { return strings.ToLower(o.Go()[:1]) + o.Go()[1:] }

// Title begins the summary.
func (o operation) Title() string { return spec.Capital(o.Words()) }

// Timed tells whether it sets a time.
func (o operation) Timed() bool { return o.set() != nil && o.set().Type == spec.Time }

// Field is what the operation sets; empty when nothing.
func (o operation) Field() string {
	if o.set() == nil {
		return ""
	}
	return o.set().Go()
}

// FieldName is the same in JSON.
func (o operation) FieldName() string { return o.Sets }

// Want is the value in JSON that a test finds afterwards.
func (o operation) Want() string {
	switch o.set().Type {
	case spec.Bool:
		return o.To
	case spec.Time:
		return "noon.Format(time.RFC3339)"
	}
	return fmt.Sprintf("%q", o.To)
}

// Pointer is the Go value that is set.
func (o operation) Pointer() string {
	value := o.To
	if o.Timed() && o.set().Optional {
		return "&now"
	}
	if f := o.set(); f.Type == spec.Enum {
		value = f.Const(o.To)
	}
	if o.set().Optional {
		return "new(" + value + ")"
	}
	return value
}

func (o operation) set() *field {
	for _, f := range o.module.Fields {
		if f.Name == o.Sets && o.Sets != "" {
			return &field{f, o.module}
		}
	}
	return nil
}
