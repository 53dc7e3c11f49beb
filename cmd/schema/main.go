// Command schema compares the modules' models with the migrations, and writes the migration that is missing. It is what
// server migrate diff and server migrate check run in a checkout: the library that reads and compares schemas would make
// the server a seventh larger and its start slower, for what no server does.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/configs"
	"github.com/trellis-go/trellis/platform"
	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/log"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/telemetry"
	wiregen "github.com/trellis-go/trellis/wire_gen"
)

func main() { os.Exit(start()) }

// start is main with its deferred calls: scratch databases are dropped when it is interrupted, too.
func start() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// run is the program without its process: it answers the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{Use: "server", SilenceUsage: true, SilenceErrors: true}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return app.WithExitCode(err, app.ExitUsage) })
	migrate := &cobra.Command{Use: "migrate", Short: "Compare the modules' models with the migrations"}
	migrate.AddCommand(newDiff(), newCheck())
	root.AddCommand(migrate)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(stderr, "error:", err)
	}
	return app.ExitCode(err)
}

// modules are those of the graph, and the platform's tables. What is configured does not matter to their models.
func modules(ctx context.Context) ([]module.Module, error) {
	loaded, err := config.Load[wiregen.Config](config.Options{Environment: "test", Embedded: configs.Files})
	if err != nil {
		return nil, err
	}
	logger, err := log.New(loaded.Value.Log, io.Discard)
	if err != nil {
		return nil, err
	}
	application, err := wiregen.New(loaded.Value, logger, telemetry.ReadBuild(""))
	if err != nil {
		return nil, err
	}
	all := slices.Concat(application.Modules, platform.Tables())
	return all, errors.Join(application.Databases.Close(ctx), logger.Close())
}
