package database_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	sqliteTables = `-- +goose Up
CREATE TABLE counters (id TEXT NOT NULL PRIMARY KEY, n INTEGER NOT NULL);
CREATE TABLE items (id TEXT NOT NULL PRIMARY KEY, score INTEGER NOT NULL, at DATETIME NOT NULL);
CREATE TABLE users (id TEXT NOT NULL PRIMARY KEY, email TEXT NOT NULL);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE TABLE posts (id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id));
-- +goose Down
DROP TABLE posts;
`
	mysqlTables = `-- +goose Up
CREATE TABLE counters (id VARCHAR(36) NOT NULL PRIMARY KEY, n BIGINT NOT NULL);
CREATE TABLE items (id VARCHAR(36) NOT NULL PRIMARY KEY, score BIGINT NOT NULL, at DATETIME(6) NOT NULL);
CREATE TABLE users (id VARCHAR(36) NOT NULL PRIMARY KEY, email VARCHAR(190) NOT NULL);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE TABLE posts (id VARCHAR(36) NOT NULL PRIMARY KEY, user_id VARCHAR(36) NOT NULL REFERENCES users (id));
-- +goose Down
DROP TABLE posts;
`
	oracleTables = `-- +goose Up
CREATE TABLE counters (id VARCHAR2(36) NOT NULL CONSTRAINT counters_key PRIMARY KEY, n NUMBER(19) NOT NULL);
CREATE TABLE items (id VARCHAR2(36) NOT NULL PRIMARY KEY, score NUMBER(19) NOT NULL, at TIMESTAMP(6) NOT NULL);
CREATE TABLE users (id VARCHAR2(36) NOT NULL PRIMARY KEY, email VARCHAR2(190) NOT NULL);
CREATE UNIQUE INDEX users_email ON users (email);
CREATE TABLE posts (id VARCHAR2(36) NOT NULL PRIMARY KEY, user_id VARCHAR2(36) NOT NULL REFERENCES users (id));
-- +goose Down
DROP TABLE posts;
`
)

type counter struct {
	ID string
	N  int
}

type item struct {
	ID    string
	Score int
	At    time.Time
}

type user struct {
	ID    string
	Email string
}

type post struct {
	ID     string
	UserID string
}

func tables() fstest.MapFS {
	return fstest.MapFS{
		"sqlite/1_tables.sql": {Data: []byte(sqliteTables)},
		"mysql/1_tables.sql":  {Data: []byte(mysqlTables)},
		"oracle/1_tables.sql": {Data: []byte(oracleTables)},
	}
}

// eachEngine runs a specification on every engine, on a database with the tables above.
func eachEngine(t *testing.T, run func(t *testing.T, db *database.DB)) {
	t.Helper()
	testkit.EachEngineWith(t, tables(), func(t *testing.T, m *database.Manager) { run(t, primary(t, m)) })
}

// onMySQL runs what only a server can be put through.
func onMySQL(t *testing.T) *database.DB {
	t.Helper()
	return onConfig(t, testkit.EmptyMySQL(t))
}

func onConfig(t *testing.T, cfg database.Config) *database.DB {
	t.Helper()
	return primary(t, testkit.MigratedOn(t, cfg, tables()))
}

func primary(t *testing.T, m *database.Manager) *database.DB {
	t.Helper()
	db, err := m.DB(testkit.Name)
	require.NoError(t, err)
	return db
}

func add(ctx context.Context, db *database.DB, id string) error {
	return db.Writer(ctx).Create(&counter{ID: id}).Error
}

// ids lists the counters there are, as everybody sees them.
func ids(t *testing.T, db *database.DB) []string {
	t.Helper()
	found := []string{}
	require.NoError(t, db.Reader(t.Context()).Model(&counter{}).Order("id").Pluck("id", &found).Error)
	return found
}

// logBook is a log to look into.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBook) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(line)
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *logBook) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// signalBook is a log that tells when a certain text comes for the first time.
type signalBook struct {
	want string
	seen chan struct{}
	once sync.Once
}

func (b *signalBook) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(b.want)) {
		b.once.Do(func() { close(b.seen) })
	}
	return len(line), nil
}

func (b *signalBook) logger() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }
