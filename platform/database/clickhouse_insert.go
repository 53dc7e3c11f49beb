package database

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/trellis-go/trellis/platform/problem"
)

const (
	// MaxBatch is the most rows that one Insert takes. It is below the rows of a block of the server, so that a batch is
	// one block: all of it is stored or none.
	MaxBatch       = 100_000
	insertAttempts = 6
)

// InsertOption changes how Insert works.
type InsertOption func(*insert)

// Token names a batch, for example by the id of the event that it comes from: the server does not store a batch again whose
// token it has seen of late. So Insert repeats one with a token when the server was busy or the connection broke, and the
// caller may do so later, with the same rows. The table needs SETTINGS non_replicated_deduplication_window, the number of
// tokens that it remembers, unless it is a replicated one, which always does.
func Token(token string) InsertOption { return func(i *insert) { i.token = token } }

// Gather lets the server store the rows of many small inserts together. Insert waits until they are stored, which takes
// up to a second: it is for many callers with few rows each. It cannot be together with Token.
func Gather() InsertOption { return func(i *insert) { i.gather = true } }

// insert is a batch on its way.
type insert struct {
	table   string
	columns []string
	token   string
	gather  bool
	rows    int
	fill    func(driver.Batch) error
}

// Insert stores rows, structs of type T whose fields name their columns (`ch:"amount"`), in one batch. Rows that belong to
// several partitions of the table may be stored in part when it fails; all others are stored together or not at all. When
// the connection breaks before the answer comes, the error is ErrOutcomeUnknown.
func Insert[T any](ctx context.Context, c *ClickHouse, table string, rows []T, options ...InsertOption) error {
	batch := insert{table: table, rows: len(rows), fill: func(b driver.Batch) error {
		for i := range rows {
			if err := b.AppendStruct(&rows[i]); err != nil {
				return fmt.Errorf("row %d: %w", i, err)
			}
		}
		return nil
	}}
	for _, option := range options {
		option(&batch)
	}
	batch.columns = columns(reflect.TypeFor[T]())
	if err := batch.check(); err != nil {
		return problem.Trace(fmt.Errorf("inserting into %q: %w", table, err))
	}
	if len(rows) == 0 {
		return nil
	}
	return c.insert(ctx, batch)
}

var (
	plainTable  = regexp.MustCompile(`^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$`)
	plainColumn = regexp.MustCompile(`^[A-Za-z_]\w*$`)
)

func (i insert) check() error {
	switch {
	case !plainTable.MatchString(i.table):
		return errors.New("it is not a plain name")
	case len(i.columns) == 0:
		return errors.New("no field of the rows names a column with a tag ch")
	case i.rows > MaxBatch:
		return fmt.Errorf("%d rows are more than a batch has, %d: share them out with slices.Chunk", i.rows, MaxBatch)
	case i.token != "" && i.gather:
		return errors.New("rows that are gathered have no token")
	}
	for _, column := range i.columns {
		if !plainColumn.MatchString(column) {
			return fmt.Errorf("the column %q is not a plain name", column)
		}
	}
	return nil
}

// columns are those that the fields of a struct name, in their order.
func columns(row reflect.Type) []string {
	var names []string
	if row.Kind() != reflect.Struct {
		return nil
	}
	for _, field := range reflect.VisibleFields(row) {
		if name := field.Tag.Get("ch"); name != "" && name != "-" && field.IsExported() {
			names = append(names, name)
		}
	}
	return names
}

// insert sends a batch, and when it may, again.
func (c *ClickHouse) insert(ctx context.Context, batch insert) error {
	for attempt, pause := 1, firstRetry; ; attempt, pause = attempt+1, 2*pause {
		err := c.send(ctx, batch)
		again := batch.token != "" && (errors.Is(err, ErrBusy) || errors.Is(err, ErrUnavailable))
		if err == nil || !again || attempt == insertAttempts {
			return err
		}
		c.logger.DebugContext(ctx, "repeating a batch", slog.String("database", c.name), slog.String("table", batch.table),
			slog.Int("attempt", attempt), slog.Any("error", err))
		if !sleep(ctx, jittered(pause)) {
			return blame(ctx, err)
		}
	}
}

// send sends a batch once.
func (c *ClickHouse) send(ctx context.Context, batch insert) error {
	limited, cancel := c.limit(ctx)
	defer cancel()
	began := time.Now()
	prepared, err := c.conn.PrepareBatch(batch.options(limited),
		fmt.Sprintf("INSERT INTO %s (%s)", batch.table, strings.Join(batch.columns, ", ")))
	if err != nil {
		return c.translate(ctx, err)
	}
	defer func() { _ = prepared.Close() }()
	if err := batch.fill(prepared); err != nil {
		return problem.Trace(fmt.Errorf("inserting into %s: %w", batch.table, err))
	}
	err = c.translate(ctx, prepared.Send())
	if took := time.Since(began); took >= c.slow {
		c.logger.WarnContext(ctx, "slow insert", slog.String("database", c.name), slog.Duration("took", took),
			slog.String("table", batch.table), slog.Int("rows", batch.rows))
	}
	if errors.Is(err, ErrUnavailable) && unsure(err) {
		return ErrOutcomeUnknown.Because(err).After(retryUnavailableAfter)
	}
	return err
}

// options are the settings of the batch. One without a token gets one that nothing else has: or a table that remembers
// tokens would take it for another with the same rows, and drop it.
func (i insert) options(ctx context.Context) context.Context {
	settings := clickhouse.Settings{"insert_deduplicate": 1, "insert_deduplication_token": cmp.Or(i.token, rand.Text())}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(settings))
	if i.gather {
		ctx = clickhouse.Context(ctx, clickhouse.WithAsync(true))
	}
	return ctx
}
