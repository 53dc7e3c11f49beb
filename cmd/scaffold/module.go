package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/plan"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/render"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
	"github.com/trellis-go/trellis/platform/app"
)

// wanted is a module as the command line describes it.
type wanted struct{ name, fields, plural, database, versions, events, owner string }

func newModule(w *work) *cobra.Command {
	var asked wanted
	cmd := &cobra.Command{
		Use:   "module NAME --fields name:type,…",
		Short: "Add a business domain: its package, migrations, configuration, place in the graph, tests",
		Long: `Add a business domain: its package, migrations for every engine, configuration, place in the graph, documents of the API
and tests. NAME is a noun in the singular: invoice, api_key.

A field is name:type, with ? behind the type when it may be absent, and :unique or :index behind that. An index makes the
field one that lists are filtered and, where that means something, sorted by; so does unique. The types:

  string    a line of text, at most 200 characters; string(64): at most 64
  text      at most 10000 characters
  int       a whole number of 64 bits
  bool
  uuid      the id of something else
  money     an amount and its currency
  time      in UTC, to the microsecond
  enum(a,b) one of a few words

Without arguments, on a terminal, it asks.`,
		Example: `  scaffold module invoice --fields "number:string:unique,customer_id:uuid:index,amount:money,due_at:time?,status:enum(draft,sent,paid)"`,
		Args:    usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := asked.complete(cmd, w, args); err != nil {
				return err
			}
			m, err := asked.module()
			if err != nil {
				return app.WithExitCode(err, app.ExitUsage)
			}
			return w.do(cmd, func(p *plan.Plan) ([]string, error) { return addModule(p, m) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&asked.fields, "fields", "", "what an entity has, as name:type,name:type")
	flags.StringVar(&asked.plural, "plural", "", "the plural of NAME, where it is not the usual one")
	flags.StringVar(&asked.database, "database", "primary", "the name of the connection that the module uses")
	flags.StringVar(&asked.events, "events", "", "what others are told of, as created,paid: a value of an enum, or something that is done")
	flags.StringVar(&asked.owner, "owner", "", "user: one belongs to the user who made it, who alone sees and changes it beside those who may manage all")
	flags.StringVar(&asked.versions, "api", "", "the versions of the API that serve it, as v1,v2 (default: all)")
	return cmd
}

// complete takes the name from the arguments, or asks for everything when nothing was said and somebody is there.
func (w *wanted) complete(cmd *cobra.Command, work *work, args []string) error {
	if len(args) == 1 {
		w.name = args[0]
		return nil
	}
	if w.fields != "" || work.json || !terminal(cmd.InOrStdin()) {
		return app.WithExitCode(errors.New("say what the module is called: scaffold module invoice --fields …"), app.ExitUsage)
	}
	p, err := work.mended(cmd)
	if err != nil {
		return err
	}
	return questions{cmd.InOrStdin(), cmd.ErrOrStderr(), os.Getenv("TERM") == "dumb"}.ask(cmd.Context(), p, w)
}

func (w wanted) module() (spec.Module, error) {
	m := spec.Module{Name: w.name, Plural: w.plural, Database: w.database, Owner: w.owner}
	if w.events != "" {
		m.Events = strings.Split(w.events, ",")
	}
	var err error
	if m.Fields, err = spec.ParseFields(w.fields); err != nil {
		return m, err
	}
	if w.versions == "" {
		return m, nil
	}
	for text := range strings.SplitSeq(w.versions, ",") {
		number, err := strconv.Atoi(strings.TrimPrefix(strings.TrimSpace(text), "v"))
		if err != nil {
			return m, fmt.Errorf("--api %s: a version is v1, v2, …", w.versions)
		}
		m.Versions = append(m.Versions, number)
	}
	return m, nil
}

func addModule(p *plan.Plan, m spec.Module) ([]string, error) {
	if err := p.AddModule(m); err != nil {
		return nil, app.WithExitCode(err, app.ExitUsage)
	}
	token := ""
	if p.Guarded() {
		token = ` -H "Authorization: Bearer $token"` //nolint:gosec // no token but where to put one
	}
	return []string{
		"make run",
		fmt.Sprintf("curl -i localhost:8000/api%s%s -H 'Content-Type: application/json' -d '%s'", m.Route(), token, render.Example(m)),
		fmt.Sprintf("curl localhost:8000/api%s%s", m.Route(), token),
	}, nil
}
