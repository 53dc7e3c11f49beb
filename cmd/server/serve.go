package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/platform"
	"github.com/trellis-go/trellis/platform/telemetry"
)

func newServe(opts *options) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Serve the API until SIGTERM or SIGINT; SIGHUP reads the log level and the rate limits again",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			application, logger, err := opts.build(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, logger.Close()) }()
			logger.Info("starting", "build", telemetry.ReadBuild(version))
			application.App.OnReload(func(ctx context.Context) error {
				loaded, err := opts.load()
				if err != nil {
					return err
				}
				return platform.Reload(ctx, loaded.Value.Config, logger, application.API)
			})
			return application.App.Run(cmd.Context())
		},
	}
}
