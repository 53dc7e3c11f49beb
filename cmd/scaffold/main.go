// Command scaffold adds business domains to a project of this kind, changes them and takes them out again. What it writes
// is mounted, migrated, documented and tested at once; when any of that fails, the project is what it was before.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/skim"
	"github.com/trellis-go/trellis/platform/app"
)

func main() { os.Exit(process()) }

// process is main with its deferred calls: an interrupted command takes back what it wrote.
func process() int {
	ctx, stop := signal.NotifyContext(context.Background(), interrupts()...)
	defer stop()
	if skim.Asked() {
		return app.ExitCode(skim.Answer(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	program, err := os.Executable()
	if err != nil {
		program = "" // Wire does without
	}
	return run(ctx, program, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}

// interrupts are the signals that interrupt a command. A terminal that is closed does, except for what goes on under nohup.
func interrupts() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// run is the command: it answers the exit code. The program is the file of this process, for Wire to call, or empty.
func run(ctx context.Context, program string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot(program)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(stderr, "error:", err)
	}
	return app.ExitCode(err)
}

func newRoot(program string) *cobra.Command {
	root := &cobra.Command{
		Use:   "scaffold",
		Short: "Add business domains to the project, change them, take them out again",
		Long: "Add business domains to the project, change them, take them out again.\n\n" +
			"Every command changes everything or nothing: when the code that it wrote does not compile or does not pass its tests,\n" +
			"or when you interrupt it, the files are what they were.",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return app.WithExitCode(err, app.ExitUsage) })
	work := &work{program: program}
	work.bind(root)
	root.AddCommand(
		newModule(work), newField(work), newOperation(work), newEvent(work), newSubscriber(work), newTask(work), newRename(work), newRemove(work),
		newMigration(work), newMiddleware(work),
		newList(work), newDoctor(work), newDiff(work), newUpgrade(work),
		newProject(work),
	)
	return root
}

// usage marks a mistake in the arguments as one of the command line.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		return app.WithExitCode(check(cmd, args), app.ExitUsage)
	}
}
