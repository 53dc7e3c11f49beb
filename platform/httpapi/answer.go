package httpapi

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"reflect"
)

// Answer is what an operation answers, encoded: it can be kept, and sent again byte by byte. Status and headers are those
// that the operation sets; what the chain adds to every answer is not among them.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Error makes an answer an error, so that a handler can return it in the place of its output. Handle sends it as it is.
func (a *Answer) Error() string { return fmt.Sprintf("the answer %d was made before", a.Status) }

// GetStatus is the status for huma.
func (a *Answer) GetStatus() int { return a.Status }

// GetHeaders are the headers for huma.
func (a *Answer) GetHeaders() http.Header { return a.Header }

// ContentType is that of the operation, and else the negotiated one.
func (a *Answer) ContentType(negotiated string) string {
	if own := a.Header.Get("Content-Type"); own != "" {
		return own
	}
	return negotiated
}

// Render encodes the output of the operation that ctx belongs to as Handle would send it. The output has headers of type
// string only, and is no stream: CheckAnswer finds that out when the program starts.
func Render[O any](ctx context.Context, out *O) (*Answer, error) {
	answer := &Answer{Status: exchangeOf(ctx).success, Header: http.Header{}}
	if out == nil {
		return answer, nil
	}
	value := reflect.ValueOf(out).Elem()
	for _, field := range reflect.VisibleFields(value.Type()) {
		name, isHeader := field.Tag.Lookup("header")
		switch at := value.FieldByIndex(field.Index); {
		case isHeader && at.String() != "":
			answer.Header.Set(name, at.String())
		case field.Name == "Status":
			answer.Status = int(at.Int())
		case field.Name == "Body":
			var body bytes.Buffer
			if err := jsonFormat.Marshal(&body, at.Interface()); err != nil {
				return nil, fmt.Errorf("encode the answer: %w", err)
			}
			answer.Body = body.Bytes()
		}
	}
	return answer, nil
}

// CheckAnswer panics when Render cannot encode outputs of type O: the program is wrong.
func CheckAnswer[O any]() {
	output := reflect.TypeFor[O]()
	for _, field := range reflect.VisibleFields(output) {
		_, isHeader := field.Tag.Lookup("header")
		switch {
		case field.Anonymous || field.Name == "Status" && field.Type.Kind() == reflect.Int:
		case field.Name == "Body" && field.Type.Kind() != reflect.Func:
		case isHeader && field.Type.Kind() == reflect.String:
		default:
			panic(fmt.Sprintf("httpapi: the field %s of %s cannot be kept and sent again", field.Name, output))
		}
	}
}
