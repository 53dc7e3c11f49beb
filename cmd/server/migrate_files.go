package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/migrate/lint"
	"github.com/trellis-go/trellis/platform/migrate/sqlfile"
)

// newMigrateCreate is for developers: it writes into the source tree.
func newMigrateCreate() *cobra.Command {
	var (
		dir       string
		warehouse bool
	)
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Write an empty migration of this name for each transactional engine, or for the warehouse",
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			engines, err := enginesOf(dir, warehouse)
			if err != nil {
				return app.WithExitCode(err, app.ExitUsage)
			}
			contents := map[string]string{}
			for _, engine := range engines {
				contents[engine] = sqlfile.Empty
			}
			written, err := sqlfile.Create(dir, args[0], time.Now(), contents)
			if errors.Is(err, sqlfile.ErrName) {
				err = app.WithExitCode(err, app.ExitUsage)
			}
			for _, file := range written {
				fmt.Fprintln(cmd.OutOrStdout(), file)
			}
			return err
		},
	}
	bindDir(cmd, &dir)
	cmd.Flags().BoolVar(&warehouse, "warehouse", false, "for "+sqlfile.Warehouse+" alone")
	return cmd
}

// enginesOf are those that a new migration is for.
func enginesOf(dir string, warehouse bool) ([]string, error) {
	switch {
	case !warehouse:
		return sqlfile.Engines(dir)
	case sqlfile.HasFolder(dir, sqlfile.Warehouse):
		return []string{sqlfile.Warehouse}, nil
	default:
		return nil, fmt.Errorf("%s has no folder %s: give the right one with --dir", dir, sqlfile.Warehouse)
	}
}

func newMigrateLint() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "lint",
		Short: "Find what destroys data, keeps others waiting or cannot be taken back",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := sqlfile.Engines(dir); err != nil {
				return app.WithExitCode(err, app.ExitUsage)
			}
			found, err := lint.Check(os.DirFS(dir), sqlfile.Transactional)
			if err != nil {
				return err
			}
			for _, one := range found {
				fmt.Fprintf(cmd.OutOrStdout(), "%s/%s\n", dir, one)
			}
			if len(found) > 0 {
				return fmt.Errorf("%d findings: mend them, or allow a rule in a file with -- lint: allow <rule>: <reason>", len(found))
			}
			return nil
		},
	}
	bindDir(cmd, &dir)
	return cmd
}

func bindDir(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "dir", "migrations", "the folder of migrations, with one for each engine")
}
