package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/platform/app"
)

// newMigrateSource is a command of cmd/schema under the name that everybody looks for it. It is built from the checkout
// that it is called in, so that it compares the models as they are there.
func newMigrateSource(name, short string) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			folder, err := os.MkdirTemp("", "trellis-schema-")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(folder) }()
			tool := filepath.Join(folder, "schema")
			if err := buildTool(cmd.Context(), tool); err != nil {
				return err
			}
			verb, _, _ := strings.Cut(name, " ")
			return runTool(cmd, tool, append([]string{"migrate", verb}, args...))
		},
	}
}

func buildTool(ctx context.Context, tool string) error {
	info, known := debug.ReadBuildInfo()
	if !known {
		return errors.New("this binary does not say what it was built from")
	}
	source := info.Main.Path + "/cmd/schema"
	build := exec.CommandContext(ctx, "go", "build", "-o", tool, source) //nolint:gosec // of our own module
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("this compares the sources: run it in a checkout, with Go installed: building %s: %w\n%s", source, err, said)
	}
	return nil
}

// runTool gives the tool's error as one of ours, with its exit code.
func runTool(cmd *cobra.Command, tool string, args []string) error {
	var said bytes.Buffer
	run := exec.CommandContext(cmd.Context(), tool, args...) //nolint:gosec // just built
	run.Stdin, run.Stdout, run.Stderr = cmd.InOrStdin(), cmd.OutOrStdout(), &said
	err := run.Run()
	notes, failure, _ := strings.Cut(said.String(), "error: ")
	fmt.Fprint(cmd.ErrOrStderr(), notes)
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	return app.WithExitCode(errors.New(strings.TrimSpace(failure)), exit.ExitCode())
}
