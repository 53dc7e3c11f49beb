package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/module"
	wiregen "github.com/trellis-go/trellis/wire_gen"
)

const (
	// brokerWait is how long a command waits for the broker.
	brokerWait = 15 * time.Second
	// lettersAtOnce is how many dead letters are asked for at a time: as many as RabbitMQ is looked through for.
	lettersAtOnce = 10_000
)

func newDeadLetters(opts *options) *cobra.Command {
	cmd := &cobra.Command{
		Use: "deadletters", Short: "Look after events that could not be handled",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return app.WithExitCode(fmt.Errorf("deadletters has no command %q", args[0]), app.ExitUsage)
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(
		newLettersList(opts), newLettersShow(opts),
		newLettersEach(opts, "retry", "Deliver dead letters again, to their subscription alone", "delivered again", broker.Broker.Retry),
		newLettersEach(opts, "discard", "Forget dead letters for good", "discarded", broker.Broker.Discard),
	)
	return cmd
}

func newLettersList(opts *options) *cobra.Command {
	var limit int
	cmd := opts.letters("list [SUBSCRIPTION]", "List the dead letters of a subscription, or of all", cobra.MaximumNArgs(1),
		func(cmd *cobra.Command, a *wiregen.Application, args []string) error {
			if len(args) == 0 {
				for _, s := range module.Subscriptions(a.Modules) {
					args = append(args, s.Name)
				}
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "SUBSCRIPTION\tID\tTYPE\tSUBJECT\tDIED\tATTEMPTS\tERROR")
			for _, name := range args {
				letters, err := a.Broker.Dead(cmd.Context(), name, limit)
				if err != nil {
					return err
				}
				for _, l := range letters {
					fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\t%.120q\n", l.Subscription, l.ID, l.Type, l.Subject,
						l.DiedAt.Format(time.RFC3339), l.Attempts, l.Error)
				}
			}
			return table.Flush()
		})
	cmd.Flags().IntVar(&limit, "limit", 100, "how many of a subscription, the oldest first")
	return cmd
}

func newLettersShow(opts *options) *cobra.Command {
	return opts.letters("show SUBSCRIPTION ID", "Print a dead letter as JSON: the event, and why it was given up", cobra.ExactArgs(2),
		func(cmd *cobra.Command, a *wiregen.Application, args []string) error {
			letter, err := a.Broker.DeadByID(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			if letter == nil {
				return noLetter(args[0], args[1])
			}
			return printLetter(cmd.OutOrStdout(), letter)
		})
}

func printLetter(out io.Writer, l *broker.DeadLetter) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Subscription string         `json:"subscription"`
		Attempts     int            `json:"attempts"`
		Error        string         `json:"error"`
		DiedAt       time.Time      `json:"died_at"`
		Event        broker.Message `json:"event"`
	}{l.Subscription, l.Attempts, l.Error, l.DiedAt, l.Message})
}

func noLetter(subscription, id string) error {
	return fmt.Errorf("the subscription %s has no dead letter %s", subscription, id)
}

// newLettersEach is a command that does something with one dead letter of a subscription, or with all.
func newLettersEach(
	opts *options, verb, short, done string, do func(broker.Broker, context.Context, string, string) (bool, error),
) *cobra.Command {
	var all bool
	cmd := opts.letters(verb+" SUBSCRIPTION [ID …]", short, cobra.MinimumNArgs(1),
		func(cmd *cobra.Command, a *wiregen.Application, args []string) error {
			ids := args[1:]
			if all == (len(ids) > 0) {
				return app.WithExitCode(errors.New("give the ids of dead letters, or --all"), app.ExitUsage)
			}
			settle := func(id string) (bool, error) {
				found, err := do(a.Broker, cmd.Context(), args[0], id)
				if found && err == nil {
					fmt.Fprintln(cmd.OutOrStdout(), id, done)
				}
				return found, err
			}
			if all {
				return settleAll(cmd.Context(), a.Broker, args[0], lettersAtOnce, settle)
			}
			for _, id := range ids {
				found, err := settle(id)
				if err == nil && !found {
					err = noLetter(args[0], id)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	cmd.Flags().BoolVar(&all, "all", false, "all dead letters that the subscription has now")
	return cmd
}

// settleAll settles every letter that has died by now, some at a time. One that is not found has been settled by somebody
// else, and one that comes back is left: its time of death is later, or not known.
func settleAll(
	ctx context.Context, box broker.DeadLetters, subscription string, atOnce int, settle func(id string) (bool, error),
) error {
	start, settled := time.Now(), map[string]bool{}
	for {
		letters, err := box.Dead(ctx, subscription, atOnce)
		if err != nil {
			return err
		}
		letters = slices.DeleteFunc(letters, func(l broker.DeadLetter) bool { return settled[l.ID] || l.DiedAt.After(start) })
		if len(letters) == 0 {
			return nil
		}
		for _, l := range letters {
			if _, err := settle(l.ID); err != nil {
				return err
			}
			settled[l.ID] = true
		}
	}
}

// letters is a command that runs with the broker connected.
func (o *options) letters(
	use, short string, args cobra.PositionalArgs, do func(cmd *cobra.Command, a *wiregen.Application, args []string) error,
) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: usage(args),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			application, logger, err := o.build(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			rest := context.WithoutCancel(cmd.Context())
			defer func() { err = errors.Join(err, logger.Close()) }()
			defer func() { err = errors.Join(err, application.Databases.Close(rest)) }()
			if err := application.Databases.Start(cmd.Context()); err != nil {
				return app.WithExitCode(err, app.ExitUnavailable)
			}
			if err := application.Broker.Start(cmd.Context()); err != nil {
				return app.WithExitCode(err, app.ExitUnavailable)
			}
			defer func() { err = errors.Join(err, application.Broker.Stop(rest)) }()
			if err := reach(cmd.Context(), application.Broker); err != nil {
				return app.WithExitCode(err, app.ExitUnavailable)
			}
			return do(cmd, application, args)
		},
	}
}

// reach waits for the broker.
func reach(ctx context.Context, b broker.Broker) error {
	limited, cancel := context.WithTimeout(ctx, brokerWait)
	defer cancel()
	for {
		err := b.Ping(limited)
		if err == nil {
			return nil
		}
		select {
		case <-limited.Done():
			return fmt.Errorf("the broker cannot be reached: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
