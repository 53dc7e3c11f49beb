package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/log"
	wiregen "github.com/trellis-go/trellis/wire_gen"
)

func newOpenAPI(opts *options) *cobra.Command {
	var wanted string
	cmd := &cobra.Command{
		Use:   "openapi",
		Short: "Print the OpenAPI document of a version of the API",
		Args:  usage(cobra.NoArgs),
		RunE: opts.with(func(cmd *cobra.Command, a *wiregen.Application, _ *log.Logger) error {
			at := slices.IndexFunc(httpapi.Versions, func(v httpapi.Version) bool { return v.String() == wanted })
			if at < 0 {
				return app.WithExitCode(fmt.Errorf("--version %s: there are %v", wanted, httpapi.Versions), app.ExitUsage)
			}
			document, err := a.API.V(httpapi.Versions[at].Number).OpenAPI()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(document)
			return err
		}),
	}
	cmd.Flags().StringVar(&wanted, "version", fmt.Sprintf("v%d", httpapi.DefaultVersion), "the version: v1, v2 …")
	return cmd
}
