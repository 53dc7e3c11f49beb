package database_test

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestStartCreatesTheFolderOfAnSQLiteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "with space & 100%", "data#1", "test.db")
	testkit.Start(t, database.Configs{"primary": {Driver: "sqlite", DSN: config.DSN(path)}})
	assert.FileExists(t, path)
}

func TestStartConnectsEverythingAndLogsIt(t *testing.T) {
	testkit.EachEmpty(t, func(t *testing.T, cfg database.Config) {
		var book logBook
		m, err := database.Open(database.Configs{"primary": cfg}, book.logger())
		require.NoError(t, err)
		require.NoError(t, m.Start(t.Context()))
		require.NoError(t, m.Close(t.Context()))
		assert.Contains(t, book.String(), "msg=\"database connected\" database=primary driver="+cfg.Driver+" attempt=1")
	})
}

func TestStartNamesEveryRequiredDatabaseThatStaysDown(t *testing.T) {
	down := database.Config{Driver: "mysql", DSN: closedPort(t), ConnectTimeout: 400 * time.Millisecond}
	var book logBook
	m, err := database.Open(database.Configs{"one": down, "two": down}, book.logger())
	require.NoError(t, err)
	err = m.Start(t.Context())
	require.ErrorIs(t, err, database.ErrUnavailable)
	require.ErrorContains(t, err, "the database one (mysql) is not reachable, tried for 400ms")
	require.ErrorContains(t, err, "the database two (mysql) is not reachable")
	require.ErrorContains(t, err, "connection refused")
	assert.Contains(t, book.String(), "database not reachable yet")
	assert.Contains(t, book.String(), "attempt=2")
	assert.Contains(t, book.String(), "next_try=")
	assert.NotContains(t, book.String()+err.Error(), "hunter2")
}

func TestStartGoesOnWithoutAnOptionalDatabaseWhichServesOnceItComesUp(t *testing.T) {
	cfg := testkit.EmptyMySQL(t)
	target, err := mysql.ParseDSN(cfg.DSN.Reveal())
	require.NoError(t, err)
	address, closed := target.Addr, closedPort(t)
	parsed, err := mysql.ParseDSN(closed.Reveal())
	require.NoError(t, err)
	target.Addr = parsed.Addr
	cfg.DSN, cfg.Optional, cfg.ConnectTimeout = config.DSN(target.FormatDSN()), true, 200*time.Millisecond

	var book logBook
	m, err := database.Open(database.Configs{"primary": cfg}, book.logger())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close(context.Background())) })
	require.NoError(t, m.Start(t.Context()))
	assert.Contains(t, book.String(), `level=WARN msg="going on without an optional database" database=primary`)
	require.ErrorIs(t, primary(t, m).Ping(t.Context()), database.ErrUnavailable)

	listener, err := net.Listen("tcp", parsed.Addr)
	require.NoError(t, err)
	serveLine(t, listener, address)
	assert.NoError(t, primary(t, m).Ping(t.Context()))
}

func TestStartEndsWithItsContext(t *testing.T) {
	m, err := database.Open(database.Configs{"primary": {Driver: "mysql", DSN: closedPort(t)}}, testkit.Quiet())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = m.Start(ctx)
	require.ErrorIs(t, err, context.Canceled)
	assert.ErrorContains(t, err, "connecting the database primary")
}

func TestStartWaitsForADatabaseThatComesUpLate(t *testing.T) {
	cfg := testkit.EmptyMySQL(t)
	target, err := mysql.ParseDSN(cfg.DSN.Reveal())
	require.NoError(t, err)
	parsed, err := mysql.ParseDSN(closedPort(t).Reveal())
	require.NoError(t, err)
	address := target.Addr
	target.Addr = parsed.Addr
	cfg.DSN = config.DSN(target.FormatDSN())

	book := &signalBook{want: "database not reachable yet", seen: make(chan struct{})}
	m, err := database.Open(database.Configs{"primary": cfg}, book.logger())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close(context.Background())) })
	started := make(chan error, 1)
	go func() { started <- m.Start(t.Context()) }()
	<-book.seen
	listener, err := net.Listen("tcp", parsed.Addr)
	require.NoError(t, err)
	serveLine(t, listener, address)
	require.NoError(t, <-started)
}
