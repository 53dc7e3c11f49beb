package render

import (
	"fmt"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// filter is one query parameter that chooses from a list, as the templates see it.
type filter struct {
	Query      string // its name in the query
	InputGo    string // and in Go
	InputType  string
	InputTags  string
	Doc        string // behind: Only invoices …
	FilterType string
	Comment    string
	Convert    string // the input's value as the filter's
	Given      string
	Condition  string
	Queries    []query
}

// query is one with the number of rows, of those that the test makes for 1, 2 and 3, that it finds.
type query struct {
	Query string
	Want  int
}

func (f field) filters() []filter {
	switch {
	case !f.Filtered():
		return nil
	case f.Type == spec.Time:
		return []filter{
			f.bound(f.Parameters()[0], ">=", "is this or later", query{"2026-11-24T14:00:00Z", 2}),
			f.bound(f.Parameters()[1], "<", "is before this", query{"2026-11-24T14:00:00Z", 1}),
		}
	case f.Type == spec.Money:
		return []filter{
			f.bound(f.Parameters()[0], ">=", "is this or more, in hundredths", query{"200", 2}),
			f.bound(f.Parameters()[1], "<=", "is this or less, in hundredths", query{"200", 2}),
		}
	default:
		return []filter{f.equal()}
	}
}

// bound is one end of a range.
func (f field) bound(parameter, operator, doc string, q query) filter {
	goName := spec.GoName(parameter)
	b := filter{
		Query: parameter, InputGo: goName, Doc: "whose " + f.Name + " " + doc,
		Condition: fmt.Sprintf("%s %s ?", f.Column(), operator), Queries: []query{{parameter + "=" + q.Query, q.Want}},
	}
	if f.IsMoney() {
		b.InputType, b.InputTags, b.FilterType = "httpapi.Optional[int64]", ` minimum:"0"`, "*int64"
		b.Convert, b.Given, b.Comment = "f."+goName+".Pointer()", "f."+goName+" != nil", "nil: any"
		return b
	}
	b.InputType, b.FilterType, b.Comment = "time.Time", "time.Time", "zero: any"
	b.Convert, b.Given = "moment(f."+goName+")", "!f."+goName+".IsZero()"
	return b
}

// equal is a filter by value.
func (f field) equal() filter {
	e := filter{
		Query: f.Name, InputGo: f.Go(), InputType: f.plain(), FilterType: f.plain(), Doc: "whose " + f.Name + " is this",
		Convert: "f." + f.Go(), Given: "f." + f.Go() + ` != ""`, Comment: `"": any`, Condition: f.Column() + " = ?",
	}
	switch f.Type {
	case spec.String:
		e.InputTags = fmt.Sprintf(` maxLength:"%d"`, f.Size)
		e.Queries = []query{{f.Name + "=" + f.urlValue(2), 1}}
	case spec.UUID:
		e.InputTags, e.Convert = ` format:"uuid"`, "strings.ToLower(f."+f.Go()+")"
		e.Queries = []query{{f.Name + "=0198C2A4-7b1e-7c3a-9f10-000000000002", 1}}
	case spec.Enum:
		e.InputTags = fmt.Sprintf(` enum:"%s"`, joined(f.Values))
		e.Queries = f.enumQueries()
	default:
		e.InputType, e.FilterType = "httpapi.Optional["+f.plain()+"]", "*"+f.plain()
		e.Convert, e.Given, e.Comment = e.Convert+".Pointer()", "f."+f.Go()+" != nil", "nil: any"
		e.Queries = []query{{f.Name + "=2", 1}}
		if f.Type == spec.Bool {
			e.Queries = []query{{f.Name + "=true", 1}, {f.Name + "=false", 2}}
		}
	}
	return e
}

func (f field) enumQueries() []query {
	if len(f.Values) == 1 {
		return []query{{f.Name + "=" + f.Values[0], 3}}
	}
	return []query{{f.Name + "=" + f.Values[0], 1}, {f.Name + "=" + f.Values[1], 2}}
}
