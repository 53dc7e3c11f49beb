package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/plan"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
	"github.com/trellis-go/trellis/platform/app"
)

func newTask(w *work) *cobra.Command {
	var asked spec.Task
	var set string
	var keep bool
	cmd := &cobra.Command{
		Use:   "task MODULE VERB",
		Short: "Let a generated module do something in the background: when it is asked to, or by the clock",
		Long: "Let a generated module do something in the background, with its rule, handler and test.\n\n" +
			"Without --every and --cron an operation begins it for one entity, POST /invoices/{id}/remind, and answers 202 with the\n" +
			"task. With one of them the clock begins it for all that it is due for. What it is due for, its rule decides: the\n" +
			"entity's method of that name, which sets the field of --set, or the enum that has the past participle of the verb\n" +
			"among its values, or a time that is added (remind sets reminded_at). Once that is set it is not due any more.\n\n" + mergeHelp,
		Example: "  scaffold task invoice remind\n  scaffold task invoice remind --cron \"0 7 * * *\" --zone Europe/Berlin\n" +
			"  scaffold task invoice archive --set archived=true --every 15m",
		Args: usage(cobra.ExactArgs(2)),
		RunE: w.stages(func(p *plan.Plan, args []string) error {
			p.Keep = keep
			job := asked
			job.Name = args[1]
			var given bool
			if job.Sets, job.To, given = strings.Cut(set, "="); set != "" && !given {
				return app.WithExitCode(errors.New("say what it sets, and to what: --set archived=true"), app.ExitUsage)
			}
			return p.AddTask(args[0], job)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&set, "set", "", "what it sets, as status=sent, archived=true or reminded_at=now")
	flags.StringVar(&asked.Every, "every", "", "how often the clock begins it, as 15m")
	flags.StringVar(&asked.Cron, "cron", "", "when the clock begins it: minute, hour, day of the month, month, day of the week")
	flags.StringVar(&asked.Zone, "zone", "", "the time zone of --cron (default: UTC)")
	bindKeep(cmd, &keep)
	return cmd
}
