package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
)

const (
	sqliteBusyTimeout  = 5 * time.Second
	sqliteLockTurn     = 200 * time.Millisecond
	sqliteLeastReaders = 4
)

// openSQLite opens a file through two pools: one connection that writes, with transactions that take the write lock when
// they begin, and several that read and cannot write. In WAL mode neither waits for the other.
func openSQLite(src source) (Connection, error) {
	if src.tls != nil {
		return nil, errors.New("is a file, which has no use for the section tls")
	}
	file, err := parseSQLite(src.cfg.DSN.Reveal())
	if err != nil {
		return nil, err
	}
	writer := sql.OpenDB(src.through(&sqliteConnector{file: file, busy: sqliteBusyTimeout, pragmas: []string{
		"PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", "PRAGMA foreign_keys = ON",
	}}))
	writer.SetMaxOpenConns(1)
	writer.SetMaxIdleConns(1)
	reader := sql.OpenDB(src.through(&sqliteConnector{file: file, busy: sqliteBusyTimeout, pragmas: []string{
		"PRAGMA query_only = ON",
	}}))
	sizePool(reader, src.cfg.Pool, Pool{MaxOpen: max(sqliteLeastReaders, runtime.NumCPU())})
	return newDB(src, engine{
		driver:    "sqlite",
		target:    file.path,
		dialect:   func(pool *sql.DB) gorm.Dialector { return newSQLiteDialect(pool) },
		classify:  classifySQLite,
		lost:      func(error) bool { return false },
		probe:     probeSQLite,
		exclusive: sqliteExclusive(file),
	}, writer, reader)
}

// sqliteFile is where a database is.
type sqliteFile struct {
	path   string // absolute
	params url.Values
}

// serverDSN is what DSNs of MySQL and URLs of servers look like: as a path they would make an empty database here, in a folder
// that is named after the password.
var serverDSN = regexp.MustCompile(`^[a-z0-9+]+://|@(tcp|tcp6|unix|tls)?\(`)

// parseSQLite reads a path or a file: URI. What a connection needs is ours to set: only mode, vfs and psow may be given.
func parseSQLite(dsn string) (sqliteFile, error) {
	path, params := dsn, url.Values{}
	if serverDSN.MatchString(dsn) {
		return sqliteFile{}, errors.New("is that of a server: the driver has to be named with it, or a path that looks so written as file:path")
	}
	if rest, isURI := strings.CutPrefix(dsn, "file:"); isURI {
		var query string
		var err error
		path, query, _ = strings.Cut(rest, "?")
		if path, err = url.PathUnescape(strings.TrimPrefix(path, "//")); err != nil {
			return sqliteFile{}, fmt.Errorf("is not a valid URI: %w", err)
		}
		if params, err = url.ParseQuery(query); err != nil {
			return sqliteFile{}, errors.New("has parameters that cannot be read")
		}
	} else if strings.Contains(dsn, "?") {
		return sqliteFile{}, errors.New("has parameters: that takes a URI, file:path?parameter=value")
	}
	if path == "" || strings.HasPrefix(path, ":memory:") || params.Get("mode") == "memory" {
		return sqliteFile{}, errors.New("must name a file: a database in memory would be another for every connection")
	}
	for name := range params {
		if !slices.Contains([]string{"mode", "vfs", "psow"}, name) {
			return sqliteFile{}, fmt.Errorf("has the parameter %s: only mode, vfs and psow can be set", name)
		}
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return sqliteFile{}, fmt.Errorf("is relative to a folder that cannot be found out: %w", err)
	}
	return sqliteFile{path: absolute, params: params}, nil
}

// uri is the file with the driver's own parameters added to those of the DSN.
func (f sqliteFile) uri(driver url.Values) string {
	params := url.Values{}
	for _, values := range []url.Values{f.params, driver} {
		for name := range values {
			params.Set(name, values.Get(name))
		}
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(f.path), OmitHost: true, RawQuery: params.Encode()}).String()
}

