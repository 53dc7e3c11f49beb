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
// migrations are pending, since the program would miss what it was written for. A schema that is newer than the program is
// none of its concern: it meets one whenever a new version comes beside it. It passes over databases that the service
// can do without and that cannot be looked at, with a warning.
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

// awayAfter is how long a database that the service can do without may take to answer, and to say what is pending: others
// may be at its migrations for a while.
const awayAfter = 30 * time.Second

// away tells whether the start goes on without a database: it does not answer, or its turn cannot be had, as on a server
// that takes no writes.
func (m *Migrator) away(ctx context.Context, db schema) bool {
	if m.manager.Required(db.Name()) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, awayAfter)
	defer cancel()
	one := *m
	one.only = []schema{db}
	_, err := one.Pending(ctx)
	if err != nil {
		m.logger.WarnContext(ctx, "the migrations of an optional database were not looked at",
			slog.String("database", db.Name()), slog.String("driver", db.Driver()), slog.Any("error", err))
	}
	return err != nil
}
