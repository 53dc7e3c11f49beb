package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/migrate/autogen"
	"github.com/trellis-go/trellis/platform/migrate/sqlfile"
)

// Where the server is on which MySQL's scratch databases are made: the second is what the tests use.
const (
	mysqlVariable     = "TRELLIS_MIGRATE_MYSQL_DSN"
	mysqlTestVariable = "TRELLIS_TEST_MYSQL_DSN"
)

// comparison is what both commands are told.
type comparison struct {
	dir     string
	engines []string
	mysql   string
}

func (c *comparison) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&c.dir, "dir", "migrations", "the folder of migrations, with one for each engine")
	flags.StringSliceVar(&c.engines, "engines", nil, "sqlite, mysql, oracle (default: those with a folder)")
	flags.StringVar(&c.mysql, "mysql-dsn", "", "a MySQL or MariaDB server to create and drop scratch databases on: user:password@tcp(host:port)/ (default: "+
		mysqlVariable+", then "+mysqlTestVariable+")")
}

// errNoServer is for an engine that there is no server of. The others are compared all the same.
var errNoServer = errors.New("mysql was not compared, for want of a server: give --mysql-dsn or " + mysqlVariable +
	", or ask for --engines sqlite,oracle alone")

// found is the differences by engine.
type found map[string]*autogen.Difference

func (f found) empty() bool {
	for _, difference := range f {
		if !difference.Empty() {
			return false
		}
	}
	return true
}

// compare gives the differences of every engine that can be compared. Its error may be errNoServer, beside them.
func (c *comparison) compare(ctx context.Context) (found, error) {
	names, err := c.names()
	if err != nil {
		return nil, app.WithExitCode(err, app.ExitUsage)
	}
	modules, err := modules(ctx)
	if err != nil {
		return nil, err
	}
	differences := found{}
	var missing error
	for _, name := range names {
		engine, err := c.engine(name)
		if errors.Is(err, errNoServer) {
			missing = err
			continue
		}
		if err != nil {
			return nil, app.WithExitCode(err, app.ExitUsage)
		}
		if differences[name], err = engine.Compare(ctx, os.DirFS(c.dir), modules); err != nil {
			return nil, err
		}
	}
	return differences, missing
}

// names are the engines that were asked for, or all that there is a folder of and that can be compared.
func (c *comparison) names() ([]string, error) {
	there, err := sqlfile.Engines(c.dir)
	if err != nil {
		return nil, err
	}
	for _, name := range c.engines {
		if !slices.Contains(there, name) {
			return nil, fmt.Errorf("--engines %s: %s has %s", name, c.dir, strings.Join(there, ", "))
		}
	}
	if len(c.engines) > 0 {
		return c.engines, nil
	}
	return there, nil
}

func (c *comparison) engine(name string) (autogen.Engine, error) {
	switch name {
	case "sqlite":
		return autogen.SQLite(), nil
	case "oracle":
		return autogen.Oracle(), nil
	case "mysql":
		dsn := cmp.Or(c.mysql, os.Getenv(mysqlVariable), os.Getenv(mysqlTestVariable))
		if dsn == "" {
			return nil, errNoServer
		}
		return autogen.MySQL(config.DSN(dsn))
	default:
		return nil, fmt.Errorf("--engines %s: it cannot be compared: write its file by hand", name)
	}
}
