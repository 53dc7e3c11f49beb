package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"charm.land/huh/v2"
	"github.com/mattn/go-isatty"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/plan"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// terminal tells whether somebody can be asked there.
func terminal(in io.Reader) bool {
	file, ok := in.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

// questions are where and how somebody is asked.
type questions struct {
	in    io.Reader
	out   io.Writer
	plain bool // line by line, for screen readers and terminals that cannot move the cursor
}

// ask completes what is wanted by asking, with what is usual as a default.
func (q questions) ask(ctx context.Context, p *plan.Plan, asked *wanted) error {
	databases, err := p.Databases()
	if err != nil {
		return err
	}
	versions, err := p.Versions()
	if err != nil {
		return err
	}
	var names []string
	for _, version := range versions {
		names = append(names, fmt.Sprintf("v%d", version))
	}
	served := slices.Clone(names)
	form := huh.NewForm(huh.NewGroup(
		huh.NewInput().Title("What is the module called?").Description("A noun in the singular: invoice, api_key").
			Value(&asked.name).Validate(func(name string) error { return p.Free(spec.Module{Name: name}) }),
		huh.NewInput().Title("Which fields does one have?").
			Description("name:type, with ? when it may be absent, :unique or :index behind that, separated by commas.\n"+
				"Types: string, text, int, bool, uuid, money, time, enum(a,b)").
			Placeholder("number:string:unique,amount:money,status:enum(draft,sent)").
			Value(&asked.fields).Validate(func(fields string) error { _, err := spec.ParseFields(fields); return err }),
		huh.NewSelect[string]().Title("Which database does it use?").Options(huh.NewOptions(databases...)...).Value(&asked.database),
		huh.NewMultiSelect[string]().Title("Which versions of the API serve it?").Options(huh.NewOptions(names...)...).Value(&served).
			Validate(func(chosen []string) error {
				if len(chosen) == 0 {
					return errors.New("choose at least one")
				}
				return nil
			}),
	)).WithInput(q.in).WithOutput(q.out).WithAccessible(q.plain)
	if err := form.RunWithContext(ctx); err != nil {
		return err
	}
	asked.versions = strings.Join(served, ",")
	return nil
}
