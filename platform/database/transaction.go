package database

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"gorm.io/gorm"
)

// transaction is one that is open, or was.
type transaction struct {
	db     *DB
	handle *gorm.DB

	mu    sync.Mutex // fn may use its ctx in several goroutines
	doom  error
	hooks []hook
	state state
}

// hook is what is to happen once the outcome is known.
type hook struct {
	run    func(context.Context)
	unsure bool // also when the commit failed: it may have happened all the same
}

type state int

const (
	pending state = iota
	committed
	rolledBack
)

type transactionKey struct{}

// current is the transaction that ctx is in, or nil.
func current(ctx context.Context) *transaction {
	tx, _ := ctx.Value(transactionKey{}).(*transaction)
	return tx
}

// detached is ctx outside the transaction, and without its end.
func detached(ctx context.Context) context.Context {
	return context.WithValue(context.WithoutCancel(ctx), transactionKey{}, (*transaction)(nil))
}

// join runs fn as a part of the transaction.
func (t *transaction) join(ctx context.Context, fn func(ctx context.Context) error) error {
	err := errors.New("it panicked")
	defer func() {
		if err != nil {
			t.fail(fmt.Errorf("a call that joined it failed: %w", err))
		}
	}()
	err = fn(ctx)
	return err
}

// fail makes a commit impossible. The first reason stays.
func (t *transaction) fail(reason error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.doom == nil {
		t.doom = reason
	}
}

// doomed is the reason why the transaction cannot be committed, or nil.
func (t *transaction) doomed() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.doom
}

// after keeps h for the time after the commit, and says whether that is past.
func (t *transaction) after(h hook) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state == pending {
		t.hooks = append(t.hooks, h)
	}
	return t.state == committed
}

func (t *transaction) end(state state) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state = state
}

func (t *transaction) commit(ctx context.Context) error {
	err := t.handle.Commit().Error
	switch {
	case err == nil:
		t.end(committed)
		return nil
	case errors.Is(err, ErrUnavailable):
		return ErrOutcomeUnknown.Because(err).After(retryUnavailableAfter)
	default:
		return blame(ctx, err)
	}
}

// rollback gives up a transaction that is still open. Its own failure changes nothing: a database rolls back what a
// broken connection leaves.
func (t *transaction) rollback() {
	if t.state == committed {
		return
	}
	t.end(rolledBack)
	t.handle.Rollback()
}

// runHooks runs every hook, also those after one that panics; when the commit failed, only those that want to run then.
func (t *transaction) runHooks(ctx context.Context, failed bool) {
	var run func(hooks []hook)
	run = func(hooks []hook) {
		if len(hooks) == 0 {
			return
		}
		defer run(hooks[1:])
		if !failed || hooks[0].unsure {
			hooks[0].run(ctx)
		}
	}
	run(t.hooks)
}
