package migrate

import (
	"context"
	"fmt"
)

// Config is the section migrations.
type Config struct {
	Auto bool // migrate at start
}

// Ensure is what a server does before it serves: it migrates when auto is set, and otherwise refuses to go on while
// migrations are pending, since the program would meet a schema that it was not written for.
func (m *Migrator) Ensure(ctx context.Context, auto bool) error {
	if auto {
		return m.Up(ctx)
	}
	pending, err := m.Pending(ctx)
	if err != nil {
		return err
	}
	if pending > 0 {
		return fmt.Errorf("%d migrations are pending: run server migrate up, or set migrations.auto", pending)
	}
	return nil
}
