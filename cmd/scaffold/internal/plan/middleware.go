package plan

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/edit"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/render"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
	"github.com/trellis-go/trellis/platform/migrate/sqlfile"
)

const edge = "platform/httpapi/"

// EmptyMigration stages a migration for every engine, to be written by hand.
func (p *Plan) EmptyMigration(name string) error {
	_, err := p.migrate(name, func(string) string { return sqlfile.Empty })
	return err
}

var headerText = regexp.MustCompile(`^[ -~]+$`)

// AddMiddleware stages a middleware that sets a header of every answer, in a file of its own, with its test and its place
// in the chain: before another, or the last.
func (p *Plan) AddMiddleware(name, header, value, before string) error {
	if !spec.IsName(name) {
		return fmt.Errorf("the middleware %q: a name is small letters and digits, words joined by _, as forbid_index", name)
	}
	if http.CanonicalHeaderKey(header) == "" || strings.ContainsAny(header, " :\t") || !headerText.MatchString(value) {
		return fmt.Errorf("%q: %q is not a header: say --header \"X-Robots-Tag: noindex\"", header, value)
	}
	files, err := render.Middleware(p.Templates, name, http.CanonicalHeaderKey(header), value)
	if err != nil {
		return err
	}
	for _, file := range files {
		path := edge + file.Path
		if known, err := p.Tree.Read(path); err == nil {
			if string(known) == string(file.Content) {
				continue
			}
			return fmt.Errorf("there is a file %s already", path)
		}
		if err := p.Tree.Write(path, file.Content); err != nil {
			return err
		}
	}
	p.packages = append(p.packages, "./platform/httpapi")
	method := spec.GoName(name)
	return p.change(edge+"chain.go", func(source []byte) ([]byte, error) {
		return edit.Chain(source, strings.ToLower(method[:1])+method[1:], before)
	})
}
