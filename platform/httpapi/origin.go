package httpapi

import "github.com/danielgtaylor/huma/v2"

// Origin is embedded in the input of an operation that has to know where it was called.
type Origin struct{ path string }

// Resolve remembers the address.
func (o *Origin) Resolve(hctx huma.Context) []error {
	o.path = exchangeOf(hctx.Context()).path
	return nil
}

// Path is the path that the client called, escaped: /api/v1/products, or /api/products when it chose the version by
// header.
func (o *Origin) Path() string { return o.path }
