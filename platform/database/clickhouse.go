package database

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"gorm.io/gorm"

	"github.com/trellis-go/trellis/platform/problem"
)

const (
	clickhouseDialTimeout = 5 * time.Second
	// clickhousePatience is for statements whose ctx has no deadline.
	clickhousePatience = 30 * time.Second
	// clickhouseForever is for a driver that takes 0 for its own default: the ctx of each statement ends it.
	clickhouseForever = 24 * time.Hour
)

// ClickHouse is one ClickHouse, over its native protocol or over HTTP. It is made by Open and is safe for concurrent use.
//
// It is for what is counted, not for what is kept in order: there are no transactions, and rows are written in batches
// (Insert). Like Redis it is optional unless it is configured as required. Its errors are translated as those of DB are.
//
//	ch, err := m.ClickHouse("warehouse")
//	err = database.Insert(ctx, ch, "sales", sales, database.Token(event.ID))
//	for sale, err := range database.Rows[Sale](ctx, ch, "SELECT * FROM sales WHERE at >= {from:DateTime64(6)}", database.Params{"from": from}) {
//
// A statement ends with its ctx, on the server, too; one whose ctx has no deadline after 30 seconds, or read_timeout of
// the DSN.
type ClickHouse struct {
	name     string
	target   string
	logger   *slog.Logger
	slow     time.Duration
	patience time.Duration
	options  *clickhouse.Options
	conn     driver.Conn
}

// Params are the parameters of a statement: {name:Type} in its text stands for each. They are sent apart from the text.
type Params map[string]any

// ClickHouse is the ClickHouse with that name. Its errors are those of DB.
func (m *Manager) ClickHouse(name string) (*ClickHouse, error) { return Lookup[*ClickHouse](m, name) }

// openClickHouse opens ClickHouse.
func openClickHouse(src source) (Connection, error) {
	options, err := clickhouseOptions(src)
	if err != nil {
		return nil, err
	}
	patience := cmp.Or(options.ReadTimeout, clickhousePatience)
	options.ReadTimeout = clickhouseForever
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, errors.New("is not one that the driver takes")
	}
	return &ClickHouse{
		name: src.name, target: strings.Join(options.Addr, ",") + "/" + options.Auth.Database, logger: src.logger,
		slow: cmp.Or(src.cfg.SlowQuery, slowQuery), patience: patience, options: options, conn: conn,
	}, nil
}

// Name is the one under which it is configured.
func (c *ClickHouse) Name() string { return c.name }

// Driver is clickhouse: the name of its folder of migrations, too.
func (c *ClickHouse) Driver() string { return "clickhouse" }

// Target says which physical database it is, without secrets.
func (c *ClickHouse) Target() string { return c.target }

// Ping connects when it has to, and makes the server answer.
func (c *ClickHouse) Ping(ctx context.Context) error {
	err := c.conn.Ping(ctx)
	return c.translate(ctx, err)
}

// Stats describes the pool at this moment.
func (c *ClickHouse) Stats() []Stats {
	s := c.conn.Stats()
	return []Stats{{Name: c.name, Driver: c.Driver(), Pool: "main", DBStats: sql.DBStats{
		MaxOpenConnections: s.MaxOpenConns, OpenConnections: s.Open + s.Idle, InUse: s.Open, Idle: s.Idle,
	}}}
}

// Close closes every connection that is not in use; those that are close when they are given back.
func (c *ClickHouse) Close() error { return c.conn.Close() }

// Tables are the names of the tables of the database.
func (c *ClickHouse) Tables(ctx context.Context) ([]string, error) {
	return Value[[]string](ctx, c, "SELECT groupArray(name) FROM system.tables WHERE database = currentDatabase()", nil)
}

// Exec runs a statement that gives no rows.
func (c *ClickHouse) Exec(ctx context.Context, statement string, params Params) error {
	return c.run(ctx, statement, params, func(ctx context.Context, args []any) error {
		return c.conn.Exec(ctx, statement, args...)
	})
}

// Select reads all rows into a slice of structs, dest, whose fields name their columns: `ch:"amount"`.
func (c *ClickHouse) Select(ctx context.Context, dest any, query string, params Params) error {
	return c.run(ctx, query, params, func(ctx context.Context, args []any) error {
		return c.conn.Select(ctx, dest, query, args...)
	})
}

// Value reads the one value that a query gives. IsNotFound is true of the error of a query that gives no row.
func Value[T any](ctx context.Context, c *ClickHouse, query string, params Params) (T, error) {
	var value T
	err := c.run(ctx, query, params, func(ctx context.Context, args []any) error {
		return c.conn.QueryRow(ctx, query, args...).Scan(&value)
	})
	return value, err
}

// Rows reads one row after the other into structs, whose fields name their columns: `ch:"amount"`. It holds a few blocks
// of the answer, however long that is. After an error it ends.
func Rows[T any](ctx context.Context, c *ClickHouse, query string, params Params) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		err := c.run(ctx, query, params, func(ctx context.Context, args []any) error {
			return each(ctx, c.conn, query, args, func(row T) bool { return yield(row, nil) })
		})
		if err != nil {
			yield(none, err)
		}
	}
}

// each calls take for each row until it gives false.
func each[T any](ctx context.Context, conn driver.Conn, query string, args []any, take func(T) bool) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rows, err := conn.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		var row T
		if err := rows.ScanStruct(&row); err != nil {
			cancel()
			_ = rows.Close()
			return err
		}
		if !take(row) {
			cancel() // or the rest is read before it is closed
			_ = rows.Close()
			return nil
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// run checks and converts the parameters of a statement, gives it a deadline, and tells of it when it is slow.
func (c *ClickHouse) run(ctx context.Context, text string, params Params, do func(context.Context, []any) error) error {
	args, err := params.args(text)
	if err != nil {
		return problem.Trace(err)
	}
	limited, cancel := c.limit(ctx)
	defer cancel()
	began := time.Now()
	err = do(limited, args)
	if took := time.Since(began); took >= c.slow {
		c.logger.WarnContext(ctx, "slow query", slog.String("database", c.name), slog.Duration("took", took), slog.String("sql", text))
	}
	return c.translate(ctx, err)
}

// limit gives a ctx without a deadline one.
func (c *ClickHouse) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, c.patience)
}

// args is what the driver takes. A parameter that the text does not have is refused: the driver would go on to put the
// values into the text.
func (p Params) args(text string) ([]any, error) {
	args := make([]any, 0, len(p))
	for name, value := range p {
		if !strings.Contains(text, "{"+name+":") {
			return nil, fmt.Errorf("the statement has no parameter {%s:Type}", name)
		}
		args = append(args, clickhouse.Named(name, value))
	}
	return args, nil
}

// translate makes of the driver's error what the package documentation promises.
func (c *ClickHouse) translate(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return gorm.ErrRecordNotFound
	case canceled(err) && ctx.Err() == nil && !translated(err):
		return unavailable(err) // it was our patience that ended
	default:
		return blame(ctx, translate(err, classifyClickHouse))
	}
}
