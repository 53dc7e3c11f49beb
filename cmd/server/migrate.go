package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	wiregen "github.com/trellis-go/trellis/wire_gen"
)

func newMigrate(opts *options) *cobra.Command {
	migrate := &cobra.Command{Use: "migrate", Short: "Bring the databases' schemas up to date"}
	migrate.AddCommand(
		opts.migration("up", "Apply every pending migration of every database",
			func(cmd *cobra.Command, a *wiregen.Application, _ string) error { return a.Migrator.Up(cmd.Context()) }),
		opts.migration("down", "Take back the last migration of one database",
			func(cmd *cobra.Command, a *wiregen.Application, database string) error {
				return a.Migrator.Down(cmd.Context(), database)
			}),
		opts.migration("redo", "Take back the last migration of one database and apply it again",
			func(cmd *cobra.Command, a *wiregen.Application, database string) error {
				return a.Migrator.Redo(cmd.Context(), database)
			}),
		opts.migration("status", "List the migrations of every database", printStatus),
	)
	return migrate
}

// migration is a command that runs with the databases connected.
func (o *options) migration(
	name, short string, do func(cmd *cobra.Command, a *wiregen.Application, database string) error,
) *cobra.Command {
	var database string
	cmd := &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			application, logger, err := o.build(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, logger.Close()) }()
			defer func() { err = errors.Join(err, application.Databases.Close(context.WithoutCancel(cmd.Context()))) }()
			if err := application.Databases.Start(cmd.Context()); err != nil {
				return err
			}
			return do(cmd, application, database)
		},
	}
	if name == "down" || name == "redo" {
		cmd.Flags().StringVar(&database, "database", "primary", "the database's name in the configuration")
	}
	return cmd
}

func printStatus(cmd *cobra.Command, a *wiregen.Application, _ string) error {
	all, err := a.Migrator.Status(cmd.Context())
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DATABASE\tVERSION\tAPPLIED\tNAME")
	for _, migration := range all {
		applied := "pending"
		if !migration.Pending() {
			applied = migration.Applied.Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", migration.Database, migration.Version, applied, migration.Name)
	}
	return table.Flush()
}
