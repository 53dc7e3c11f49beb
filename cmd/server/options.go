package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/trellis-go/trellis/configs"
	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/log"
	"github.com/trellis-go/trellis/platform/telemetry"
	wiregen "github.com/trellis-go/trellis/wire_gen"
)

// options are the flags of every command.
type options struct {
	environment string
	dir         string
	set         []string
}

func (o *options) bind(flags *pflag.FlagSet) {
	flags.StringVar(&o.environment, "env", "", "environment: development, test, staging or production (default: TRELLIS_ENV, then development)")
	flags.StringVar(&o.dir, "config-dir", "", "folder of the configuration files (default: TRELLIS_CONFIG_DIR, then configs, then the embedded ones)")
	flags.StringArrayVar(&o.set, "set", nil, "override a key: --set http.addr=:9000 (may be repeated)")
}

// load reads the configuration.
func (o *options) load() (*config.Loaded[wiregen.Config], error) {
	flags := map[string]string{}
	for _, pair := range o.set {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, app.WithExitCode(fmt.Errorf("--set %s: write key=value", pair), app.ExitUsage)
		}
		flags[key] = value
	}
	loaded, err := config.Load[wiregen.Config](config.Options{
		Environment: o.environment, Dir: o.dir, Embedded: configs.Files, Environ: os.Environ(), Flags: flags,
	})
	if err != nil {
		return nil, app.WithExitCode(err, app.ExitConfig)
	}
	return loaded, nil
}

// build puts the application together. The caller closes the logger.
func (o *options) build(stderr io.Writer) (*wiregen.Application, *log.Logger, error) {
	loaded, err := o.load()
	if err != nil {
		return nil, nil, err
	}
	logger, err := log.New(loaded.Value.Log, stderr)
	if err != nil {
		return nil, nil, app.WithExitCode(err, app.ExitConfig)
	}
	application, err := wiregen.New(loaded.Value, logger, telemetry.ReadBuild(version))
	if err != nil {
		_ = logger.Close()
		return nil, nil, app.WithExitCode(err, app.ExitConfig)
	}
	return application, logger, nil
}

// with makes a command's function of one that uses the application.
func (o *options) with(
	do func(cmd *cobra.Command, a *wiregen.Application, logger *log.Logger) error,
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) (err error) {
		application, logger, err := o.build(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, logger.Close()) }()
		return do(cmd, application, logger)
	}
}
