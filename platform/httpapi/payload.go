package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
)

// Payload is embedded in the input of an operation that has to know a request again when it comes a second time.
type Payload struct{ operation, fingerprint string }

// Resolve takes the fingerprint of the request.
func (p *Payload) Resolve(hctx huma.Context) []error {
	address := hctx.URL()
	sum := sha256.New()
	for _, part := range []string{hctx.Method(), address.EscapedPath(), address.Query().Encode()} {
		_, _ = io.WriteString(sum, part+"\n")
	}
	_, _ = sum.Write(canonical(exchangeOf(hctx.Context()).sent.Bytes()))
	p.operation, p.fingerprint = hctx.Operation().OperationID, hex.EncodeToString(sum.Sum(nil))
	return nil
}

// Operation is the id of the operation that was called, the same in every version.
func (p *Payload) Operation() string { return p.operation }

// Fingerprint is a hash, in 64 characters, of what was asked: the method, the path with the version, the query and the body,
// without regard to how its JSON is laid out.
func (p *Payload) Fingerprint() string { return p.fingerprint }

// canonical is a body with its members in order and without space; as it is when it is not JSON.
func canonical(body []byte) []byte {
	var tree any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // as they were written: two that differ in the last digit are two
	if decoder.Decode(&tree) != nil {
		return body
	}
	encoded, err := json.Marshal(tree)
	if err != nil {
		return body
	}
	return encoded
}

var payloadType = reflect.TypeFor[Payload]()

// keepsPayload tells whether an input embeds Payload, itself or through another.
func keepsPayload(input reflect.Type) bool {
	field, found := input.FieldByName(payloadType.Name())
	return found && field.Anonymous && field.Type == payloadType
}

// keepPayload is a middleware that keeps the body as it is read. Whoever reads it sets the limit.
func keepPayload(hctx huma.Context, next func(huma.Context)) {
	request := humagin.Unwrap(hctx).Request
	sent := &exchangeOf(hctx.Context()).sent
	request.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(request.Body, sent), request.Body}
	next(hctx)
}
