package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/httpapi"
)

func newOpenAPI(opts *options) *cobra.Command {
	var wanted string
	cmd := &cobra.Command{
		Use:   "openapi",
		Short: "Print the OpenAPI document of a version of the API",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			application, logger, err := opts.build(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, logger.Close()) }()
			var names []string
			for _, version := range httpapi.Versions {
				names = append(names, version.String())
				if version.String() != wanted {
					continue
				}
				document, err := application.API.V(version.Number).OpenAPI()
				if err != nil {
					return err
				}
				_, err = cmd.OutOrStdout().Write(document)
				return err
			}
			return app.WithExitCode(
				fmt.Errorf("--version %s: there are %s", wanted, strings.Join(names, ", ")), app.ExitUsage)
		},
	}
	cmd.Flags().StringVar(&wanted, "version", fmt.Sprintf("v%d", httpapi.DefaultVersion), "the version: v1, v2 …")
	return cmd
}
