// Package database is the multi-database manager: it opens, watches and closes the named connections that the
// configuration lists under databases, and gives modules their handles and transactions.
//
//	m, err := database.Open(cfg.Databases, logger)   // checks the configuration, connects nothing
//	err = m.Start(ctx)                               // connects all, in parallel, with backoff
//	defer m.Close(ctx)
//
//	db, err := m.DB("primary")                       // an SQL database of any engine
//	redis, err := m.Redis("redis")                   // a Redis, which may be down at any time
//
// A repository takes its handle from ctx and so joins the transaction that the service opened, if there is one:
//
//	func (r *Repository) ByID(ctx context.Context, id string) (*Product, error) {
//		var product Product
//		err := r.db.Reader(ctx).Where("id = ?", id).Take(&product).Error
//		if database.IsNotFound(err) {
//			return nil, ErrNotFound.New("no product has the id " + id)
//		}
//		return &product, err
//	}
//
// A service opens the transaction, and says what is to happen once it is committed:
//
//	err := s.db.InTx(ctx, func(ctx context.Context) error {
//		if err := s.repository.Save(ctx, product); err != nil {
//			return err
//		}
//		database.AfterCommit(ctx, func(ctx context.Context) { s.cache.Drop(ctx, product.ID) })
//		return nil
//	})
//
// Errors come translated from every handle: not found stays gorm.ErrRecordNotFound (IsNotFound), a broken constraint is
// ErrDuplicate or ErrForeignKey, a database that is down ErrUnavailable, a lock not granted ErrBusy, and everything else
// carries the stack of where it came in. A repository returns them as they are.
//
// A driver is one file: an open function in the table of drivers.go, and for SQL an engine that says what is particular.
// Single statements are atomic by themselves and run without a transaction around them; whatever takes several, saving
// associations and CreateInBatches included, belongs into InTx.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/trellis-go/trellis/platform/config"
)

// Configs is the databases section of the configuration: each connection by the name that modules ask for.
// An element with neither driver nor dsn counts as not configured.
type Configs map[string]Config

// Config describes one connection. Driver and DSN suffice; the zero value of every other field means the default that
// stands beside it.
type Config struct {
	Driver         string        `validate:"required_with=DSN,omitempty,oneof=sqlite mysql oracle clickhouse redis"` // a name of the driver table
	DSN            config.DSN    `validate:"required_with=Driver"`                                                   // as the driver has it; for sqlite a path or file: URI
	Optional       bool          `validate:"excluded_with=Required"`                                                 // the service also runs without it: start-up warns, readiness says degraded
	Required       bool          // the service does not run without it: so it is with SQL anyway, and not with clickhouse and redis
	Replicas       []config.DSN  // mysql: servers that follow the one of DSN, to read from; each may be down
	TLS            TLS           // of the connections to a server
	Pool           Pool          // how many connections, and for how long
	ConnectTimeout time.Duration `validate:"gte=0"` // how long Start tries: 30 s, 5 s when optional
	SlowQuery      time.Duration `validate:"gte=0"` // statements that take longer are logged: 200 ms
}

// Pool bounds the connections that are held open. On SQLite it bounds the readers; the writer is always one.
type Pool struct {
	MaxOpen     int           `validate:"gte=0"` // 25 for a server; the number of CPUs, at least 4, for SQLite
	MaxIdle     int           `validate:"gte=0"` // as many as MaxOpen: opening is dearer than keeping
	MaxLifetime time.Duration `validate:"gte=0"` // 30 min for a server; for ever for SQLite
	MaxIdleTime time.Duration `validate:"gte=0"` // 5 min for a server; for ever for SQLite
}

// required says whether the service cannot run without the connection.
func (c Config) required() bool {
	switch c.Driver {
	case "clickhouse", "redis":
		return c.Required
	default:
		return !c.Optional
	}
}

// Connection is what every kind of connection has in common, SQL or not.
type Connection interface {
	// Name is the one under which it is configured.
	Name() string
	// Driver is the one with which it was opened.
	Driver() string
	// Ping asks the other side for a sign of life. It connects when there is no connection yet. The error of a database
	// that does not answer is ErrUnavailable.
	Ping(ctx context.Context) error
	// Stats describes each of its pools at this moment.
	Stats() []Stats
	// Close gives the connections back. What is under way fails.
	Close() error
}

// Stats is one pool at one moment.
type Stats struct {
	Name   string // of the connection
	Driver string // of the connection
	Pool   string // "main", or "reader" and "writer" where they are two
	sql.DBStats
}

// Check is a health check of one connection.
type Check struct {
	Name     string                          // of the connection
	Required bool                            // without it the service cannot serve
	Probe    func(ctx context.Context) error // nil when it answers
}

// ErrNotConfigured is in the chain of the error for a connection that the configuration does not have.
var ErrNotConfigured = errors.New("the database is not configured")

// Lookup finds a connection by name and type: Lookup[*DB](m, "primary"). The error names the key to set, and is
// ErrNotConfigured when there is no connection with that name.
func Lookup[T Connection](m *Manager, name string) (T, error) {
	var none T
	member, found := m.byName[name]
	if !found {
		return none, fmt.Errorf("%w: %q: set databases.%s.driver and databases.%s.dsn (configured are: %s)",
			ErrNotConfigured, name, name, name, m.names())
	}
	connection, fits := member.Connection.(T)
	if !fits {
		return none, fmt.Errorf("the database %q is of the wrong kind: databases.%s.driver is %s", name, name, member.Driver())
	}
	return connection, nil
}
