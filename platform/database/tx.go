package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const (
	txAttempts   = 8
	txFirstPause = 10 * time.Millisecond
	txLastPause  = 500 * time.Millisecond
	// txBudget is the time after which no further attempt begins: where locks are waited for, each takes seconds.
	txBudget = 15 * time.Second
)

// InTx runs fn in a transaction, which every handle taken from the ctx that fn gets belongs to. It commits when fn gives
// nil, and rolls back when fn gives an error or panics, or when ctx ends.
//
// Inside a transaction of the same database, fn joins it: then the outermost InTx alone commits, and when a joined fn
// fails the whole transaction is rolled back, even if the caller swallows the error. Inside a transaction of another
// database it is an error.
//
// The outermost InTx repeats all of fn, after a pause, when the database asks for it (deadlock, lock not granted in time,
// SQLite busy) or when the connection broke before the commit was sent. So fn changes nothing but the database, and sets
// what it gives to its surroundings anew on each run. After the last attempt the error is ErrBusy or ErrUnavailable. A
// commit whose answer got lost is not repeated: the error is ErrOutcomeUnknown.
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if outer := current(ctx); outer != nil {
		if outer.db != db {
			return spans(outer.db, db)
		}
		return outer.join(ctx, fn)
	}
	db.writes(ctx)
	began, pause := time.Now(), txFirstPause
	for attempt := 1; ; attempt++ {
		repeat, err := db.attempt(ctx, fn)
		if err == nil || !repeat || attempt == txAttempts || time.Since(began) > txBudget {
			return err
		}
		db.logger.DebugContext(ctx, "repeating a transaction", slog.String("database", db.name),
			slog.Int("attempt", attempt), slog.Any("error", err))
		if !sleep(ctx, jittered(pause)) {
			return blame(ctx, err)
		}
		pause = min(2*pause, txLastPause)
	}
}

// AfterCommit runs fn once what ctx is part of is committed: after the outermost commit when ctx is in a transaction, in
// the order of the calls, or at once when it is in none. fn never runs for a transaction, or an attempt at one, that is
// rolled back. Its ctx carries the values of ctx, but is neither in the transaction nor ends with ctx: the commit is a
// fact, whoever has gone away in the meantime. So fn sets its own deadline for whatever may block.
func AfterCommit(ctx context.Context, fn func(ctx context.Context)) {
	after(ctx, hook{run: fn})
}

// AfterOutcome is AfterCommit that runs fn also when the commit failed: the database may have made the change and the
// answer got lost. It is for what does no harm when nothing was changed, such as dropping cached values.
func AfterOutcome(ctx context.Context, fn func(ctx context.Context)) {
	after(ctx, hook{run: fn, unsure: true})
}

func after(ctx context.Context, h hook) {
	if tx := current(ctx); tx == nil || tx.after(h) {
		h.run(detached(ctx))
	}
}

// InTransaction says whether ctx is in a transaction, of whichever database: what is read with it may not be committed.
func InTransaction(ctx context.Context) bool { return current(ctx) != nil }

// Joined is the database whose transaction ctx is in, nil when it is in none: for what has to be written with it,
// whichever that is.
func Joined(ctx context.Context) *DB {
	if tx := current(ctx); tx != nil {
		return tx.db
	}
	return nil
}

// attempt runs fn in one transaction and says, when it failed, whether the same may succeed if it is done again.
func (db *DB) attempt(ctx context.Context, fn func(ctx context.Context) error) (repeat bool, err error) {
	handle := db.writer.handle.WithContext(ctx).Begin(&sql.TxOptions{Isolation: db.isolation})
	if err := blame(ctx, handle.Error); err != nil {
		return db.transient(err), err
	}
	tx := &transaction{db: db, handle: handle}
	defer tx.rollback() // does nothing after a commit, and is here for a panic, too

	err = fn(context.WithValue(ctx, transactionKey{}, tx))
	doomed := tx.doomed()
	if err == nil && doomed != nil {
		err = fmt.Errorf("the transaction cannot be committed: %w", doomed)
	}
	if err != nil {
		return db.transient(err) || db.transient(doomed), err
	}
	if err = tx.commit(ctx); err != nil {
		tx.rollback() // before the hooks, which may want its locks
	}
	tx.runHooks(detached(ctx), err != nil)
	return errors.Is(err, ErrBusy), err
}

// transient says that a transaction that failed with err left nothing behind and may succeed when it is repeated.
func (db *DB) transient(err error) bool {
	return errors.Is(err, ErrBusy) || lost(err) || db.lost(err)
}
