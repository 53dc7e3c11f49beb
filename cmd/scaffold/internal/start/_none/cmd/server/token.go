package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/id"
)

func newToken(opts *options) *cobra.Command {
	var user, role string
	var ttl time.Duration
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Sign an access token with the configured key, for development and for scripts",
		Long: "Sign an access token with the configured key. This application has no accounts: it lets in whoever has a token that one\n" +
			"of its keys has signed, until that expires.",
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !auth.Role(role).Valid() {
				return app.WithExitCode(fmt.Errorf("--role %s: there are %v", role, auth.Roles), app.ExitUsage)
			}
			loaded, err := opts.load()
			if err != nil {
				return err
			}
			cfg := loaded.Value.Auth
			if ttl > 0 {
				cfg.AccessTTL = ttl
			}
			tokens, err := auth.NewTokens(cfg, clock.System)
			if err != nil {
				return app.WithExitCode(err, app.ExitConfig)
			}
			if err := tokens.Start(cmd.Context()); err != nil {
				return app.WithExitCode(err, app.ExitConfig)
			}
			signed, err := tokens.Issue(auth.Principal{UserID: user, Role: auth.Role(role), SessionID: id.New()})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), signed)
			return err
		},
	}
	cmd.Flags().StringVar(&user, "user", "admin", "who it is for")
	cmd.Flags().StringVar(&role, "role", string(auth.Admin), "customer, staff or admin")
	cmd.Flags().DurationVar(&ttl, "ttl", 0, "for how long it is good (default: auth.access_ttl)")
	return cmd
}
