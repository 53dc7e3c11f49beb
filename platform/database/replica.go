package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
)

const (
	replicaProbeEvery   = time.Second
	replicaProbeTimeout = time.Second
)

// replica is a server that follows the primary and may be read from. It is down until a probe has found it up.
type replica struct {
	name string // as the log and readiness have it
	sql  *sql.DB
	up   atomic.Bool
}

// replicas are a pool of connections for single reads: each goes to a replica that is up, in turn, and to the primary when
// there is none or when those it went to are lost. Those of a session go to the same one, since two may be differently old.
// It cannot begin a transaction.
type replicas struct {
	db     *DB
	all    []*replica
	handle *gorm.DB // reads through this pool
	next   atomic.Uint32

	watch    context.Context // ended by close
	stop     context.CancelFunc
	once     sync.Once
	watchers sync.WaitGroup
}

// replicaError is about the DSN of a replica.
type replicaError struct {
	place int // in the list
	cause error
}

// Error begins with the key.
func (e *replicaError) Error() string { return fmt.Sprintf("replicas[%d]: %v", e.place, e.cause) }

// Unwrap gives the mistake.
func (e *replicaError) Unwrap() error { return e.cause }

// follow makes the database read from these as well. It closes everything when it fails.
func (db *DB) follow(src source, pools []*sql.DB) error {
	r := &replicas{db: db}
	r.watch, r.stop = context.WithCancel(context.Background())
	for i, pool := range pools {
		r.all = append(r.all, &replica{name: fmt.Sprintf("%s_replica_%d", db.name, i+1), sql: pool})
	}
	db.replicas = r
	reads, err := db.open(src, "", db.writer.sql)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	r.handle = reads.handle
	r.handle.ConnPool, r.handle.Statement.ConnPool = r, r
	return nil
}

// read asks one database after the other until one answers, whatever it answers. A session stays with that one.
func (r *replicas) read(ctx context.Context, ask func(*sql.DB) error) {
	s := sessionOf(ctx)
	first := s.place(r)
	for i := range r.all {
		place := (first + i) % len(r.all)
		replica := r.all[place]
		if !replica.up.Load() {
			continue
		}
		err := ask(replica.sql)
		if err == nil || ctx.Err() != nil || !errors.Is(r.db.translate(err), ErrUnavailable) {
			s.stay(r, place)
			return
		}
		r.note(replica, err)
	}
	r.db.writes(ctx) // as if: what comes back is older than what is read now
	_ = ask(r.db.writer.sql)
}

// turn is the place of the replica whose turn it is.
func (r *replicas) turn() int { return int(r.next.Add(1) % uint32(len(r.all))) } //nolint:gosec // a handful

// QueryContext is part of gorm.ConnPool.
func (r *replicas) QueryContext(ctx context.Context, query string, args ...any) (rows *sql.Rows, err error) {
	r.read(ctx, func(pool *sql.DB) error {
		rows, err = pool.QueryContext(ctx, query, args...) //nolint:rowserrcheck,sqlclosecheck // the caller's to do
		return err
	})
	return rows, err
}

// QueryRowContext is part of gorm.ConnPool.
func (r *replicas) QueryRowContext(ctx context.Context, query string, args ...any) (row *sql.Row) {
	r.read(ctx, func(pool *sql.DB) error {
		row = pool.QueryRowContext(ctx, query, args...)
		return row.Err()
	})
	return row
}

// ExecContext is part of gorm.ConnPool. What gives no rows is for the primary.
func (r *replicas) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return r.db.writer.sql.ExecContext(ctx, query, args...)
}

// PrepareContext is part of gorm.ConnPool. A statement stays with the primary.
func (r *replicas) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return r.db.writer.sql.PrepareContext(ctx, query)
}

// GetDBConn lets gorm.DB.DB give the primary.
func (r *replicas) GetDBConn() (*sql.DB, error) { return r.db.writer.sql, nil }

// start probes every replica, and does so again and again until close.
func (r *replicas) start() {
	r.probe()
	r.once.Do(func() {
		r.watchers.Go(func() {
			for sleep(r.watch, jittered(replicaProbeEvery)) {
				r.probe()
			}
		})
	})
}

func (r *replicas) probe() {
	var all sync.WaitGroup
	for _, replica := range r.all {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(r.watch, replicaProbeTimeout)
			defer cancel()
			err := r.db.examine(ctx, replica.sql)
			if r.watch.Err() == nil { // close has ended it: that says nothing of the replica
				r.note(replica, err)
			}
		})
	}
	all.Wait()
}

// note remembers how a replica is, and logs a change.
func (r *replicas) note(which *replica, err error) {
	logger := r.db.logger.With(slog.String("database", r.db.name), slog.String("replica", which.name))
	switch {
	case err == nil && which.up.CompareAndSwap(false, true):
		logger.Info("replica is up")
	case err != nil && which.up.CompareAndSwap(true, false):
		logger.Warn("replica is down, others are read instead", slog.Any("error", err))
	}
}

// replicaChecks are those of readiness. None is required: the primary can do without them all.
func (db *DB) replicaChecks() []Check {
	if db.replicas == nil {
		return nil
	}
	var checks []Check
	for _, replica := range db.replicas.all {
		probe := func(ctx context.Context) error { return db.examine(ctx, replica.sql) }
		checks = append(checks, Check{Name: replica.name, Probe: probe})
	}
	return checks
}

func (r *replicas) close() error {
	r.stop()
	r.watchers.Wait()
	var failed []error
	for _, replica := range r.all {
		failed = append(failed, replica.sql.Close())
	}
	return errors.Join(failed...)
}
