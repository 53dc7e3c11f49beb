package httpapi

import (
	"errors"
	"io"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/goccy/go-json"
)

// jsonFormat is the codec of every body. go-json costs about two thirds of encoding/json here.
var jsonFormat = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		if answer, encoded := v.(*Answer); encoded {
			_, err := w.Write(answer.Body)
			return err
		}
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(v)
	},
	Unmarshal: func(data []byte, v any) error {
		if !utf8.Valid(data) {
			return errNotUTF8 // the decoder would put replacement characters in the place of what was sent
		}
		err := json.Unmarshal(data, v)
		var mistyped *json.UnmarshalTypeError
		if errors.As(err, &mistyped) {
			return errMistyped // validated as a whole number, written as 1.0 or 1e3
		}
		return err
	},
}

var errMistyped = errors.New("a whole number must be written without fraction and exponent, and fit its type")

var errNotUTF8 = errors.New("the body is not UTF-8")
