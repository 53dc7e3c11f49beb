package autogen

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ariga.io/atlas/sql/mysql"
	"ariga.io/atlas/sql/sqlite"
	driver "github.com/go-sql-driver/mysql"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
)

// SQLite compares in files of a temporary folder.
func SQLite() Engine {
	return &relational{name: "sqlite", open: sqlite.Open, create: createSQLite, prepare: sqliteChanges}
}

// MySQL compares on a server, MySQL or MariaDB, in databases with names of their own that it creates and drops. The user
// of dsn must be allowed to; a database that dsn names is not touched.
func MySQL(dsn config.DSN) (Engine, error) {
	cfg, err := driver.ParseDSN(dsn.Reveal())
	if err != nil {
		return nil, errors.New("the MySQL DSN is not of the form user:password@tcp(host:port)/")
	}
	create := func(ctx context.Context) (database.Config, func(context.Context) error, error) {
		return createMySQL(ctx, cfg)
	}
	return &relational{name: "mysql", open: mysql.Open, create: create, online: true}, nil
}

func createSQLite(context.Context) (database.Config, func(context.Context) error, error) {
	folder, err := os.MkdirTemp("", "trellis-schema-")
	if err != nil {
		return database.Config{}, nil, err
	}
	dsn := filepath.Join(folder, "scratch.db")
	drop := func(context.Context) error { return os.RemoveAll(folder) }
	return database.Config{Driver: "sqlite", DSN: config.DSN(dsn)}, drop, nil
}

func createMySQL(ctx context.Context, cfg *driver.Config) (database.Config, func(context.Context) error, error) {
	cfg = cfg.Clone()
	cfg.DBName = ""
	name := fmt.Sprintf("trellis_schema_%d_%s", os.Getpid(), strings.ToLower(rand.Text()[:16]))
	err := execMySQL(ctx, cfg, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
	if err != nil {
		return database.Config{}, nil, fmt.Errorf("creating a scratch database: %w", err)
	}
	drop := func(ctx context.Context) error { return execMySQL(ctx, cfg, "DROP DATABASE "+name) }
	scratch := cfg.Clone()
	scratch.DBName = name
	return database.Config{Driver: "mysql", DSN: config.DSN(scratch.FormatDSN())}, drop, nil
}

func execMySQL(ctx context.Context, cfg *driver.Config, statement string) (err error) {
	connector, err := driver.NewConnector(cfg)
	if err != nil {
		return err
	}
	server := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, server.Close()) }()
	_, err = server.ExecContext(ctx, statement)
	return err
}
