package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// sqliteConnector opens connections to a file, for database/sql. Whichever of the two drivers is compiled in, the
// connections are set up by the same statements and write the same bytes.
type sqliteConnector struct {
	file    sqliteFile
	busy    time.Duration // to wait for a lock
	pragmas []string
}

// rawSQLite is what both drivers' connections are.
type rawSQLite interface {
	driver.Conn
	driver.Pinger
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

// Driver is the driver compiled in.
func (c *sqliteConnector) Driver() driver.Driver { return sqliteDriver() }

// Connect opens the file, and creates it and its folder when they are not there.
func (c *sqliteConnector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := os.MkdirAll(filepath.Dir(c.file.path), 0o750); err != nil {
		return nil, unavailable(fmt.Errorf("creating the folder of the database: %w", err))
	}
	// A transaction takes the write lock when it begins: one that reads first could find later that it may not write.
	params := url.Values{"_txlock": {"immediate"}}
	sqliteParams(params)
	conn, err := c.Driver().Open(c.file.uri(params))
	if err != nil {
		return nil, err
	}
	raw, ok := conn.(rawSQLite)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%T is not a connection to SQLite", conn), conn.Close())
	}
	if err := c.setUp(ctx, raw); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return sqliteConn{raw}, nil
}

func (c *sqliteConnector) setUp(ctx context.Context, conn rawSQLite) error {
	timeout := fmt.Sprintf("PRAGMA busy_timeout = %d", c.busy.Milliseconds())
	for _, pragma := range append([]string{timeout}, c.pragmas...) {
		if err := execPatiently(ctx, conn, pragma, c.busy); err != nil {
			return fmt.Errorf("%s: %w", pragma, err)
		}
	}
	return nil
}

// execPatiently also waits where SQLite does not: when several processes turn a new file to WAL at once, those who come
// late are told at once that it is busy.
func execPatiently(ctx context.Context, conn rawSQLite, statement string, patience time.Duration) error {
	const turn = 5 * time.Millisecond
	for began := time.Now(); ; {
		_, err := conn.ExecContext(ctx, statement, nil)
		if err == nil || !errors.Is(classifySQLite(err), ErrBusy) || time.Since(began) > patience {
			return err
		}
		if !sleep(ctx, jittered(turn)) {
			return ctx.Err()
		}
	}
}

// sqliteConn is a driver's connection that writes times in UTC to the microsecond: SQLite compares them as text, which is
// right only in one zone, and other engines keep no more than microseconds.
//
// It is no driver.SessionResetter, so that database/sql throws a connection away whose transaction ended with its ctx,
// rather than trust it to be clean.
type sqliteConn struct{ rawSQLite }

// CheckNamedValue makes a driver.NamedValueChecker of it.
func (sqliteConn) CheckNamedValue(arg *driver.NamedValue) error {
	value, err := driver.DefaultParameterConverter.ConvertValue(arg.Value)
	if err != nil {
		return err
	}
	if at, isTime := value.(time.Time); isTime {
		value = at.UTC().Truncate(time.Microsecond)
	}
	arg.Value = value
	return nil
}

// IsValid makes a driver.Validator of it.
func (c sqliteConn) IsValid() bool {
	validator, ok := c.rawSQLite.(driver.Validator)
	return !ok || validator.IsValid()
}
