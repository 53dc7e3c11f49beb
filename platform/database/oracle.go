package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sijms/go-ora/v2/configurations"
	"gorm.io/gorm"
)

const (
	oracleDialTimeout = 5 * time.Second
	oracleIOTimeout   = 30 * time.Second // longer than any statement of a request may take
	// oracleLockWait is in seconds: Oracle itself would wait for a row for ever.
	oracleLockWait    = 10
	oracleDDLLockWait = 60
	// oracleLock is the table that Exclusive locks: DBMS_LOCK would need a grant of the administrator's.
	oracleLock = "trellis_lock"
)

// openOracle opens Oracle 12.2 or later, 19c and 23ai included.
func openOracle(src source) (Connection, error) {
	dsn, err := parseOracle(src.cfg.DSN.Reveal())
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(newOracleConnector(src, dsn, oracleIOTimeout))
	sizePool(pool, src.cfg.Pool, Pool{
		MaxOpen: serverMaxOpen, MaxLifetime: serverMaxLifetime, MaxIdleTime: serverMaxIdleTime,
	})
	return newDB(src, engine{
		// Oracle's own default, READ COMMITTED, is what the others are set to; its driver takes no other word for it.
		isolation: sql.LevelDefault,
		driver:    "oracle",
		target:    dsn.target,
		dialect:   func(pool *sql.DB) gorm.Dialector { return newOracleDialect(pool) },
		classify:  classifyOracle,
		lost:      lostOracle,
		probe:     func(ctx context.Context, pool *sql.DB) error { return pool.PingContext(ctx) },
		exclusive: oracleExclusive(src, dsn),
	}, pool, nil)
}

// oracleDSN is where a database is and how to log in.
type oracleDSN struct {
	url    *url.URL
	target string // without secrets: user@host:port/service, since a user is a schema
}

// parseOracle reads oracle://user:password@host:port/service?PARAMETER=value.
func parseOracle(text string) (oracleDSN, error) {
	const form = "is not of the form oracle://user:password@host:1521/service" //nolint:gosec // a form, no password
	at, err := url.Parse(text)
	if err != nil || at.Scheme != "oracle" || at.Host == "" || at.User == nil {
		return oracleDSN{}, errors.New(form) // and nothing of url's, which quotes what it cannot read
	}
	if at.Port() == "" {
		at.Host += ":1521"
	}
	cfg, err := configurations.ParseConfig(at.String())
	if err != nil {
		if cfg != nil && cfg.ServiceName == "" && cfg.SID == "" {
			return oracleDSN{}, errors.New("names no service: it must end in /service, before any parameters")
		}
		return oracleDSN{}, errors.New(form)
	}
	target := fmt.Sprintf("%s@%s/%s%s", strings.ToLower(cfg.UserID), at.Host, strings.ToLower(cfg.ServiceName), strings.ToLower(cfg.SID))
	return oracleDSN{url: at, target: target}, nil
}

// with is the URL with the driver's parameters, where the DSN does not set them.
func (d oracleDSN) with(io time.Duration, secure bool) string {
	at, given := *d.url, d.url.Query()
	if secure {
		given.Set("SSL", "enable")
	}
	// Times are UTC: told so, the driver need not ask the server for its zone, nor shift what it reads by it.
	given.Set("SERVER LOCATION", "UTC")
	for name, value := range map[string]string{
		"CONNECTION TIMEOUT": seconds(oracleDialTimeout), "TIMEOUT": seconds(io), "PREFETCH_ROWS": "200",
	} {
		if !hasFold(given, name) {
			given.Set(name, value)
		}
	}
	at.RawQuery = given.Encode()
	return at.String()
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

func hasFold(values url.Values, name string) bool {
	for given := range values {
		if strings.EqualFold(given, name) {
			return true
		}
	}
	return false
}

// oracleExclusive locks a table of its own, with nothing in it, in a transaction of its own. It takes no right beyond
// CREATE TABLE, which who migrates has, and the server gives the lock back when the session ends, however it ends.
func oracleExclusive(src source, dsn oracleDSN) func(context.Context, func(context.Context, *sql.DB) error) error {
	return func(ctx context.Context, fn func(context.Context, *sql.DB) error) (err error) {
		const forever = 0
		pool := sql.OpenDB(newOracleConnector(src, dsn, forever))
		defer func() { err = errors.Join(err, pool.Close()) }()
		// The lock outlives ctx: fn may not have come to its end when ctx does.
		held, err := pool.BeginTx(context.WithoutCancel(ctx), nil)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, ignoreGone(held.Rollback())) }()
		if err := oracleTakeLock(ctx, pool, held); err != nil {
			return err
		}
		return fn(ctx, pool)
	}
}

// oracleTakeLock waits in short turns, so that the end of ctx is noticed by us and not by breaking the connection.
func oracleTakeLock(ctx context.Context, pool *sql.DB, held *sql.Tx) error {
	for {
		_, err := held.ExecContext(context.WithoutCancel(ctx), "LOCK TABLE "+oracleLock+" IN EXCLUSIVE MODE WAIT 1")
		switch {
		case err == nil:
			return ctx.Err()
		case oracleCode(err) == oraNoTable:
			_, err := pool.ExecContext(ctx, "CREATE TABLE "+oracleLock+" (nothing NUMBER(1))")
			if err != nil && oracleCode(err) != oraExists {
				return err
			}
		case !errors.Is(classifyOracle(err), ErrBusy):
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
