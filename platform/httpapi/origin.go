package httpapi

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Origin is embedded in the input of an operation that has to know where it was called.
type Origin struct{ path, prefix string }

// Resolve remembers the address.
func (o *Origin) Resolve(hctx huma.Context) []error {
	x := exchangeOf(hctx.Context())
	o.path, o.prefix = x.path, unversioned
	if x.group != nil && strings.HasPrefix(x.path, x.group.version.Prefix()+"/") {
		o.prefix = x.group.version.Prefix()
	}
	return nil
}

// Path is the path that the client called, escaped: /api/v1/products, or /api/products when it chose the version by
// header.
func (o *Origin) Path() string { return o.path }

// Prefix is what the paths of operations stand under, as the client chose it: /api/v1, or /api.
func (o *Origin) Prefix() string { return o.prefix }

const unversioned = "/api"
