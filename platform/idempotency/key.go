package idempotency

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/trellis-go/trellis/platform/httpapi"
)

// keyed is an input that embeds Key or OptionalKey.
type keyed interface {
	keyed() (key string, payload *httpapi.Payload)
}

// OptionalKey is embedded in the input of an operation that a client may give a key.
type OptionalKey struct {
	httpapi.Payload
	IdempotencyKey string `header:"Idempotency-Key" minLength:"1" maxLength:"255" pattern:"^[!-~]+$" patternDescription:"visible ASCII characters" example:"8e03978e-40d5-43e8-bc93-6894a57f9324" doc:"Made up by the client, one for each thing to be done: when the request comes again with the same key, it is not done again and the answer is the first one, with the header Idempotency-Replayed"`
}

func (k *OptionalKey) keyed() (string, *httpapi.Payload) { return k.IdempotencyKey, &k.Payload }

// Resolve takes the fingerprint of the request. It is not promoted from Payload, since huma passes over a resolver that is
// embedded deeper than another.
func (k *OptionalKey) Resolve(hctx huma.Context) []error { return k.Payload.Resolve(hctx) }

// Key is embedded in the input of an operation that must have a key.
type Key struct {
	httpapi.Payload
	IdempotencyKey string `header:"Idempotency-Key" required:"true" minLength:"1" maxLength:"255" pattern:"^[!-~]+$" patternDescription:"visible ASCII characters" example:"8e03978e-40d5-43e8-bc93-6894a57f9324" doc:"Made up by the client, one for each thing to be done: when the request comes again with the same key, it is not done again and the answer is the first one, with the header Idempotency-Replayed"`
}

func (k *Key) keyed() (string, *httpapi.Payload) { return k.IdempotencyKey, &k.Payload }

// Resolve refuses a request without a key, and takes the fingerprint of others.
func (k *Key) Resolve(hctx huma.Context) []error {
	if k.IdempotencyKey == "" {
		return []error{ErrKeyRequired.New("")}
	}
	return k.Payload.Resolve(hctx)
}
