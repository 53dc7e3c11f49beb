package main

import (
	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/plan"
)

func newRemove(w *work) *cobra.Command {
	var force, released bool
	cmd := &cobra.Command{
		Use:   "remove NAME",
		Short: "Take a generated module out again",
		Long: `Take a generated module out again: its package, configuration, place in the graph, and migrations.

Migrations that were released, which is those of a commit with a tag, stay: one that drops the table is added to them.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return w.do(cmd, func(p *plan.Plan) ([]string, error) { return nil, p.Remove(args[0], force, released) })
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "also what somebody has changed or added by hand")
	cmd.Flags().BoolVar(&released, "released", false, "the migrations were released: keep them, and drop the table by another")
	return cmd
}
