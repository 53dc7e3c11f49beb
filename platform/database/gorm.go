package database

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"gorm.io/gorm"
	gormlog "gorm.io/gorm/logger"
)

const slowQuery = 200 * time.Millisecond

// gormConfig is the same for every engine.
func gormConfig(logger gormlog.Interface) *gorm.Config {
	return &gorm.Config{
		// A single statement is atomic by itself. gorm's own transaction around it costs two round trips more.
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		TranslateError:         true,
		NowFunc:                func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		Logger:                 logger,
	}
}

// watch makes every statement of handle blame ctx where it is to blame, and keeps a transaction from being used or
// committed after a statement failed in a way that ends it on the server: MySQL rolls all of it back at a deadlock and
// then takes further statements as ones outside of a transaction, and SQLite does the same when it is interrupted.
func (db *DB) watch(handle *gorm.DB) error {
	before := func(g *gorm.DB) {
		if tx := db.transactionOf(g); tx != nil {
			_ = g.AddError(tx.doomed())
		}
	}
	after := func(g *gorm.DB) {
		if g.Error == nil {
			return
		}
		g.Error = blame(g.Statement.Context, g.Error)
		if tx := db.transactionOf(g); tx != nil && endsTransaction(g.Error) {
			tx.fail(g.Error)
		}
	}
	const first, last = "trellis:before", "trellis:after"
	on := handle.Callback()
	return errors.Join(
		on.Create().Before("*").Register(first, before), on.Create().After("*").Register(last, after),
		on.Query().Before("*").Register(first, before), on.Query().After("*").Register(last, after),
		on.Update().Before("*").Register(first, before), on.Update().After("*").Register(last, after),
		on.Delete().Before("*").Register(first, before), on.Delete().After("*").Register(last, after),
		on.Row().Before("*").Register(first, before), on.Row().After("*").Register(last, after),
		on.Raw().Before("*").Register(first, before), on.Raw().After("*").Register(last, after),
	)
}

func (db *DB) transactionOf(g *gorm.DB) *transaction {
	if tx := current(g.Statement.Context); tx != nil && tx.db == db {
		return tx
	}
	return nil
}

func endsTransaction(err error) bool {
	return errors.Is(err, ErrBusy) || errors.Is(err, ErrUnavailable) || canceled(err)
}

// statementLog logs slow statements, with placeholders in the place of values. It does not log errors: they are returned,
// and logged where they end.
type statementLog struct {
	logger   *slog.Logger
	database string
	slow     time.Duration
}

// LogMode changes nothing: slog has its own levels.
func (l *statementLog) LogMode(gormlog.LogLevel) gormlog.Interface { return l }

// Info logs a remark of gorm.
func (l *statementLog) Info(ctx context.Context, text string, args ...any) {
	l.logger.DebugContext(ctx, text, slog.String("database", l.database), slog.Any("args", args))
}

// Warn logs a warning of gorm, about the use of it.
func (l *statementLog) Warn(ctx context.Context, text string, args ...any) {
	l.logger.WarnContext(ctx, text, slog.String("database", l.database), slog.Any("args", args))
}

// Error logs a complaint of gorm that it does not return.
func (l *statementLog) Error(ctx context.Context, text string, args ...any) {
	l.logger.ErrorContext(ctx, text, slog.String("database", l.database), slog.Any("args", args))
}

// Trace logs a statement that took long.
func (l *statementLog) Trace(ctx context.Context, began time.Time, statement func() (string, int64), _ error) {
	took := time.Since(began)
	if took < l.slow {
		return
	}
	text, rows := statement()
	l.logger.WarnContext(ctx, "slow query", slog.String("database", l.database), slog.Duration("took", took),
		slog.Int64("rows", rows), slog.String("sql", text))
}

// ParamsFilter keeps values out of the log.
func (l *statementLog) ParamsFilter(_ context.Context, statement string, _ ...any) (string, []any) {
	return statement, nil
}
