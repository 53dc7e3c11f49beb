package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/platform"
	"github.com/trellis-go/trellis/platform/log"
	"github.com/trellis-go/trellis/platform/telemetry"
	wiregen "github.com/trellis-go/trellis/wire_gen"
)

func newServe(opts *options) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Serve the API until SIGTERM or SIGINT; SIGHUP reads the log level and the rate limits again",
		Args:  cobra.NoArgs,
		RunE: opts.with(func(cmd *cobra.Command, a *wiregen.Application, logger *log.Logger) error {
			logger.Info("starting", "build", telemetry.ReadBuild(version))
			a.App.OnReload(func(ctx context.Context) error {
				loaded, err := opts.load()
				if err != nil {
					return err
				}
				return platform.Reload(ctx, loaded.Value.Config, logger, a.API)
			})
			return a.App.Run(cmd.Context())
		}),
	}
}
