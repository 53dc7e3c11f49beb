package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
)

// ClickHouse has no locks. What it does once however many ask at the same time is to create a table of a certain name. So
// a turn is a table, trellis_lock_<number>, whose comment says until when it is taken, by the server's clock, or that it
// is free. The highest number is the turn that counts: who wants the next creates the table with the number after it,
// once it is free or over, and drops those below. The highest is never dropped, so that a number never comes twice.
const (
	turnPrefix = "trellis_lock_"
	turnFree   = "free"
	turnLength = 15 * time.Second // after which a process that died is waited for no longer
	turnRenew  = 3 * time.Second
	turnPoll   = 200 * time.Millisecond
)

// errTurnLost ends the ctx of a function that was held up for so long that others took over.
var errTurnLost = errors.New("the turn at the database was lost to another process")

// turn is the state of the lock.
type turn struct {
	number int
	free   bool
	now    int64 // by the server's clock, in seconds
	older  []int // numbers below it that are still there
}

// Exclusive runs fn alone among all processes that call Exclusive on the same database, and waits for its turn until ctx
// ends. fn gets connections of its own for maintenance such as migrations, with no limit on how long a statement may
// take; they are closed when it returns. When this process was held up for so long that another took over, fn's ctx ends.
func (c *ClickHouse) Exclusive(ctx context.Context, fn func(ctx context.Context, pool *sql.DB) error) error {
	number, err := c.wait(ctx)
	if err == nil {
		err = c.hold(ctx, number, fn)
	}
	if err != nil {
		return fmt.Errorf("database %s: %w", c.name, c.translate(ctx, err))
	}
	return nil
}

// wait takes the next turn.
func (c *ClickHouse) wait(ctx context.Context) (number int, err error) {
	for {
		current, err := c.turn(ctx)
		if err != nil {
			return 0, err
		}
		if current.free {
			taken, err := c.take(ctx, current)
			if err != nil {
				return 0, err
			}
			if taken {
				return current.number + 1, nil
			}
			continue
		}
		if !sleep(ctx, jittered(turnPoll)) {
			return 0, ctx.Err()
		}
	}
}

// turn reads the state.
func (c *ClickHouse) turn(ctx context.Context) (turn, error) {
	var tables []struct {
		Name    string `ch:"name"`
		Comment string `ch:"comment"`
	}
	now, err := Value[int64](ctx, c, "SELECT toInt64(toUnixTimestamp(now()))", nil)
	if err != nil {
		return turn{}, err
	}
	current := turn{free: true, now: now}
	err = c.Select(ctx, &tables, "SELECT name, comment FROM system.tables WHERE database = currentDatabase() AND startsWith(name, {prefix:String})",
		Params{"prefix": turnPrefix})
	for _, table := range tables {
		number, err := strconv.Atoi(strings.TrimPrefix(table.Name, turnPrefix))
		if err != nil {
			continue // of somebody else
		}
		if number <= current.number {
			current.older = append(current.older, number)
			continue
		}
		if current.number > 0 {
			current.older = append(current.older, current.number)
		}
		until, err := strconv.ParseInt(table.Comment, 10, 64)
		current.number, current.free = number, table.Comment == turnFree || err != nil || until < now
	}
	return current, err
}

// take tries to be the one who creates the next table.
func (c *ClickHouse) take(ctx context.Context, current turn) (bool, error) {
	next := current.number + 1
	err := c.Exec(ctx, fmt.Sprintf("CREATE TABLE %s%d (n UInt8) ENGINE = Memory COMMENT '%s'", turnPrefix, next, current.until()), nil)
	var exception *clickhouse.Exception
	if errors.As(err, &exception) && exception.Code == int32(proto.ErrTableAlreadyExists) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	after, err := c.turn(ctx)
	if err != nil {
		return false, err
	}
	stale := after.older
	if after.number > next { // others were here and away, and dropped it, since current was read
		stale = []int{next}
	}
	for _, number := range stale {
		err = errors.Join(err, c.Exec(ctx, fmt.Sprintf("DROP TABLE IF EXISTS %s%d", turnPrefix, number), nil))
	}
	return after.number == next, err
}

func (t turn) until() string { return strconv.FormatInt(t.now+int64(turnLength/time.Second), 10) }

// hold runs fn, says all the while that the turn is still taken, and gives it back.
func (c *ClickHouse) hold(ctx context.Context, number int, fn func(context.Context, *sql.DB) error) (err error) {
	pool := clickhouse.OpenDB(c.options)
	defer func() { err = errors.Join(err, pool.Close()) }()
	holding, lose := context.WithCancelCause(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		c.renew(holding, number, lose)
	}()
	defer func() {
		lose(nil)
		<-renewed
		c.free(ctx, number)
	}()
	err = fn(holding, pool)
	if lost := context.Cause(holding); errors.Is(lost, errTurnLost) {
		return errors.Join(err, lost)
	}
	return err
}

// renew prolongs the turn until ctx ends, or loses it: when another has taken over, or when the server did not answer for
// so long that one may have.
func (c *ClickHouse) renew(ctx context.Context, number int, lose context.CancelCauseFunc) {
	last := time.Now()
	for sleep(ctx, turnRenew) {
		began := time.Now()
		current, err := c.prolong(ctx, number)
		switch {
		case err == nil && current.number != number, err != nil && time.Since(last) > turnLength-3*turnRenew:
			lose(errTurnLost)
			return
		case err == nil:
			last = began
		}
	}
}

// prolong says once that the turn is still taken, if it is.
func (c *ClickHouse) prolong(ctx context.Context, number int) (turn, error) {
	ctx, cancel := context.WithTimeout(ctx, turnRenew)
	defer cancel()
	current, err := c.turn(ctx)
	if err != nil || current.number != number {
		return current, err
	}
	return current, c.mark(ctx, number, current.until())
}

// free gives the turn back. When it cannot, the others wait until it is over.
func (c *ClickHouse) free(ctx context.Context, number int) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), turnRenew)
	defer cancel()
	if err := c.mark(ctx, number, turnFree); err != nil {
		c.logger.WarnContext(ctx, "the turn at the database was not given back", slog.String("database", c.name), slog.Any("error", err))
	}
}

func (c *ClickHouse) mark(ctx context.Context, number int, comment string) error {
	return c.Exec(ctx, fmt.Sprintf("ALTER TABLE %s%d MODIFY COMMENT '%s'", turnPrefix, number, comment), nil)
}
