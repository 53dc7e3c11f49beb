package script_test

import (
	"context"
	"database/sql"
	"log/slog"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/migrate/script"
	"github.com/trellis-go/trellis/test/testkit"
)

// executed keeps the statements that goose says it executes.
type executed struct {
	slog.Handler
	statements *[]string
}

func (e executed) Handle(_ context.Context, record slog.Record) error {
	record.Attrs(func(attr slog.Attr) bool {
		if attr.Key == "statement" {
			*e.statements = append(*e.statements, attr.Value.String())
		}
		return true
	})
	return nil
}

func (e executed) Enabled(context.Context, slog.Level) bool { return true }

const odd = `-- +goose Up
-- a comment;
CREATE TABLE a (id INTEGER); -- ends here
CREATE TABLE b (
  -- within; it
  id INTEGER

); -- +
-- +goose StatementBegin
CREATE TRIGGER t AFTER INSERT ON a BEGIN
  DELETE FROM b;
END;
-- +goose StatementEnd
  SELECT
	1 ;

-- +goose Down
DROP TABLE b;
-- between
DROP TABLE a;
`

func TestStatementsAreThoseThatGooseExecutes(t *testing.T) {
	m := testkit.Start(t, database.Configs{testkit.Name: testkit.EmptySQLite(t)})
	db, err := m.DB(testkit.Name)
	require.NoError(t, err)
	var ran []string
	require.NoError(t, db.Exclusive(t.Context(), func(ctx context.Context, pool *sql.DB) error {
		provider, err := goose.NewProvider(goose.DialectSQLite3, pool, fstest.MapFS{"1_odd.sql": {Data: []byte(odd)}},
			goose.WithVerbose(true), goose.WithSlog(slog.New(executed{slog.DiscardHandler, &ran})))
		require.NoError(t, err)
		_, err = provider.Up(ctx)
		require.NoError(t, err)
		_, err = provider.Down(ctx)
		return err
	}))
	read, err := script.Parse(odd)
	require.NoError(t, err)
	var parsed []string
	for _, statement := range append(read.Up, read.Down...) {
		parsed = append(parsed, statement.SQL)
	}
	assert.Equal(t, ran, parsed)
}
