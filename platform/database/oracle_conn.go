package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	ora "github.com/sijms/go-ora/v2"
)

const (
	// oracleEmpty stands for the empty text, which Oracle takes for NULL: it would not be NOT NULL, would equal nothing,
	// and would be missing from an order. It sorts as the empty text does, before every other.
	oracleEmpty = "\x00"
	// oracleMostVarchar is how many bytes a VARCHAR2 takes. What is longer is for a CLOB.
	oracleMostVarchar = 4000
	// oracleMostBinds is how many values a statement takes.
	oracleMostBinds = 65535
)

// oracleConnector opens sessions that are all set up alike.
type oracleConnector struct{ driver.Connector }

func newOracleConnector(src source, dsn oracleDSN, io time.Duration) driver.Connector {
	if src.tls != nil {
		return oracleConnector{src.through(oracleSecure{dsn.with(io, true), src.tls})}
	}
	return oracleConnector{src.through(ora.NewConnector(dsn.with(io, false)))}
}

// rawOracle is what the driver's connections are.
type rawOracle interface {
	driver.Conn
	driver.Pinger
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

// Connect logs in. Texts are compared byte by byte, sizes are in characters, and what has a time has it in UTC, whatever
// the server's settings and the client's environment are.
func (c oracleConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	raw, ok := conn.(rawOracle)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%T is not a connection to Oracle", conn), conn.Close())
	}
	_, err = raw.ExecContext(ctx, fmt.Sprintf("ALTER SESSION SET TIME_ZONE = '+00:00' NLS_COMP = 'BINARY' "+
		"NLS_SORT = 'BINARY' NLS_LENGTH_SEMANTICS = 'CHAR' NLS_NUMERIC_CHARACTERS = '.,' DDL_LOCK_TIMEOUT = %d",
		oracleDDLLockWait), nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("setting up the session: %w", err), raw.Close())
	}
	return oracleConn{raw}, nil
}

// oracleConn is a driver's connection with statements and values as Oracle has them, and names and values read as every
// other engine gives them.
//
// It is no driver.SessionResetter, so that database/sql throws a connection away whose transaction ended with its ctx.
type oracleConn struct{ rawOracle }

// CheckNamedValue makes a driver.NamedValueChecker of it.
func (oracleConn) CheckNamedValue(arg *driver.NamedValue) error {
	if _, out := arg.Value.(sql.Out); out {
		return nil
	}
	value, err := driver.DefaultParameterConverter.ConvertValue(arg.Value)
	if err != nil {
		return err
	}
	arg.Value = oracleValue(value)
	return nil
}

// oracleValue is a value as it is sent.
func oracleValue(value driver.Value) driver.Value {
	switch value := value.(type) {
	case bool:
		if value {
			return int64(1)
		}
		return int64(0)
	case time.Time:
		// Not with its zone: the column would be converted to compare, and no index serves that.
		return ora.TimeStamp(value.UTC().Truncate(time.Microsecond))
	case string:
		switch {
		case value == "":
			return oracleEmpty
		case len(value) > oracleMostVarchar:
			return ora.Clob{String: value, Valid: true}
		}
	}
	return value
}

// ExecContext makes a driver.ExecerContext of it.
func (c oracleConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	query, err := oracleText(query, len(args))
	if err != nil {
		return nil, err
	}
	return c.rawOracle.ExecContext(ctx, query, args)
}

// QueryContext makes a driver.QueryerContext of it.
func (c oracleConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	query, err := oracleText(query, len(args))
	if err != nil {
		return nil, err
	}
	rows, err := c.rawOracle.QueryContext(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return oracleRows{rows}, nil
}

// PrepareContext refuses: what is prepared would pass by the above, and the server keeps parsed statements anyway.
func (oracleConn) PrepareContext(context.Context, string) (driver.Stmt, error) {
	return nil, errors.New("statements on Oracle are not prepared: execute them")
}

// IsValid makes a driver.Validator of it.
func (c oracleConn) IsValid() bool {
	resetter, ok := c.rawOracle.(driver.SessionResetter)
	return !ok || resetter.ResetSession(context.Background()) == nil
}

// oracleRows gives names in small letters, as they were written, and the empty text for what stands for it.
type oracleRows struct{ driver.Rows }

// Columns are the names.
func (r oracleRows) Columns() []string {
	columns := r.Rows.Columns()
	names := make([]string, len(columns))
	for i, name := range columns {
		names[i] = strings.ToLower(name)
	}
	return names
}

// Next reads a row.
func (r oracleRows) Next(row []driver.Value) error {
	if err := r.Rows.Next(row); err != nil {
		return err
	}
	for i, value := range row {
		if value == oracleEmpty {
			row[i] = ""
		}
	}
	return nil
}

// ColumnTypeDatabaseTypeName makes a driver.RowsColumnTypeDatabaseTypeName of it.
func (r oracleRows) ColumnTypeDatabaseTypeName(index int) string {
	if typed, ok := r.Rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		return typed.ColumnTypeDatabaseTypeName(index)
	}
	return ""
}

// ColumnTypeScanType makes a driver.RowsColumnTypeScanType of it.
func (r oracleRows) ColumnTypeScanType(index int) reflect.Type {
	if typed, ok := r.Rows.(driver.RowsColumnTypeScanType); ok {
		return typed.ColumnTypeScanType(index)
	}
	return reflect.TypeFor[any]()
}
