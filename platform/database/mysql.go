package database

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
	gormmysql "gorm.io/driver/mysql"
	"gorm.io/gorm"

	"github.com/trellis-go/trellis/platform/config"
)

const (
	mysqlDialTimeout = 5 * time.Second
	mysqlIOTimeout   = 30 * time.Second // longer than any statement of a request may take
	// mysqlLockWait is in seconds. It is below mysqlIOTimeout, so that a lock that is not granted is an answer of the
	// server, which can be acted on, and not a broken connection.
	mysqlLockWait    = "10"
	mysqlDDLLockWait = "60"
	mysqlMode        = "'STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_DATE,NO_ZERO_IN_DATE," +
		"ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"

	serverMaxOpen     = 25
	serverMaxLifetime = 30 * time.Minute // below the idle limits of common proxies, and lets a failover spread
	serverMaxIdleTime = 5 * time.Minute
)

// openMySQL opens MySQL or MariaDB.
func openMySQL(src source) (Connection, error) {
	cfg, err := mysqlConfig(src, src.cfg.DSN)
	if err != nil {
		return nil, err
	}
	pool, err := mysqlPool(src, cfg)
	if err != nil {
		return nil, err
	}
	db, err := newDB(src, engine{
		// As a transaction goes on it sees what others commit. Under REPEATABLE READ a row that was locked is new while
		// those read beside it are old, and gaps are locked that others insert into.
		isolation: sql.LevelReadCommitted,
		driver:    "mysql",
		target:    fmt.Sprintf("%s(%s)/%s", cfg.Net, cfg.Addr, cfg.DBName),
		dialect:   func(pool *sql.DB) gorm.Dialector { return newMySQLDialect(pool) },
		classify:  classifyMySQL,
		lost:      lostMySQL,
		probe:     func(ctx context.Context, pool *sql.DB) error { return pool.PingContext(ctx) },
		check:     checkMySQL,
		exclusive: mysqlExclusive(cfg),
	}, pool, nil)
	if err != nil || len(src.cfg.Replicas) == 0 {
		return db, err
	}
	replicas, err := mysqlReplicas(src)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, db.follow(src, replicas)
}

func mysqlPool(src source, cfg *mysql.Config) (*sql.DB, error) {
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(src.through(connector))
	sizePool(pool, src.cfg.Pool, Pool{
		MaxOpen: serverMaxOpen, MaxLifetime: serverMaxLifetime, MaxIdleTime: serverMaxIdleTime,
	})
	return pool, nil
}

func mysqlReplicas(src source) ([]*sql.DB, error) {
	var pools []*sql.DB
	for i, dsn := range src.cfg.Replicas {
		cfg, err := mysqlConfig(src, dsn)
		var pool *sql.DB
		if err == nil {
			pool, err = mysqlPool(src, cfg)
		}
		if err != nil {
			for _, opened := range pools {
				err = errors.Join(err, opened.Close())
			}
			return nil, &replicaError{place: i, cause: err}
		}
		pools = append(pools, pool)
	}
	return pools, nil
}

// mysqlConfig is the DSN with everything that must not vary between installations set.
func mysqlConfig(src source, dsn config.DSN) (*mysql.Config, error) {
	cfg, err := mysql.ParseDSN(dsn.Reveal())
	if err != nil {
		return nil, mysqlDSNError(err)
	}
	if cfg.DBName == "" {
		return nil, errors.New("names no database: it must end in /name, before any parameters")
	}
	if src.tls != nil {
		if cfg.TLSConfig != "" {
			return nil, errors.New("has the parameter tls beside the section tls: keep one of them")
		}
		cfg.TLS = src.tls
	}
	cfg.ParseTime, cfg.Loc = true, time.UTC
	// Half the round trips of a prepared statement. It is safe because the connection speaks utf8mb4, in which no byte of
	// a multi-byte character is a quote or a backslash, and the driver heeds NO_BACKSLASH_ESCAPES.
	cfg.InterpolateParams = true
	cfg.ClientFoundRows = true // an update that finds the row and changes nothing is no lost update
	cfg.RejectReadOnly = true  // after a failover, leave the connection to what has become a replica
	cfg.MultiStatements = false
	cfg.Timeout = cmp.Or(cfg.Timeout, mysqlDialTimeout)
	cfg.ReadTimeout = cmp.Or(cfg.ReadTimeout, mysqlIOTimeout)
	cfg.WriteTimeout = cmp.Or(cfg.WriteTimeout, mysqlIOTimeout)
	cfg.Logger = mysqlLog{src.logger}
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	cfg.Params["time_zone"] = "'+00:00'"
	cfg.Params["sql_mode"] = cmp.Or(cfg.Params["sql_mode"], mysqlMode)
	cfg.Params["innodb_lock_wait_timeout"] = cmp.Or(cfg.Params["innodb_lock_wait_timeout"], mysqlLockWait)
	return cfg, cfg.Apply(mysql.Charset("utf8mb4", "utf8mb4_bin"), mysql.TimeTruncate(time.Microsecond))
}

