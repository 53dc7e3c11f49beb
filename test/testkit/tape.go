package testkit

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// tape has what SQLite answered to each statement of a scenario, to be the answers to the same scenario on Oracle. A
// statement is found again by what it does and to which table, in the order of each.
type tape struct {
	mu      sync.Mutex
	answers map[string][]*answer
	failed  []string
}

// answer is that to one statement.
type answer struct {
	reply Reply
	binds int // values that it took: those of an insert are of all its rows
}

var (
	tapedUpdate = regexp.MustCompile(`(?i)^\s*(update)\s+["` + "`" + `]?(\w+)`)
	tapedOther  = regexp.MustCompile(`(?i)^\s*(select|insert|merge|delete)\b.*?\b(?:from|into)\s+["` + "`" + `]?(\w+)`)
)

// key is what a statement does to which table; none for what has no answer worth keeping.
func key(statement string) string {
	parts := tapedUpdate.FindStringSubmatch(statement)
	if parts == nil {
		parts = tapedOther.FindStringSubmatch(statement)
	}
	if parts == nil {
		return ""
	}
	verb, table := strings.ToLower(parts[1]), parts[2]
	if verb == "merge" {
		verb = "insert"
	}
	return verb + " " + table
}

// record is a connector to SQLite that keeps the answers.
func (t *tape) record(_ string, connector driver.Connector) driver.Connector {
	return recordingConnector{connector, t}
}

func (t *tape) keep(statement string, binds int, reply Reply) {
	if key := key(statement); key != "" {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.answers[key] = append(t.answers[key], &answer{reply: asOracle(copied(reply)), binds: binds})
	}
}

// reply is the answer to a statement on Oracle. Of an insert that is several there, each gets its share.
func (t *tape) reply(sent Statement) Reply {
	key := key(sent.SQL)
	if key == "" {
		return Reply{}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	queue := t.answers[key]
	if len(queue) == 0 {
		t.failed = append(t.failed, "SQLite was sent no such statement: "+sent.SQL)
		return Reply{}
	}
	next := queue[0]
	if !strings.HasPrefix(key, "insert ") || next.binds <= len(sent.Args) {
		t.answers[key] = queue[1:]
		return next.reply
	}
	share := Reply{Affected: next.reply.Affected * int64(len(sent.Args)) / int64(next.binds), Err: next.reply.Err}
	next.binds -= len(sent.Args)
	next.reply.Affected -= share.Affected
	return share
}

// rest is what went wrong, and what was not asked for.
func (t *tape) rest() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	rest := slices.Clone(t.failed)
	for key, queue := range t.answers {
		if len(queue) > 0 {
			rest = append(rest, fmt.Sprintf("Oracle was not sent what SQLite was: %d × %s", len(queue), key))
		}
	}
	slices.Sort(rest)
	return rest
}

// asOracle is an answer of SQLite as Oracle would have given it.
func asOracle(reply Reply) Reply {
	for i, column := range reply.Columns {
		reply.Columns[i] = strings.ToUpper(column)
	}
	for _, row := range reply.Rows {
		for i, value := range row {
			switch value := value.(type) {
			case string:
				if value == "" {
					row[i] = "\x00"
				}
			case int64: // its driver gives every number as a text
				row[i] = strconv.FormatInt(value, 10)
			case bool:
				row[i] = map[bool]string{true: "1", false: "0"}[value]
			}
		}
	}
	switch text := fmt.Sprint(reply.Err); {
	case strings.Contains(text, "UNIQUE constraint"):
		reply.Err = OracleError(1, "ORA-00001: unique constraint (RECORDER.TAPED) violated")
	case strings.Contains(text, "FOREIGN KEY constraint"):
		reply.Err = OracleError(2291, "ORA-02291: integrity constraint (RECORDER.TAPED) violated - parent key not found")
	}
	return reply
}

type recordingConnector struct {
	driver.Connector
	tape *tape
}

func (c recordingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return tapingConn{conn.(sqlite), c.tape}, nil
}

// sqlite is what the platform's connections to SQLite can do.
type sqlite interface {
	driver.Conn
	driver.Pinger
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Validator
}

type tapingConn struct {
	sqlite
	tape *tape
}

func (c tapingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	result, err := c.sqlite.ExecContext(ctx, query, args)
	reply := Reply{Err: err}
	if err == nil {
		reply.Affected, reply.Err = result.RowsAffected()
	}
	c.tape.keep(query, len(args), reply)
	return result, err
}

func (c tapingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.sqlite.QueryContext(ctx, query, args)
	reply := Reply{Err: err}
	if err == nil {
		if reply, err = drain(rows); err != nil {
			return nil, err
		}
	}
	c.tape.keep(query, len(args), reply)
	if err != nil {
		return nil, err
	}
	return &replied{copied(reply)}, nil
}

// drain reads rows to their end.
func drain(rows driver.Rows) (Reply, error) {
	reply := Reply{Columns: rows.Columns()}
	for {
		row := make([]driver.Value, len(reply.Columns))
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return reply, rows.Close()
		case err != nil:
			return reply, errors.Join(err, rows.Close())
		}
		reply.Rows = append(reply.Rows, row)
	}
}

func copied(reply Reply) Reply {
	reply.Columns = slices.Clone(reply.Columns)
	rows := make([][]driver.Value, len(reply.Rows))
	for i, row := range reply.Rows {
		rows[i] = slices.Clone(row)
	}
	reply.Rows = rows
	return reply
}
