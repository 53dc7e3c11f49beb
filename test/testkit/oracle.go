package testkit

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/sijms/go-ora/v2/network"

	"github.com/trellis-go/trellis/platform/database"
)

// Statement is what was sent to Oracle.
type Statement struct {
	SQL  string
	Args []any
}

// Reply is what comes back for a statement: rows for a query, a number of them for the others, or an error.
type Reply struct {
	Columns  []string // in capitals, as Oracle has them
	Rows     [][]driver.Value
	Affected int64
	Err      error
}

// OracleError is the server's answer with a number: 1 for ORA-00001.
func OracleError(code int, text string) error {
	return &network.OracleError{ErrCode: code, ErrMsg: text}
}

// Recorder stands in the place of a connection to Oracle, under everything that the platform does about Oracle: it keeps
// the statements as they would be sent, and answers them as it is told.
type Recorder struct {
	reply func(Statement) Reply

	mu   sync.Mutex
	sent []Statement
}

// RecordOracle is a manager with a database primary of driver oracle whose connections are the recorder's. reply answers
// every statement but the first of each connection, which sets it up; nil answers nothing to everything.
func RecordOracle(t testing.TB, reply func(Statement) Reply) (*database.Manager, *Recorder) {
	t.Helper()
	RunsOn(t, "oracle", Recorded)
	recorder := &Recorder{reply: reply}
	around := func(string, driver.Connector) driver.Connector { return recorder }
	m := through(t, oracleRecording(), around)
	return m, recorder
}

// oracleRecording configures a database that is never reached.
func oracleRecording() database.Configs {
	return database.Configs{Name: {Driver: "oracle", DSN: "oracle://recorder:secret@oracle.test:1521/recording"}}
}

// Sent are the statements so far, the way in which a transaction ended among them.
func (r *Recorder) Sent() []Statement {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sent)
}

// Connect makes a driver.Connector of it.
func (r *Recorder) Connect(context.Context) (driver.Conn, error) { return &recording{Recorder: r}, nil }

// Driver makes a driver.Connector of it.
func (r *Recorder) Driver() driver.Driver { return nil }

func (r *Recorder) send(query string, args []driver.NamedValue) Reply {
	statement := Statement{SQL: query, Args: make([]any, len(args))}
	for i, arg := range args {
		statement.Args[i] = arg.Value
	}
	r.mu.Lock()
	r.sent = append(r.sent, statement)
	r.mu.Unlock()
	if r.reply == nil {
		return Reply{}
	}
	return r.reply(statement)
}

// recording is one connection.
type recording struct {
	*Recorder
	ready bool
}

func (c *recording) Ping(context.Context) error { return nil }
func (c *recording) Close() error               { return nil }

func (c *recording) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }

func (c *recording) PrepareContext(context.Context, string) (driver.Stmt, error) {
	return nil, errors.ErrUnsupported
}

func (c *recording) Begin() (driver.Tx, error) { return nil, errors.ErrUnsupported }

func (c *recording) BeginTx(_ context.Context, options driver.TxOptions) (driver.Tx, error) {
	if options.Isolation != 0 || options.ReadOnly {
		return nil, errors.New("go-ora takes no options of a transaction")
	}
	return c, nil
}

func (c *recording) Commit() error {
	return c.send("COMMIT", nil).Err
}

func (c *recording) Rollback() error {
	return c.send("ROLLBACK", nil).Err
}

func (c *recording) ExecContext(_ context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if !c.ready {
		c.ready = true
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sent = append(c.sent, Statement{SQL: query})
		return driver.RowsAffected(0), nil
	}
	reply := c.send(query, args)
	return driver.RowsAffected(reply.Affected), reply.Err
}

func (c *recording) QueryContext(_ context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	reply := c.send(query, args)
	if reply.Err != nil {
		return nil, reply.Err
	}
	return &replied{reply}, nil
}

// replied are the rows of a reply.
type replied struct{ Reply }

func (r *replied) Columns() []string { return r.Reply.Columns }
func (r *replied) Close() error      { return nil }

func (r *replied) Next(row []driver.Value) error {
	if len(r.Rows) == 0 {
		return io.EOF
	}
	copy(row, r.Rows[0])
	r.Rows = r.Rows[1:]
	return nil
}