// probeSQLite reads the file: a ping of the driver only looks at the connection.
func probeSQLite(ctx context.Context, pool *sql.DB) error {
	var version int
	return pool.QueryRowContext(ctx, "PRAGMA schema_version").Scan(&version)
}

// sqliteExclusive locks a file of its own beside the database, with SQLite's own locking: it works wherever the database
// does, and the system unlocks it when the process dies. The database itself is free for others all the while. The lock
// file is empty, and stays: removing it could let two in.
func sqliteExclusive(file sqliteFile) func(context.Context, func(context.Context, *sql.DB) error) error {
	return func(ctx context.Context, fn func(context.Context, *sql.DB) error) (err error) {
		locks := sql.OpenDB(&sqliteConnector{file: sqliteFile{path: file.path + "-lock"}, busy: sqliteLockTurn})
		defer func() { err = errors.Join(err, locks.Close()) }()
		held, err := sqliteLock(ctx, locks)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, held.Rollback()) }()
		pool := sql.OpenDB(&sqliteConnector{file: file, busy: sqliteBusyTimeout, pragmas: []string{
			"PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", "PRAGMA foreign_keys = ON",
		}})
		pool.SetMaxOpenConns(2)
		defer func() { err = errors.Join(err, pool.Close()) }()
		return fn(ctx, pool)
	}
}

// sqliteLock waits in short turns, to notice the end of ctx. The lock outlives ctx: fn may not have come to its end when ctx does.
func sqliteLock(ctx context.Context, locks *sql.DB) (*sql.Tx, error) {
	for {
		held, err := locks.BeginTx(context.WithoutCancel(ctx), nil)
		if err == nil {
			return held, nil
		}
		if ended := ctx.Err(); ended != nil {
			return nil, ended
		}
		if !errors.Is(classifySQLite(err), ErrBusy) {
			return nil, err
		}
	}
}

// sqliteDialect is gorm's, with our translation of errors and without its question for the version: that would open the
// file. Like MySQL it has no RETURNING, so that what works on one engine works on the other.
type sqliteDialect struct{ *gormsqlite.Dialector }

func newSQLiteDialect(pool *sql.DB) sqliteDialect {
	return sqliteDialect{&gormsqlite.Dialector{Conn: pool}}
}

// Initialize prepares handle.
func (d sqliteDialect) Initialize(handle *gorm.DB) error {
	handle.ConnPool = d.Conn
	callbacks.RegisterDefaultCallbacks(handle, &callbacks.Config{
		CreateClauses:        []string{"INSERT", "VALUES", "ON CONFLICT"},
		UpdateClauses:        []string{"UPDATE", "SET", "FROM", "WHERE"},
		DeleteClauses:        []string{"DELETE", "FROM", "WHERE"},
		LastInsertIDReversed: true,
	})
	for name, build := range d.ClauseBuilders() {
		handle.ClauseBuilders[name] = build
	}
	return nil
}

// Translate makes gorm.ErrorTranslator of it.
func (sqliteDialect) Translate(err error) error { return translate(err, classifySQLite) }

// classifySQLite knows the result codes of SQLite.
func classifySQLite(err error) error {
	code, text, ok := sqliteCode(err)
	if !ok {
		return nil
	}
	switch code {
	case 1555, 2067, 2579: // primary key, unique, rowid
		return &DuplicateError{Constraint: sqliteColumns(text), cause: err}
	case 787: // foreign key
		return foreignKey(err)
	}
	switch code & 0xff {
	case 5, 6: // busy, locked
		return busy(err)
	case 10, 13, 14: // input or output failed, the disk is full, the file cannot be opened
		return unavailable(err)
	default:
		return nil
	}
}

// sqliteColumns finds the columns in "UNIQUE constraint failed: table.column, table.column".
func sqliteColumns(text string) string {
	const mark = "constraint failed: "
	columns := text[strings.LastIndex(text, mark)+len(mark):]
	columns, _, _ = strings.Cut(columns, " (") // modernc adds the code
	return columns
}
