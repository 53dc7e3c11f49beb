package database_test

import (
	"database/sql"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/test/testkit"
)

// BenchmarkMySQLParameters compares the ways in which a statement with parameters reaches the server: with them in the
// text, as we do; prepared for this once, as the driver does by itself; prepared once for all, as gorm's PrepareStmt does.
func BenchmarkMySQLParameters(b *testing.B) {
	const query = "SELECT id, n FROM counters WHERE id = ? AND n >= ?"
	read := func(b *testing.B, ask func(id string, n int) *sql.Row) {
		b.Helper()
		for b.Loop() {
			var id string
			var n int
			if err := ask("a", 0).Scan(&id, &n); err != nil {
				b.Fatal(err)
			}
		}
	}
	for name, interpolate := range map[string]bool{"interpolated": true, "prepared each time": false} {
		b.Run(name, func(b *testing.B) {
			pool := benchmarkPool(b, interpolate)
			read(b, func(id string, n int) *sql.Row { return pool.QueryRowContext(b.Context(), query, id, n) })
		})
	}
	b.Run("prepared once", func(b *testing.B) {
		statement, err := benchmarkPool(b, false).PrepareContext(b.Context(), query)
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, statement.Close()) })
		read(b, func(id string, n int) *sql.Row { return statement.QueryRowContext(b.Context(), id, n) })
	})
}

// benchmarkPool is a plain pool on a database with one counter.
func benchmarkPool(b *testing.B, interpolate bool) *sql.DB {
	b.Helper()
	dsn, err := mysql.ParseDSN(testkit.EmptyMySQL(b).DSN.Reveal())
	require.NoError(b, err)
	dsn.InterpolateParams = interpolate
	connector, err := mysql.NewConnector(dsn)
	require.NoError(b, err)
	pool := sql.OpenDB(connector)
	b.Cleanup(func() { require.NoError(b, pool.Close()) })
	for _, statement := range []string{
		"CREATE TABLE counters (id VARCHAR(36) NOT NULL PRIMARY KEY, n BIGINT NOT NULL)", "INSERT INTO counters VALUES ('a', 1)",
	} {
		_, err = pool.ExecContext(b.Context(), statement)
		require.NoError(b, err)
	}
	return pool
}