// mysqlDSNError keeps what the driver says about the form of a DSN, and nothing that may quote from it.
func mysqlDSNError(err error) error {
	if text := err.Error(); strings.HasPrefix(text, "invalid DSN: ") {
		return errors.New(strings.TrimPrefix(text, "invalid DSN: "))
	}
	return errors.New("is not of the form user:password@tcp(host:port)/name?parameter=value")
}

// sizePool bounds a pool as configured, or else as the defaults say.
func sizePool(pool *sql.DB, size, defaults Pool) {
	open := cmp.Or(size.MaxOpen, defaults.MaxOpen)
	pool.SetMaxOpenConns(open)
	pool.SetMaxIdleConns(cmp.Or(size.MaxIdle, open))
	pool.SetConnMaxLifetime(cmp.Or(size.MaxLifetime, defaults.MaxLifetime))
	pool.SetConnMaxIdleTime(cmp.Or(size.MaxIdleTime, defaults.MaxIdleTime))
}

// mysqlExclusive takes a named lock of the server on a connection of its own. The server gives it back when that
// connection ends, however it ends.
func mysqlExclusive(cfg *mysql.Config) func(context.Context, func(context.Context, *sql.DB) error) error {
	return func(ctx context.Context, fn func(context.Context, *sql.DB) error) (err error) {
		cfg := cfg.Clone()
		cfg.ReadTimeout, cfg.WriteTimeout = 0, 0
		cfg.Params["lock_wait_timeout"] = mysqlDDLLockWait
		connector, err := mysql.NewConnector(cfg)
		if err != nil {
			return err
		}
		pool := sql.OpenDB(connector)
		defer func() { err = errors.Join(err, pool.Close()) }()
		holder, err := pool.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, ignoreGone(holder.Close())) }()
		name := mysqlLockName(cfg.DBName)
		if err := mysqlLock(ctx, holder, name); err != nil {
			return err
		}
		defer func() { _, _ = holder.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK(?)", name) }()
		return mysqlHold(ctx, holder, func(ctx context.Context) error { return fn(ctx, pool) })
	}
}

// mysqlHold runs fn, and asks all the while whether the connection that has the lock is alive: that keeps it so, and when it
// is not fn's ctx ends, since others have the lock by then.
func mysqlHold(ctx context.Context, holder *sql.Conn, fn func(context.Context) error) error {
	holding, lose := context.WithCancelCause(ctx)
	var asking sync.WaitGroup
	asking.Go(func() {
		for sleep(holding, turnRenew) {
			limited, cancel := context.WithTimeout(holding, turnLength)
			err := holder.PingContext(limited)
			cancel()
			if err != nil && holding.Err() == nil {
				lose(errTurnLost)
			}
		}
	})
	err := fn(holding)
	lost := context.Cause(holding)
	lose(nil)
	asking.Wait()
	if errors.Is(lost, errTurnLost) {
		return errors.Join(err, lost)
	}
	return err
}

// mysqlLock waits in short turns, so that the end of ctx is noticed by us and not by breaking the connection.
func mysqlLock(ctx context.Context, holder *sql.Conn, name string) error {
	for {
		var got sql.NullBool
		if err := holder.QueryRowContext(ctx, "SELECT GET_LOCK(?, 1)", name).Scan(&got); err != nil {
			return err
		}
		switch {
		case !got.Valid:
			return fmt.Errorf("the server could not take the lock %s", name)
		case got.Bool:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}

// mysqlLockName is the lock of one database, in the 64 characters that a name may have: locks are the server's.
func mysqlLockName(database string) string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(database))
	return fmt.Sprintf("trellis.exclusive.%x", sum.Sum64())
}

// ignoreGone forgives closing a connection that ended before.
func ignoreGone(err error) error {
	if errors.Is(err, sql.ErrConnDone) || errors.Is(err, driver.ErrBadConn) {
		return nil
	}
	return err
}

// mysqlDialect is gorm's, with our translation of errors.
type mysqlDialect struct{ *gormmysql.Dialector }

func newMySQLDialect(pool *sql.DB) mysqlDialect {
	precision := 6
	dialector, _ := gormmysql.New(gormmysql.Config{
		Conn:                      pool,
		SkipInitializeWithVersion: true, // it would connect; ids are made by us, so nothing depends on the version
		DefaultDatetimePrecision:  &precision,
	}).(*gormmysql.Dialector)
	return mysqlDialect{dialector}
}

// Translate makes gorm.ErrorTranslator of it.
func (mysqlDialect) Translate(err error) error { return translate(err, classifyMySQL) }

// mysqlLog takes what the driver says about broken connections. Their errors are returned, so it is of use only to who
// looks closer.
type mysqlLog struct{ logger *slog.Logger }

// Print makes a mysql.Logger of it.
func (l mysqlLog) Print(args ...any) {
	l.logger.Debug("mysql driver", slog.String("text", fmt.Sprint(args...)))
}
