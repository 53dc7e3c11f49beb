package database

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"gorm.io/gorm"

	"github.com/trellis-go/trellis/platform/problem"
)

// engine is what is particular to one kind of SQL database.
type engine struct {
	driver string
	// target says which physical database it is, without secrets: two connections with equal targets are the same one.
	target string
	// dialect makes the gorm dialector that works on pool. Its Translate is translate with classify.
	dialect func(pool *sql.DB) gorm.Dialector
	// classify is the particular part of translate.
	classify func(error) error
	// lost says that the connection broke before the server can have answered, beyond what database/sql knows.
	lost func(error) bool
	// probe makes the server, or the file, prove that it is there.
	probe func(ctx context.Context, pool *sql.DB) error
	// isolation is that of transactions; zero is the default of the database.
	isolation sql.IsolationLevel
	// check looks whether a session is as every session has to be; nil when there is nothing to look at.
	check func(ctx context.Context, pool *sql.DB) error
	// exclusive is DB.Exclusive.
	exclusive func(ctx context.Context, fn func(ctx context.Context, pool *sql.DB) error) error
}

// pool is a set of connections of one database, and the handle that works on it.
type pool struct {
	label  string
	sql    *sql.DB
	handle *gorm.DB
}

// DB is one SQL database. It is made by Open and is safe for concurrent use.
type DB struct {
	engine
	name     string
	logger   *slog.Logger
	reader   *pool
	writer   *pool     // the same as reader, except on SQLite
	replicas *replicas // nil when there are none
}

// newDB assembles a database from its pools; with one pool, that one reads and writes. It closes them when it fails.
func newDB(src source, engine engine, writer, reader *sql.DB) (*DB, error) {
	db := &DB{engine: engine, name: src.name, logger: src.logger}
	var err error
	if reader == nil {
		db.writer, err = db.open(src, "main", writer)
		db.reader = db.writer
		return db, err
	}
	var errReader error
	db.writer, err = db.open(src, "writer", writer)
	db.reader, errReader = db.open(src, "reader", reader)
	return db, errors.Join(err, errReader)
}

func (db *DB) open(src source, label string, connections *sql.DB) (*pool, error) {
	logger := &statementLog{logger: src.logger, database: src.name, slow: cmp.Or(src.cfg.SlowQuery, slowQuery)}
	handle, err := gorm.Open(db.dialect(connections), gormConfig(logger))
	if err == nil {
		err = db.watch(handle)
	}
	if err != nil {
		return nil, errors.Join(err, connections.Close())
	}
	return &pool{label: label, sql: connections, handle: handle}, nil
}

// Name is the one under which the database is configured.
func (db *DB) Name() string { return db.name }

// Driver is sqlite, mysql, …: the name of its folder of migrations, too.
func (db *DB) Driver() string { return db.driver }

// Target says which physical database it is, without secrets. Two connections with the same driver and target are one
// database.
func (db *DB) Target() string { return db.target }

// Reader is the handle for statements that only read: that of ctx's transaction when it is one of this database, or else
// one that may not see the newest commit of another process, since it reads from replicas where there are any. See
// WithSession and Fresh for who has to see it. On SQLite it refuses to write.
func (db *DB) Reader(ctx context.Context) *gorm.DB {
	if tx := current(ctx); tx != nil && tx.db == db {
		return tx.handle.WithContext(ctx)
	}
	if db.replicas != nil && db.mayBeOld(ctx) {
		return db.replicas.handle.WithContext(ctx)
	}
	return db.reader.handle.WithContext(ctx)
}

// Writer is the handle for statements that write: that of ctx's transaction when it is one of this database, or else one
// on which each statement is a transaction of its own. Inside a transaction of another database every statement of it
// fails: the write would stay when that transaction is rolled back.
//
// SQLite has one writer. Inside InTx always pass on its ctx: a Writer of any other ctx waits for the transaction, which
// waits for it, until that ctx ends.
func (db *DB) Writer(ctx context.Context) *gorm.DB {
	tx := current(ctx)
	if tx == nil {
		db.writes(ctx)
		return db.writer.handle.WithContext(ctx)
	}
	if tx.db == db {
		return tx.handle.WithContext(ctx)
	}
	refused := db.writer.handle.WithContext(ctx)
	_ = refused.AddError(spans(tx.db, db))
	return refused
}

// Exclusive runs fn alone among all processes that call Exclusive on the same database, and waits for its turn until ctx
// ends. fn gets connections of its own for maintenance such as migrations, with no limit on how long a statement may
// take; they are closed when it returns.
func (db *DB) Exclusive(ctx context.Context, fn func(ctx context.Context, pool *sql.DB) error) error {
	if err := db.exclusive(ctx, fn); err != nil {
		return fmt.Errorf("database %s: %w", db.name, blame(ctx, db.translate(err)))
	}
	return nil
}

// Tables are the names of the tables of the database.
func (db *DB) Tables(ctx context.Context) ([]string, error) {
	return db.Writer(ctx).Migrator().GetTables()
}

// Ping connects when it has to, and makes the database answer.
func (db *DB) Ping(ctx context.Context) error {
	return blame(ctx, db.translate(db.probe(ctx, db.reader.sql)))
}

// connect is Ping through every pool, the writer first: it creates what the reader expects to find. A replica may be down.
func (db *DB) connect(ctx context.Context) error {
	if err := db.examine(ctx, db.writer.sql); err != nil {
		return err
	}
	if err := db.Ping(ctx); err != nil {
		return err
	}
	if db.replicas != nil {
		db.replicas.start()
	}
	return nil
}

// examine makes a server answer, and show that its sessions are as they have to be.
func (db *DB) examine(ctx context.Context, pool *sql.DB) error {
	err := pool.PingContext(ctx)
	if err == nil && db.check != nil {
		err = db.check(ctx, pool)
	}
	return blame(ctx, db.translate(err))
}

// Stats describes each pool at this moment.
func (db *DB) Stats() []Stats {
	all := make([]Stats, 0, 2)
	for _, pool := range db.pools() {
		all = append(all, Stats{Name: db.name, Driver: db.driver, Pool: pool.label, DBStats: pool.sql.Stats()})
	}
	if db.replicas != nil {
		for i, replica := range db.replicas.all {
			label := fmt.Sprintf("replica_%d", i+1)
			all = append(all, Stats{Name: db.name, Driver: db.driver, Pool: label, DBStats: replica.sql.Stats()})
		}
	}
	return all
}

// Close closes every connection. Statements under way fail.
func (db *DB) Close() error {
	var failed []error
	if db.replicas != nil {
		failed = append(failed, db.replicas.close())
	}
	for _, pool := range db.pools() {
		failed = append(failed, pool.sql.Close())
	}
	return errors.Join(failed...)
}

func (db *DB) pools() []*pool {
	if db.reader == db.writer {
		return []*pool{db.writer}
	}
	return []*pool{db.reader, db.writer}
}

func (db *DB) handles() []*gorm.DB {
	var all []*gorm.DB
	for _, pool := range db.pools() {
		all = append(all, pool.handle)
	}
	if db.replicas != nil {
		all = append(all, db.replicas.handle)
	}
	return all
}

func (db *DB) translate(err error) error { return translate(err, db.classify) }

func spans(outer, inner *DB) error {
	return problem.Trace(fmt.Errorf(
		"the database %s was to be written inside a transaction on %s: a transaction never spans databases",
		inner.name, outer.name))
}
