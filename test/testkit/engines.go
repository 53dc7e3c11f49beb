package testkit

import (
	"context"
	"crypto/rand"
	"database/sql"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
)

// MySQLVariable names the environment variable with the DSN of a MySQL or MariaDB server, without a database, whose user
// may create and drop databases: root@tcp(127.0.0.1:3306)/
const MySQLVariable = "TRELLIS_TEST_MYSQL_DSN"

// EachEngine runs a test on every engine, as a subtest each: on a fresh database named primary, with the program's
// migrations. MySQL is skipped when its variable is not set; Oracle is there only when its own is.
func EachEngine(t *testing.T, run func(t *testing.T, m *database.Manager)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, Database(t)) })
	t.Run("mysql", func(t *testing.T) { run(t, MigratedOn(t, EmptyMySQL(t), migrations.Files)) })
	onOracle(t, func(t *testing.T) { run(t, MigratedOn(t, EmptyOracle(t), migrations.Files)) })
}

// EachEngineWith is EachEngine with migrations of the test's own; files has a folder for each engine, or none for Oracle.
func EachEngineWith(t *testing.T, files fs.FS, run func(t *testing.T, m *database.Manager)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, Migrated(t, files)) })
	t.Run("mysql", func(t *testing.T) { run(t, MigratedOn(t, EmptyMySQL(t), files)) })
	if _, err := fs.Stat(files, "oracle"); err == nil {
		onOracle(t, func(t *testing.T) { run(t, MigratedOn(t, EmptyOracle(t), files)) })
	}
}

// EachEmpty runs a test on every engine with the configuration of a fresh database that has no tables.
func EachEmpty(t *testing.T, run func(t *testing.T, cfg database.Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, EmptySQLite(t)) })
	t.Run("mysql", func(t *testing.T) { run(t, EmptyMySQL(t)) })
	onOracle(t, func(t *testing.T) { run(t, EmptyOracle(t)) })
}

// EmptyMySQL creates a database without tables that is dropped when the test ends, and configures it. It skips the test
// when MySQLVariable is not set.
func EmptyMySQL(t testing.TB) database.Config {
	t.Helper()
	RunsOn(t, "mysql", Live)
	server := MySQLServer(t)
	name := "trellis_test_" + strings.ToLower(rand.Text()[:16])
	_, err := server.ExecContext(t.Context(), "CREATE DATABASE "+name+" CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := server.ExecContext(context.Background(), "DROP DATABASE "+name)
		require.NoError(t, err)
	})
	cfg := mysqlServer(t)
	cfg.DBName = name
	return database.Config{Driver: "mysql", DSN: config.DSN(cfg.FormatDSN())}
}

// MySQLServer is a plain connection to the server, beside any database that a test works on: to look, or to interfere. It
// skips the test when MySQLVariable is not set.
func MySQLServer(t testing.TB) *sql.DB {
	t.Helper()
	connector, err := mysql.NewConnector(mysqlServer(t))
	require.NoError(t, err)
	server := sql.OpenDB(connector)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return server
}

func mysqlServer(t testing.TB) *mysql.Config {
	t.Helper()
	dsn := os.Getenv(MySQLVariable)
	if dsn == "" {
		t.Skip("needs a MySQL server: set " + MySQLVariable + ", for example to root@tcp(127.0.0.1:3306)/")
	}
	cfg, err := mysql.ParseDSN(dsn)
	require.NoError(t, err, MySQLVariable)
	return cfg
}
