package migrate

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// Config is the section migrations.
type Config struct {
	Auto bool // migrate at start
}

// Ensure is what a server does before it serves: it migrates when auto is set, and otherwise refuses to go on while
// migrations are pending, since the program would meet a schema that it was not written for. It passes over databases
// that the service can do without and that do not answer, with a warning.
func (m *Migrator) Ensure(ctx context.Context, auto bool) error {
	there := *m
	there.only = slices.DeleteFunc(m.databases(), func(db schema) bool { return m.away(ctx, db) })
	if auto {
		return there.Up(ctx)
	}
	pending, err := there.Pending(ctx)
	if err != nil {
		return err
	}
	if pending > 0 {
		return fmt.Errorf("%d migrations are pending: run server migrate up, or set migrations.auto", pending)
	}
	return nil
}

// awayAfter is how long a database that the service can do without may take to answer.
const awayAfter = 5 * time.Second

// away tells whether the start goes on without a database.
func (m *Migrator) away(ctx context.Context, db schema) bool {
	if m.manager.Required(db.Name()) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, awayAfter)
	defer cancel()
	err := db.Ping(ctx)
	if err != nil {
		m.logger.WarnContext(ctx, "the migrations of an optional database were not looked at: it does not answer",
			slog.String("database", db.Name()), slog.String("driver", db.Driver()), slog.Any("error", err))
	}
	return err != nil
}
