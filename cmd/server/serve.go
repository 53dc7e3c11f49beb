package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/platform"
	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/log"
	"github.com/trellis-go/trellis/platform/telemetry"
	wiregen "github.com/trellis-go/trellis/wire_gen"
)

func newServe(opts *options) *cobra.Command {
	var alone bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the API until SIGTERM or SIGINT; SIGHUP reads the log level and the rate limits again",
		Long:  "Serves the API, and carries out what waits in the background unless told not to: see server worker.",
		Args:  usage(cobra.NoArgs),
		PreRun: func(*cobra.Command, []string) {
			if alone {
				opts.set = append(opts.set, "worker.enabled=false")
			}
		},
		RunE: opts.live(func(a *wiregen.Application) *app.App { return a.App }),
	}
	cmd.Flags().BoolVar(&alone, "no-worker", false, "leave what waits in the background to other processes, as worker.enabled=false does")
	return cmd
}

func newWorker(opts *options) *cobra.Command {
	return &cobra.Command{
		Use:   "worker",
		Short: "Carry out what waits in the background until SIGTERM or SIGINT, without the API",
		Long:  "Carries out background tasks and schedules. Probes and metrics are served on worker.addr. Any number may run.",
		Args:  usage(cobra.NoArgs),
		RunE:  opts.live(func(a *wiregen.Application) *app.App { return a.Worker.App }),
	}
}

// live makes a command's function of one that says which kind of process to be.
func (o *options) live(choose func(a *wiregen.Application) *app.App) func(*cobra.Command, []string) error {
	return o.with(func(cmd *cobra.Command, a *wiregen.Application, logger *log.Logger) error {
		logger.Info("starting", "build", telemetry.ReadBuild(version))
		process := choose(a)
		process.OnReload(func(ctx context.Context) error {
			loaded, err := o.load()
			if err != nil {
				return err
			}
			return platform.Reload(ctx, loaded.Value.Config, logger, a.API)
		})
		return process.Run(cmd.Context())
	})
}
