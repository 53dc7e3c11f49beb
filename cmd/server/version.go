package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/platform/telemetry"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print what this binary was built from",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			build := telemetry.ReadBuild(version)
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "server %s\nrevision %s\ntime %s\n%s\n",
				build.Version, build.Revision, build.Time, build.Go)
			return err
		},
	}
}
