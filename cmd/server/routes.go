package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/platform/log"
	wiregen "github.com/trellis-go/trellis/wire_gen"
)

func newRoutes(opts *options) *cobra.Command {
	return &cobra.Command{
		Use:   "routes",
		Short: "List every operation of the API",
		Args:  usage(cobra.NoArgs),
		RunE: opts.with(func(cmd *cobra.Command, a *wiregen.Application, _ *log.Logger) error {
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "METHOD\tPATH\tOPERATION\tPOLICY\tSUMMARY")
			for _, op := range a.API.Operations() {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", op.Method, op.Path, op.ID, op.Policy, op.Summary)
			}
			return table.Flush()
		}),
	}
}
