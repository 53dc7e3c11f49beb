package main

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func newRoutes(opts *options) *cobra.Command {
	return &cobra.Command{
		Use:   "routes",
		Short: "List every operation of the API",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			application, logger, err := opts.build(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, logger.Close()) }()
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "METHOD\tPATH\tOPERATION\tSUMMARY")
			for _, op := range application.API.Operations() {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", op.Method, op.Path, op.ID, op.Summary)
			}
			return table.Flush()
		},
	}
}
