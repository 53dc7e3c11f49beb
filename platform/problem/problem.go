// Package problem is the one place where errors become HTTP answers.
//
// A Kind is a class of problem with a stable code that clients may switch on. A package declares the kinds it can
// cause as error values, and returns them as they are or with the particulars of one occurrence:
//
//	var ErrNotFound = problem.Define(http.StatusNotFound, "product_not_found", "Product not found",
//		"No product has this id, or it was deleted.")
//
//	return ErrNotFound.New("no product has the id " + id)
//
// From maps any error to the Error that answers it, and Error.Document renders it as RFC 9457 application/problem+json.
// Nothing of an error that is not a problem reaches the client: it becomes Internal, and its text goes to the log.
package problem

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// ContentType is the media type of a problem document.
const ContentType = "application/problem+json"

// Kind is one class of problem. It is an error itself, so that errors.Is(err, kind) finds every occurrence of it.
type Kind struct {
	Status int    // the HTTP status it is answered with
	Code   string // stable snake_case name, unique in the program
	Title  string // short, the same for every occurrence
	Doc    string // what it means and what a client can do about it: the text of its page
}

var kinds = map[string]*Kind{}

// Define declares a kind. It is called while packages initialise and panics when the code is already taken: a code
// means one thing in the whole program.
func Define(status int, code, title, doc string) *Kind {
	if _, taken := kinds[code]; taken {
		panic("problem: the code " + code + " is defined twice")
	}
	kinds[code] = &Kind{Status: status, Code: code, Title: title, Doc: doc}
	return kinds[code]
}

// Kinds lists every kind of the program by code.
func Kinds() []*Kind {
	all := make([]*Kind, 0, len(kinds))
	for _, kind := range kinds {
		all = append(all, kind)
	}
	slices.SortFunc(all, func(a, b *Kind) int { return cmp.Compare(a.Code, b.Code) })
	return all
}

// ByCode finds a kind by its code.
func ByCode(code string) (*Kind, bool) {
	kind, ok := kinds[code]
	return kind, ok
}

// Error makes a Kind usable as a sentinel.
func (k *Kind) Error() string { return k.Code }

// New describes one occurrence. The detail is shown to the client: it must not carry internals.
func (k *Kind) New(detail string) *Error { return &Error{Kind: k, Detail: detail} }

// Errorf is New with a format.
func (k *Kind) Errorf(format string, args ...any) *Error { return k.New(fmt.Sprintf(format, args...)) }

// Because is an occurrence without a detail of its own, caused by err. The cause is logged and never shown.
func (k *Kind) Because(err error) *Error { return (&Error{Kind: k}).Because(err) }

// Field says what is wrong with one part of a request.
type Field struct {
	In      string `json:"in" enum:"body,query,path,header,cookie" doc:"Which part of the request"`
	Pointer string `json:"pointer,omitempty" doc:"JSON pointer into the body, or / and the parameter's name" example:"/price_cents"`
	Line    int    `json:"line,omitempty" doc:"Line of a CSV body, counted from 1, the header included"`
	Column  string `json:"column,omitempty" doc:"Column of a CSV body, by its header"`
	Detail  string `json:"detail" doc:"The rule that was broken" example:"expected number >= 0"`
}

// Error is one occurrence of a problem.
type Error struct {
	Kind       *Kind
	Detail     string        // shown to the client
	Fields     []Field       // shown to the client
	RetryAfter time.Duration // sent as Retry-After when positive, in whole seconds, rounded up
	Challenge  string        // sent as WWW-Authenticate
	Allowed    []string      // shown to the client
	cause      error
}

// Error is the text for the log: it includes the cause.
func (e *Error) Error() string {
	text := e.Kind.Code
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	for _, field := range e.Fields {
		text += fmt.Sprintf("; %s %s: %s", field.In, field.Pointer, field.Detail)
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is(err, kind) true for every occurrence of the kind.
func (e *Error) Is(target error) bool { return target == error(e.Kind) }

// Because records the error behind the problem, for the log.
func (e *Error) Because(err error) *Error {
	e.cause = err
	return e
}

// With adds what is wrong with parts of the request.
func (e *Error) With(fields ...Field) *Error {
	e.Fields = append(e.Fields, fields...)
	return e
}

// Allow names what would be possible in the place of what was refused, such as the states that a resource can get.
func (e *Error) Allow(names ...string) *Error {
	e.Allowed = append(e.Allowed, names...)
	return e
}

// After tells the client when to try again.
func (e *Error) After(d time.Duration) *Error {
	e.RetryAfter = d
	return e
}

// Header is what the answer carries beside its body.
func (e *Error) Header() http.Header {
	header := http.Header{}
	if e.RetryAfter > 0 {
		header.Set("Retry-After", fmt.Sprint(int64((e.RetryAfter+time.Second-1)/time.Second)))
	}
	if e.Challenge != "" {
		header.Set("WWW-Authenticate", e.Challenge)
	}
	return header
}

// Document is the body of a problem answer, as RFC 9457 has it, with our members code, request_id, errors and
// allowed.
type Document struct {
	Type      string   `json:"type" format:"uri-reference" doc:"The page about this kind of problem" example:"/problems/validation_failed"`
	Title     string   `json:"title" doc:"What kind of problem it is, the same for every occurrence" example:"The request is not valid"`
	Status    int      `json:"status" doc:"The HTTP status" example:"422"`
	Detail    string   `json:"detail,omitempty" doc:"What went wrong this time"`
	Code      string   `json:"code" doc:"Stable name of the kind, for programs" example:"validation_failed"`
	RequestID string   `json:"request_id,omitempty" doc:"Quote it when you report the problem"`
	Errors    []Field  `json:"errors,omitempty" doc:"What is wrong with which part of the request"`
	Allowed   []string `json:"allowed,omitempty" doc:"With a conflict: what the resource can become from the state it is in"`
}

// Document renders the occurrence for the request with that id.
func (e *Error) Document(requestID string) Document {
	return Document{
		Type:      "/problems/" + e.Kind.Code,
		Title:     e.Kind.Title,
		Status:    e.Kind.Status,
		Detail:    e.Detail,
		Code:      e.Kind.Code,
		RequestID: requestID,
		Errors:    e.Fields,
		Allowed:   e.Allowed,
	}
}
