//go:build integration

package database_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMySQLIsReachedThroughTLSWithOurCertificate(t *testing.T) {
	server, client := newIdentity(t, "db.test"), newIdentity(t, "trellis.test")
	root := testkit.StartMariaDB(t, "--ssl-cert="+server.cert, "--ssl-key="+server.key, "--ssl-ca="+client.cert)
	prepare(t, root, "CREATE DATABASE shop CHARACTER SET utf8mb4", "CREATE USER app IDENTIFIED BY 'hunter2' REQUIRE X509",
		"GRANT ALL ON shop.* TO app")
	dsn := root.Clone()
	dsn.User, dsn.Passwd, dsn.DBName = "app", "hunter2", "shop"
	cfg := database.Config{
		Driver: "mysql", DSN: config.DSN(dsn.FormatDSN()),
		TLS: database.TLS{CA: server.cert, Cert: client.cert, Key: client.key, ServerName: "db.test"},
	}
	cfg.Replicas = []config.DSN{cfg.DSN}
	db := primary(t, testkit.Start(t, database.Configs{testkit.Name: cfg}))
	for _, ctx := range []context.Context{t.Context(), database.Fresh(t.Context())} { // the replica and the primary
		var name, cipher string
		require.NoError(t, db.Reader(ctx).Raw("SHOW STATUS LIKE 'Ssl_cipher'").Row().Scan(&name, &cipher))
		assert.NotEmpty(t, cipher)
	}
	assert.NoError(t, db.Exclusive(t.Context(), func(ctx context.Context, pool *sql.DB) error { return pool.PingContext(ctx) }))

	for name, wrong := range map[string]func(*database.TLS){
		"a name that the certificate does not have": func(s *database.TLS) { s.ServerName = "other.test" },
		"authorities that did not sign it":          func(s *database.TLS) { s.CA = client.cert },
		"no certificate of ours":                    func(s *database.TLS) { s.Cert, s.Key = "", "" },
		"no TLS":                                    func(s *database.TLS) { *s = database.TLS{} },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := cfg
			cfg.ConnectTimeout = 100 * time.Millisecond
			wrong(&cfg.TLS)
			m, err := database.Open(database.Configs{testkit.Name: cfg}, testkit.Quiet())
			require.NoError(t, err)
			assert.Error(t, m.Start(t.Context()))
		})
	}
}

// prepare runs statements as root.
func prepare(t *testing.T, root *mysql.Config, statements ...string) {
	t.Helper()
	connector, err := mysql.NewConnector(root)
	require.NoError(t, err)
	pool := sql.OpenDB(connector)
	defer func() { require.NoError(t, pool.Close()) }()
	for _, statement := range statements {
		_, err := pool.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
}
