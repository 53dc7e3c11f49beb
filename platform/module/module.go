// Package module says what a business domain brings to the application. The list of modules stands in wire_gen.
package module

import "github.com/trellis-go/trellis/platform/httpapi"

// Module is one business domain as the application sees it.
type Module struct {
	Name   string             // of its folder, and the prefix of its tables
	Routes func(*httpapi.API) // registers its operations
	Models []any              // its entities, a pointer to a zero value each: what its tables are made for
}
