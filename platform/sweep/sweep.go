// Package sweep deletes rows whose time is over, beside whatever else goes on: a few with each statement, so that nobody
// waits for it, and as many statements as it takes.
//
//	s := sweep.New(databases, logger, sweep.Old{What: "receipts", Delete: func(ctx, db, limit) (found int, err error) { … }})
//	err := s.Run(ctx)
package sweep

import (
	"context"
	"log/slog"
	"time"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/database"
)

const (
	every = 10 * time.Second
	rows  = 500 // of one statement
)

// Old is one kind of rows.
type Old struct {
	What string // for the log
	// Delete deletes up to limit of them, and says how many it found.
	Delete func(ctx context.Context, db *database.DB, limit int) (found int, err error)
}

// Sweeper deletes what is old. Any number of processes may have one.
type Sweeper struct {
	databases []*database.DB
	logger    *slog.Logger
	all       []Old
}

// New makes one for these databases, which have all these kinds.
func New(databases []*database.DB, logger *slog.Logger, all ...Old) *Sweeper {
	return &Sweeper{databases: databases, logger: logger, all: all}
}

// Run sweeps now and then, until ctx ends.
func (s *Sweeper) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(backoff.Jitter(every)):
		}
		s.Sweep(ctx)
	}
}

// Sweep deletes everything that is old now.
func (s *Sweeper) Sweep(ctx context.Context) {
	for _, db := range s.databases {
		for _, old := range s.all {
			if err := empty(ctx, db, old); err != nil && ctx.Err() == nil {
				s.logger.WarnContext(ctx, "old rows were not deleted", slog.String("what", old.What),
					slog.String("database", db.Name()), slog.Any("error", err))
			}
		}
	}
}

// empty deletes all of one kind.
func empty(ctx context.Context, db *database.DB, old Old) error {
	ctx = database.Fresh(ctx) // a replica may still have what was just deleted
	for {
		if found, err := old.Delete(ctx, db, rows); err != nil || found < rows {
			return err
		}
	}
}
