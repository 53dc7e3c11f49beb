// Command server is the service: it serves the API, migrates the databases, and shows what it is made of.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/platform/app"
)

// version is set by the release build: -ldflags "-X main.version=v1.2.3".
var version string

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) }

// run is the program without its process: it answers the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return execute(ctx, newRoot(), args, stdout, stderr)
}

func execute(ctx context.Context, root *cobra.Command, args []string, stdout, stderr io.Writer) int {
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "error:", err)
	}
	return app.ExitCode(err)
}

func newRoot() *cobra.Command {
	var opts options
	root := &cobra.Command{
		Use:           "server",
		Short:         "Trellis: a modular API service",
		Args:          usage(command),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if cmd == root { // the flag may be one of the command that was meant
			err = cmp.Or(command(root, cmd.Flags().Args()), err)
		}
		return app.WithExitCode(err, app.ExitUsage)
	})
	opts.bind(root.PersistentFlags())
	root.AddCommand(
		newServe(&opts), newWorker(&opts), newMigrate(&opts), newDeadLetters(&opts), newConfig(&opts), newOpenAPI(&opts),
		newRoutes(&opts), newUser(&opts), newVersion(),
	)
	return root
}

// command finds words that are no command, and those that are like them.
func command(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	root.SuggestionsMinimumDistance = 2
	text := fmt.Sprintf("%s has no command %q", root.Name(), args[0])
	if like := root.SuggestionsFor(args[0]); len(like) > 0 {
		text += ": did you mean " + strings.Join(like, " or ") + "?"
	}
	return errors.New(text)
}
