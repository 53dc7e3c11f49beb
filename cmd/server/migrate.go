package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/migrate"
)

func newMigrate(opts *options) *cobra.Command {
	cmd := &cobra.Command{
		Use: "migrate", Short: "Bring the databases' schemas up to date, and write what does",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return app.WithExitCode(fmt.Errorf("migrate has no command %q", args[0]), app.ExitUsage)
			}
			return cmd.Help()
		},
	}
	always := func(change migrate.Change) changes {
		return func(context.Context, *migrate.Migrator, []string) (migrate.Change, error) { return change, nil }
	}
	cmd.AddCommand(
		opts.change("up", "Apply every pending migration", cobra.NoArgs, always(migrate.Up())),
		opts.change("down", "Take back the last migration of one database", cobra.NoArgs, ofOne(always(migrate.Down()))),
		opts.change("redo", "Take back the last migration of one database and apply it again", cobra.NoArgs,
			ofOne(always(migrate.Redo()))),
		opts.change("to VERSION", "Apply or take back until VERSION is the last that is applied; 0 takes back all",
			cobra.ExactArgs(1), ofOne(toVersion)),
		opts.status(),
		newMigrateCreate(), newMigrateLint(),
		newMigrateSource("diff NAME", "Write the migration that brings each engine to the modules' models"),
		newMigrateSource("check", "Fail when the modules' models and the migrations differ"),
	)
	return cmd
}

// changes gives what a command is to do, from its arguments.
type changes func(context.Context, *migrate.Migrator, []string) (migrate.Change, error)

func toVersion(_ context.Context, migrator *migrate.Migrator, args []string) (migrate.Change, error) {
	version, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil || version < 0 {
		err = fmt.Errorf("%q is no version: give the number that a file's name begins with", args[0])
		return nil, app.WithExitCode(err, app.ExitUsage)
	}
	change, err := migrator.To(version)
	return change, app.WithExitCode(err, app.ExitUsage)
}

// ofOne refuses to take something back until it is said of which database.
func ofOne(wanted changes) changes {
	return func(ctx context.Context, migrator *migrate.Migrator, args []string) (migrate.Change, error) {
		change, err := wanted(ctx, migrator, args)
		if err != nil {
			return nil, err
		}
		if err = migrator.OfOne(ctx, change); errors.Is(err, migrate.ErrSeveral) {
			err = app.WithExitCode(fmt.Errorf("%w: choose one with --database", err), app.ExitUsage)
		}
		return change, err
	}
}

// change is a command that changes databases, or shows how it would.
func (o *options) change(use, short string, args cobra.PositionalArgs, changes changes) *cobra.Command {
	var dryRun bool
	cmd := o.migration(use, short, args, func(cmd *cobra.Command, migrator *migrate.Migrator, args []string) error {
		change, err := changes(cmd.Context(), migrator, args)
		if err != nil {
			return err
		}
		if !dryRun {
			return migrator.Apply(cmd.Context(), change)
		}
		steps, err := migrator.Preview(cmd.Context(), change)
		printSteps(cmd.OutOrStdout(), steps)
		return err
	})
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print the SQL that would run, and run none of it")
	return cmd
}

func (o *options) status() *cobra.Command {
	return o.migration("status", "List the migrations, and those that would be applied out of order", cobra.NoArgs,
		func(cmd *cobra.Command, migrator *migrate.Migrator, _ []string) error {
			all, err := migrator.Status(cmd.Context())
			if err != nil {
				return err
			}
			return printStatus(cmd.OutOrStdout(), all)
		})
}

// migration is a command that runs with the databases connected.
func (o *options) migration(
	use, short string, args cobra.PositionalArgs,
	do func(cmd *cobra.Command, migrator *migrate.Migrator, args []string) error,
) *cobra.Command {
	var database string
	cmd := &cobra.Command{
		Use: use, Short: short, Args: usage(args),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			application, logger, err := o.build(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, logger.Close()) }()
			defer func() { err = errors.Join(err, application.Databases.Close(context.WithoutCancel(cmd.Context()))) }()
			migrator, err := application.Migrator.Only(database)
			if err != nil {
				return app.WithExitCode(err, app.ExitUsage)
			}
			if err := application.Databases.Start(cmd.Context()); err != nil {
				return app.WithExitCode(err, app.ExitUnavailable)
			}
			return do(cmd, migrator, args)
		},
	}
	cmd.Flags().StringVar(&database, "database", "",
		"the name in the configuration of the only database to take (default: every one; to take something back: the only one to change)")
	return cmd
}

// usage gives the errors of a check of arguments their exit code.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		return app.WithExitCode(check(cmd, args), app.ExitUsage)
	}
}

func printSteps(out io.Writer, steps []migrate.Step) {
	if len(steps) == 0 {
		fmt.Fprintln(out, "-- nothing to do")
	}
	for _, step := range steps {
		direction, how := "down", "statement by statement"
		if step.Up {
			direction = "up"
		}
		if step.Transaction {
			how = "in a transaction"
		}
		fmt.Fprintf(out, "-- %s: %s %s, %s\n", step.Database, step.Name, direction, how)
		for _, statement := range step.Statements {
			fmt.Fprintln(out, statement.SQL)
		}
		fmt.Fprintln(out)
	}
}

func printStatus(out io.Writer, all []migrate.Status) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DATABASE\tVERSION\tAPPLIED\tNAME")
	for _, one := range all {
		applied, name := one.Applied.Format(time.RFC3339), one.Name
		switch {
		case one.Late:
			applied = "pending, out of order"
		case one.Pending():
			applied = "pending"
		case name == "":
			name = "(no file has this version)"
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", one.Database, one.Version, applied, name)
	}
	return table.Flush()
}
