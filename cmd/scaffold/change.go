package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/plan"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
	"github.com/trellis-go/trellis/platform/app"
)

// stages makes a command that only stages, with nothing to try afterwards.
func (w *work) stages(stage func(p *plan.Plan, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		return w.do(cmd, func(p *plan.Plan) ([]string, error) { return nil, stage(p, args) })
	}
}

const mergeHelp = "What was changed by hand stays. Where that does not go together with this change, nothing is changed, and the\n" +
	"declaration is named; with --keep it stays as it is."

func bindKeep(cmd *cobra.Command, keep *bool) {
	cmd.Flags().BoolVar(keep, "keep", false, "keep what was changed by hand where it does not go together with this change")
}

func newField(w *work) *cobra.Command {
	var index, unique, keep bool
	cmd := &cobra.Command{
		Use:     "field MODULE name:type",
		Short:   "Add a field to a generated module, everywhere, with its migration",
		Long:    "Add a field to a generated module: to its entity, requests, responses, queries and tests, with a migration for every engine.\n\n" + mergeHelp,
		Example: "  scaffold field invoice paid_at:time? --index",
		Args:    usage(cobra.ExactArgs(2)),
		RunE: w.stages(func(p *plan.Plan, args []string) error {
			p.Keep = keep
			field, err := spec.ParseField(options(args[1], index, unique))
			if err != nil {
				return app.WithExitCode(err, app.ExitUsage)
			}
			return p.AddField(args[0], field)
		}),
	}
	cmd.Flags().BoolVar(&index, "index", false, "lists can be filtered by it")
	cmd.Flags().BoolVar(&unique, "unique", false, "no two have the same")
	bindKeep(cmd, &keep)
	return cmd
}

func options(field string, index, unique bool) string {
	if index && !strings.HasSuffix(field, ":index") {
		field += ":index"
	}
	if unique && !strings.HasSuffix(field, ":unique") {
		field += ":unique"
	}
	return field
}

func newOperation(w *work) *cobra.Command {
	var method, set string
	var keep bool
	cmd := &cobra.Command{
		Use:   "operation MODULE VERB",
		Short: "Add an operation on one entity of a generated module",
		Long: "Add an operation on one entity of a generated module: its route, handler, rule, service method and test.\n\n" +
			"What it changes is one field: the one of --set, or the enum that has the past participle of the verb among its\n" +
			"values (send makes a status sent). Otherwise it is for you to write, in the entity's method of that name.\n\n" + mergeHelp,
		Example: "  scaffold operation invoice send\n  scaffold operation invoice archive --set archived=true",
		Args:    usage(cobra.ExactArgs(2)),
		RunE: w.stages(func(p *plan.Plan, args []string) error {
			p.Keep = keep
			operation, err := spec.ParseOperation(strings.TrimSpace(strings.ToUpper(method) + " " + args[1] + " " + set))
			if err != nil {
				return app.WithExitCode(err, app.ExitUsage)
			}
			return p.AddOperation(args[0], operation)
		}),
	}
	cmd.Flags().StringVar(&method, "method", "POST", strings.Join(spec.Methods, ", "))
	cmd.Flags().StringVar(&set, "set", "", "what it sets, as status=sent or paid=true")
	bindKeep(cmd, &keep)
	return cmd
}

func newEvent(w *work) *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:   "event MODULE NAME",
		Short: "Let a generated module tell others of something: created, updated, deleted, paid",
		Long: "Let a generated module tell others of something, in the transaction of the change.\n\n" +
			"An event is created, updated or deleted, or what a field says: a value that an enum gets (paid), or a time that is\n" +
			"set (issued_at, for issued). Where there is no such field, the time is added, and the operation that sets it.\n\n" + mergeHelp,
		Example: "  scaffold event invoice paid",
		Args:    usage(cobra.ExactArgs(2)),
		RunE: w.stages(func(p *plan.Plan, args []string) error {
			p.Keep = keep
			return p.AddEvent(args[0], args[1])
		}),
	}
	bindKeep(cmd, &keep)
	return cmd
}

func newRename(w *work) *cobra.Command {
	var plural string
	var released bool
	cmd := &cobra.Command{
		Use:   "rename MODULE NAME",
		Short: "Give a generated module another name: in its code, routes, tables and configuration",
		Long: `Give a generated module another name: in its code, routes, tables and configuration.

In what was changed or added by hand, the words of the old name are replaced; look at it afterwards. Migrations that were
released stay, and one that renames the table is added to them; otherwise the table is made under its new name.`,
		Args: usage(cobra.ExactArgs(2)),
		RunE: w.stages(func(p *plan.Plan, args []string) error { return p.Rename(args[0], args[1], plural, released) }),
	}
	cmd.Flags().StringVar(&plural, "plural", "", "the plural of NAME, where it is not the usual one")
	cmd.Flags().BoolVar(&released, "released", false, "the migrations were released: keep them, and rename the table by another")
	return cmd
}

func newMigration(w *work) *cobra.Command {
	return &cobra.Command{
		Use:   "migration NAME",
		Short: "Add an empty migration for every engine, to write by hand",
		Long: "Add an empty migration for every engine, to write by hand, as server migrate create does. What follows from the\n" +
			"models is written by server migrate diff, and by scaffold field.",
		Args: usage(cobra.ExactArgs(1)),
		RunE: w.stages(func(p *plan.Plan, args []string) error { return p.EmptyMigration(args[0]) }),
	}
}

func newMiddleware(w *work) *cobra.Command {
	var header, before string
	cmd := &cobra.Command{
		Use:     "middleware NAME --header 'Name: value'",
		Short:   "Add a middleware that sets a header of every answer, its test and its place in the chain",
		Example: `  scaffold middleware forbid_index --header "X-Robots-Tag: noindex" --before limitRate`,
		Args:    usage(cobra.ExactArgs(1)),
		RunE: w.stages(func(p *plan.Plan, args []string) error {
			name, value, given := strings.Cut(header, ":")
			if !given {
				return app.WithExitCode(errors.New(`say which header it sets: --header "X-Robots-Tag: noindex"`), app.ExitUsage)
			}
			return p.AddMiddleware(args[0], name, strings.TrimSpace(value), before)
		}),
	}
	cmd.Flags().StringVar(&header, "header", "", "the header that it sets, as Name: value")
	cmd.Flags().StringVar(&before, "before", "limitRate", "the middleware that it stands before, by its name in chain.go")
	return cmd
}

func newUpgrade(w *work) *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:   "upgrade [MODULE…]",
		Short: "Bring what the templates have become into generated modules",
		Long:  "Bring what the templates have become into generated modules, all or those that are named.\n\n" + mergeHelp,
		RunE: w.stages(func(p *plan.Plan, args []string) error {
			p.Keep = keep
			return p.Upgrade(args)
		}),
	}
	bindKeep(cmd, &keep)
	return cmd
}

func newDiff(w *work) *cobra.Command {
	return &cobra.Command{
		Use:   "diff [MODULE…]",
		Short: "Show what was changed by hand in generated modules",
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := w.plan()
			if err != nil {
				return err
			}
			text, err := p.HandEdits(args)
			fmt.Fprint(cmd.OutOrStdout(), text)
			return err
		},
	}
}
