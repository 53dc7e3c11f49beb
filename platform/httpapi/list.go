package httpapi

import (
	"net/url"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/trellis-go/trellis/platform/page"
)

// PageInput is embedded in the input of an operation that lists.
type PageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many items at most"`
	Cursor string `query:"cursor" maxLength:"4000" doc:"Where the page begins: next_cursor of the page before"`

	path  string
	query string
}

// Resolve remembers the address of the list, for the link to the next page.
func (p *PageInput) Resolve(hctx huma.Context) []error {
	address := hctx.URL()
	p.path, p.query = exchangeOf(hctx.Context()).path, address.RawQuery
	return nil
}

// Page is the page that is asked for, of the list with that sort order and filters. The error is
// problem.InvalidCursor.
func (p *PageInput) Page(sort, filters string) (page.Request, error) {
	request := page.Request{Limit: p.Limit, Sort: sort}
	if p.Cursor == "" {
		return request, nil
	}
	var err error
	request.After, err = page.Decode(p.Cursor, sort, filters)
	return request, err
}

// List is one page of a list.
type List[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor,omitempty" doc:"Where the next page begins; absent on the last page"`
}

// ListOutput is the output of an operation that lists.
type ListOutput[T any] struct {
	Link []string `header:"Link" doc:"The address of the next page, rel=next, beside the links of the version"`
	Body List[T]
}

// NewList answers with a page, showing each item as its API version does.
func NewList[R, T any](in *PageInput, sort, filters string, found page.Page[R], show func(*R) T) *ListOutput[T] {
	out := &ListOutput[T]{Body: List[T]{Items: make([]T, len(found.Items))}}
	for i := range found.Items {
		out.Body.Items[i] = show(&found.Items[i])
	}
	if found.Next != nil {
		out.Body.NextCursor = found.Next.Encode(sort, filters)
		out.Link = []string{"<" + in.next(out.Body.NextCursor) + `>; rel="next"`}
	}
	return out
}

// next is the address of the page after this one.
func (p *PageInput) next(cursor string) string {
	query, _ := url.ParseQuery(p.query)
	query.Set("cursor", cursor)
	return p.path + "?" + query.Encode()
}

// Optional is a query parameter that may be absent, where the zero value means something.
type Optional[T any] struct {
	Value T
	Set   bool
}

// Schema is that of the value.
func (o Optional[T]) Schema(types huma.Registry) *huma.Schema {
	return huma.SchemaFromType(types, reflect.TypeFor[T]())
}

// Receiver is where huma puts the value.
func (o *Optional[T]) Receiver() reflect.Value { return reflect.ValueOf(o).Elem().Field(0) }

// OnParamSet is told by huma whether the parameter was there.
func (o *Optional[T]) OnParamSet(set bool, _ any) { o.Set = set }

// Pointer is the value, nil when it is absent.
func (o Optional[T]) Pointer() *T {
	if !o.Set {
		return nil
	}
	return &o.Value
}
