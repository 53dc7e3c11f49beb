package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/plan"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/project"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/tree"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/verify"
)

// work is what every command that changes the project is told.
type work struct {
	program string // see verify.Runner
	folder  string
	dryRun  bool
	json    bool
	fast    bool
}

func (w *work) bind(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.StringVarP(&w.folder, "directory", "C", ".", "the project, or a folder in it")
	flags.BoolVar(&w.dryRun, "dry-run", false, "print what would change as a diff, and change nothing")
	flags.BoolVar(&w.json, "json", false, "answer in JSON")
	flags.BoolVar(&w.fast, "no-verify", false, "do not generate the graph, build and test: you will")
}

// result is what a command answers.
type result struct {
	Changes []tree.Change `json:"changes"`
	Diff    string        `json:"diff,omitempty"` // with --dry-run
	Steps   []verify.Step `json:"steps,omitempty"`
	Notes   []string      `json:"notes,omitempty"`
	Try     []string      `json:"try,omitempty"` // commands to try what was made
}

// do stages changes, writes them and makes sure that the project is whole. Otherwise it takes them back.
func (w *work) do(cmd *cobra.Command, stage func(*plan.Plan) ([]string, error)) error {
	release, err := w.hold()
	if err != nil {
		return err
	}
	defer release()
	p, err := w.mended(cmd)
	if err != nil {
		return err
	}
	versions, err := p.Versions()
	if err != nil {
		return err
	}
	runner := &verify.Runner{Root: p.Root, Versions: versions, Program: w.program}
	var answer result
	err = runner.Timed("generate", func() error {
		var err error
		answer.Try, err = stage(p)
		return err
	})
	if err != nil {
		return errors.Unwrap(err)
	}
	answer.Notes = p.Notes
	if w.dryRun {
		answer.Changes, answer.Diff = p.Tree.Changes(false), p.Tree.Diff()
		return w.print(cmd.OutOrStdout(), answer)
	}
	if changes := p.Tree.Changes(false); len(changes) > 0 {
		runner.Graph = p.Regraphed()
		if err := w.apply(cmd, p, runner); err != nil {
			return err
		}
	}
	answer.Changes, answer.Steps = p.Tree.Changes(true), runner.Steps
	return w.print(cmd.OutOrStdout(), answer)
}

// apply writes what is staged and verifies it.
func (w *work) apply(cmd *cobra.Command, p *plan.Plan, runner *verify.Runner) error {
	err := p.Tree.Watch(runner.Watched()...)
	if err != nil {
		return err
	}
	if err := p.Tree.Apply(); err != nil {
		return err
	}
	runner.Lock = p.Tree.Lock()
	if !w.fast {
		err = runner.All(cmd.Context(), p.Packages()...)
	}
	if err == nil {
		err = cmd.Context().Err()
	}
	if err != nil {
		if undone := p.Tree.Rollback(); undone != nil {
			return errors.Join(err, fmt.Errorf("AND the files could not all be put back: %w", undone))
		}
		return fmt.Errorf("%w\nnothing was changed: every file is what it was", err)
	}
	return p.Tree.Done()
}

// hold keeps other commands away while this one plans and writes. A dry run does neither harm nor wait.
func (w *work) hold() (release func(), err error) {
	if w.dryRun {
		return func() {}, nil
	}
	p, err := project.Open(w.folder)
	if err != nil {
		return nil, err
	}
	held, err := tree.Hold(p.Root)
	if err != nil {
		return nil, err
	}
	return func() { _ = held.Close() }, nil
}

// mend takes back what a command has left half done that was killed, and says so. A dry run only says so.
func (w *work) mend(cmd *cobra.Command, root string) error {
	files, err := tree.Recover(root, !w.dryRun)
	if err != nil || len(files) == 0 {
		return err
	}
	list := strings.Join(files, "\n  ")
	if w.dryRun {
		return fmt.Errorf("a command was killed before it was done: the next one without --dry-run takes back what it did to\n  %s", list)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "a command was killed before it was done: these files are again what they were before it:\n  %s\n", list)
	return nil
}

// mended is plan for a command that changes something.
func (w *work) mended(cmd *cobra.Command) (*plan.Plan, error) {
	p, err := project.Open(w.folder)
	if err != nil {
		return nil, err
	}
	if err := w.mend(cmd, p.Root); err != nil {
		return nil, err
	}
	return plan.New(p, w.now())
}

func (w *work) plan() (*plan.Plan, error) {
	p, err := project.Open(w.folder)
	if err != nil {
		return nil, err
	}
	return plan.New(p, w.now())
}

func (*work) now() time.Time { return time.Now() }

// print answers for people or for programs.
func (w *work) print(out io.Writer, answer result) error {
	if w.json {
		if answer.Changes == nil {
			answer.Changes = []tree.Change{}
		}
		return inJSON(out, answer)
	}
	if answer.Diff != "" {
		fmt.Fprint(out, answer.Diff)
		return nil
	}
	if len(answer.Changes) == 0 {
		fmt.Fprintln(out, "nothing to do: it is all there")
		return nil
	}
	for _, change := range answer.Changes {
		fmt.Fprintf(out, "%-8s %s\n", change.What, change.Path)
	}
	w.details(out, answer)
	return nil
}

// details are what is said beside what has changed.
func (*work) details(out io.Writer, answer result) {
	for _, note := range answer.Notes {
		fmt.Fprintf(out, "%-8s %s\n", "note", note)
	}
	if len(answer.Steps) > 1 {
		var parts []string
		for _, step := range answer.Steps {
			parts = append(parts, fmt.Sprintf("%s %s", step.Name, step.Took.Round(step.Took/100+1).Round(time.Millisecond)))
		}
		fmt.Fprintf(out, "\n%s\n", strings.Join(parts, ", "))
	}
	if len(answer.Try) > 0 {
		fmt.Fprintf(out, "\ntry it:\n  %s\n", strings.Join(answer.Try, "\n  "))
	}
}
