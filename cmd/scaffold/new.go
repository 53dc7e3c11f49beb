package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/plan"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/project"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/start"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/verify"
	"github.com/trellis-go/trellis/platform/app"
)

func newProject(w *work) *cobra.Command {
	var into, title, prefix, domains string
	cmd := &cobra.Command{
		Use:   "new MODULE-PATH",
		Short: "Make a new project from this one, under another module path, name and prefix of the environment",
		Long: `Make a new project from this one, under another module path, name and prefix of the environment. The folder is named after
it, in the present one unless that is in this project, and must be empty or not there. Then the graph is generated, the
server built and the boundaries and domains tested.

It begins with all domains, or with identity alone, which is accounts and signing in, or with none: then the tokens that it
takes are signed elsewhere, with its key, or by the command server token. The shop's tests and figures go with the shop.`,
		Example: "  scaffold new github.com/acme/shop --into ../shop\n  scaffold new github.com/acme/billing --into ../billing --modules identity",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			names := start.NamesOf(args[0])
			names.Title, names.Prefix = cmp.Or(title, names.Title), cmp.Or(prefix, names.Prefix)
			if err := names.Check(); err != nil {
				return app.WithExitCode(err, app.ExitUsage)
			}
			if !slices.Contains(start.Choices, domains) {
				return app.WithExitCode(fmt.Errorf("--modules %s: there are %s", domains, strings.Join(start.Choices, ", ")), app.ExitUsage)
			}
			p, err := project.Open(w.folder)
			if err != nil {
				return err
			}
			if err := w.mend(cmd, p.Root); err != nil {
				return err
			}
			if into == "" && inside(p.Root) {
				return app.WithExitCode(fmt.Errorf("this is a project: say where the new one goes, --into ../%s", names.Word), app.ExitUsage)
			}
			return w.begin(cmd, p, cmp.Or(into, names.Word), names, domains)
		},
	}
	cmd.Flags().StringVar(&into, "into", "", "the folder (default: the last part of the path)")
	cmd.Flags().StringVar(&domains, "modules", start.All, "the domains that it begins with: "+strings.Join(start.Choices, ", "))
	cmd.Flags().StringVar(&title, "title", "", "what documents call it (default: Shop for …/shop)")
	cmd.Flags().StringVar(&prefix, "prefix", "", "of environment variables (default: SHOP for …/shop)")
	return cmd
}

// inside tells whether the present folder is a folder or in it.
func inside(folder string) bool {
	here, err := filepath.Abs(".")
	if err != nil {
		return false
	}
	way, err := filepath.Rel(folder, here)
	return err == nil && filepath.IsLocal(way)
}

// begin makes the project and makes sure that it is whole. Otherwise nothing of it stays.
func (w *work) begin(cmd *cobra.Command, from *project.Project, folder string, names start.Names, domains string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	if w.dryRun {
		return errors.New("new has no --dry-run: it writes into a folder of its own")
	}
	_, err = os.Stat(folder)
	there := err == nil
	runner := &verify.Runner{Root: folder, Graph: true, Program: w.program}
	err = runner.Timed("copy", func() error { return start.Make(from, folder, names, domains) })
	if err != nil {
		return err
	}
	if err := w.prove(cmd, folder, domains, runner); err != nil {
		return errors.Join(fmt.Errorf("%w\nnothing was made", err), start.Undo(folder, there))
	}
	answer := result{Steps: runner.Steps, Try: []string{"cd " + folder, "make run"}}
	if runner.Untidy {
		answer.Try = slices.Insert(answer.Try, 1, "go mod tidy # which needs the network for what it looks at")
	}
	if w.json {
		return inJSON(cmd.OutOrStdout(), answer)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "made %s in %s\n", names.Path, folder)
	w.details(cmd.OutOrStdout(), answer)
	return nil
}

// prove begins the history of the new project, and builds and tests it.
func (w *work) prove(cmd *cobra.Command, folder, domains string, runner *verify.Runner) error {
	git := exec.CommandContext(cmd.Context(), "git", "init", "-q")
	git.Dir = folder
	if said, err := git.CombinedOutput(); err != nil {
		return fmt.Errorf("git init: %w\n%s", err, said)
	}
	if w.fast {
		return cmd.Context().Err()
	}
	made, err := project.Open(folder)
	if err != nil {
		return err
	}
	staged, err := plan.New(made, w.now())
	if err != nil {
		return err
	}
	if runner.Versions, err = staged.Versions(); err != nil {
		return err
	}
	if domains == start.All {
		return runner.All(cmd.Context(), "./test/boundaries", "./modules/...")
	}
	if err := runner.Prune(cmd.Context()); err != nil {
		return err
	}
	return runner.All(cmd.Context(), "./test/boundaries", "./cmd/...", "./modules/...")
}
