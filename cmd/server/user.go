package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/auth"
)

func newUser(opts *options) *cobra.Command {
	cmd := &cobra.Command{
		Use: "user", Short: "Make accounts",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return app.WithExitCode(fmt.Errorf("user has no command %q", args[0]), app.ExitUsage)
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(newUserCreate(opts))
	return cmd
}

func newUserCreate(opts *options) *cobra.Command {
	var email, role string
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make an account; the password is asked for, or read from standard input",
		Long: "Make an account. The password is asked for on a terminal, and else is the first line of standard input: it is no\n" +
			"argument, since others see those.",
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if email == "" {
				return app.WithExitCode(errors.New("--email: give the address to sign in with"), app.ExitUsage)
			}
			if !auth.Role(role).Valid() {
				return app.WithExitCode(fmt.Errorf("--role %s: there are %v", role, auth.Roles), app.ExitUsage)
			}
			application, logger, err := opts.build(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, logger.Close()) }()
			password, err := readPassword(cmd.InOrStdin(), cmd.ErrOrStderr())
			if err != nil {
				return app.WithExitCode(err, app.ExitUsage)
			}
			defer func() { err = errors.Join(err, application.Databases.Close(context.WithoutCancel(cmd.Context()))) }()
			if err := application.Databases.Start(cmd.Context()); err != nil {
				return app.WithExitCode(err, app.ExitUnavailable)
			}
			made, err := application.Domains.Identity.Accounts.CreateUser(cmd.Context(), email, password, auth.Role(role))
			if err != nil {
				return fmt.Errorf("create the account: %w", err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), made.ID)
			return err
		},
	}
	cmd.Flags().StringVar(&email, "email", "", "the address to sign in with")
	cmd.Flags().StringVar(&role, "role", string(auth.Customer), "customer, staff or admin")
	return cmd
}

// readPassword asks for a password when somebody is there, without showing it, and reads a line otherwise.
func readPassword(in io.Reader, prompt io.Writer) (string, error) {
	if file, ok := in.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		fmt.Fprint(prompt, "Password: ")
		typed, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(prompt)
		return string(typed), err
	}
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
