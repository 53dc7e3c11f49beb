package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/migrate/sqlfile"
)

func newDiff() *cobra.Command {
	var c comparison
	cmd := &cobra.Command{
		Use:   "diff NAME",
		Short: "Write the migration that brings each engine to the modules' models",
		Long: "Write the migration that brings each engine to the modules' models, with the way back. Read it before it runs:\n" +
			"a new name is a column or table that goes and one that comes.",
		Args: func(cmd *cobra.Command, args []string) error {
			return app.WithExitCode(cobra.ExactArgs(1)(cmd, args), app.ExitUsage)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			differences, missing := c.compare(cmd.Context())
			if missing != nil && !errors.Is(missing, errNoServer) {
				return missing
			}
			if differences.empty() {
				fmt.Fprintln(cmd.OutOrStdout(), "models and migrations agree on", differences.names())
				return missing
			}
			written, err := sqlfile.Create(c.dir, args[0], time.Now(), differences.files())
			if errors.Is(err, sqlfile.ErrName) {
				return app.WithExitCode(err, app.ExitUsage)
			}
			for _, file := range written {
				fmt.Fprintln(cmd.OutOrStdout(), file)
			}
			differences.notes(cmd)
			return errors.Join(err, missing)
		},
	}
	c.bind(cmd)
	return cmd
}

func newCheck() *cobra.Command {
	var c comparison
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Fail when the modules' models and the migrations differ, and show how",
		Args: func(cmd *cobra.Command, args []string) error {
			return app.WithExitCode(cobra.NoArgs(cmd, args), app.ExitUsage)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			differences, missing := c.compare(cmd.Context())
			if missing != nil && !errors.Is(missing, errNoServer) {
				return missing
			}
			out := cmd.OutOrStdout()
			if differences.empty() {
				fmt.Fprintln(out, "models and migrations agree on", differences.names())
				return missing
			}
			for _, engine := range slices.Sorted(maps.Keys(differences)) {
				for _, statement := range differences[engine].Up {
					fmt.Fprintf(out, "%s: %s;\n", engine, statement)
				}
			}
			return errors.Join(
				errors.New("the migrations do not make what the models describe: server migrate diff NAME writes what is missing"), missing)
		},
	}
	c.bind(cmd)
	return cmd
}

func (f found) names() string { return strings.Join(slices.Sorted(maps.Keys(f)), ", ") }

// files are the contents by engine, also for one where nothing differs: a change has a file for each.
func (f found) files() map[string]string {
	texts := map[string]string{}
	for engine, difference := range f {
		texts[engine] = difference.File()
	}
	return texts
}

// notes says once more what is in the files for the reader.
func (f found) notes(cmd *cobra.Command) {
	for _, engine := range slices.Sorted(maps.Keys(f)) {
		for _, lost := range f[engine].Destructive {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: destructive: %s\n", engine, lost)
		}
		for _, warning := range f[engine].Warnings {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: warning: %s\n", engine, warning)
		}
	}
}
