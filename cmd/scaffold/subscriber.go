package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/plan"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
	"github.com/trellis-go/trellis/platform/app"
)

func newSubscriber(w *work) *cobra.Command {
	var in string
	var wanted spec.Subscriber
	var version int
	var keep bool
	cmd := &cobra.Command{
		Use:   "subscriber EVENT --in MODULE",
		Short: "Let a generated module do something about an event of another",
		Long: "Let a generated module do something about an event of another, once for each event, however often it is delivered.\n\n" +
			"With --do it carries out one of its operations on every entity that the event is about: those that have the event's\n" +
			"subject in the field of --by, which is order_id for an event of an order, unless the event calls it otherwise. Otherwise it writes the event in the log,\n" +
			"and what else is to happen is yours to write, in the method of the service in events.go.\n\n" + mergeHelp,
		Example: "  scaffold subscriber order.placed --in invoice\n  scaffold subscriber order.canceled --in invoice --do void --by order_id",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: w.stages(func(p *plan.Plan, args []string) error {
			p.Keep = keep
			if in == "" {
				return app.WithExitCode(errors.New("say which module handles it: --in invoice"), app.ExitUsage)
			}
			event := args[0]
			if version != 0 {
				event = fmt.Sprintf("%s.v%d", event, version)
			}
			return p.AddSubscriber(in, event, wanted)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&in, "in", "", "the module that handles it")
	flags.IntVar(&version, "version", 0, "the version of the event (default: the latest)")
	flags.StringVar(&wanted.Do, "do", "", "the operation that it carries out")
	flags.StringVar(&wanted.By, "by", "", "the field that has the event's subject (default: as the event calls it, order_id for the id of an order)")
	flags.StringVar(&wanted.Name, "name", "", "of the subscription, which is for ever (default: invoice.order_placed)")
	bindKeep(cmd, &keep)
	return cmd
}
