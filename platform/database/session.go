package database

import (
	"context"
	"slices"
	"sync"
)

// session remembers which databases were written.
type session struct {
	mu    sync.Mutex
	wrote []*DB
}

type (
	sessionKey struct{}
	freshKey   struct{}
)

// WithSession begins a session: what belongs together and has to see its own writes, such as a request, a task or the
// handling of an event. Readers of its ctx go to replicas until the database is first written in it, and to the primary
// from then on. Without a session they always go to replicas.
func WithSession(ctx context.Context) context.Context {
	return context.WithValue(ctx, sessionKey{}, &session{})
}

// Fresh is ctx with Readers that see every commit there is: they go to the primary. It is for what outlives the moment,
// such as the filling of a cache.
func Fresh(ctx context.Context) context.Context { return context.WithValue(ctx, freshKey{}, true) }

// writes notes that the database is about to be written in the session of ctx. A write that fails counts as well: who
// looks for the reason looks where it failed.
func (db *DB) writes(ctx context.Context) {
	if db.replicas == nil {
		return
	}
	s, _ := ctx.Value(sessionKey{}).(*session)
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.wrote, db) {
		s.wrote = append(s.wrote, db)
	}
}

// mayBeOld says whether a Reader of ctx may be given what a replica has.
func (db *DB) mayBeOld(ctx context.Context) bool {
	if ctx.Value(freshKey{}) != nil {
		return false
	}
	s, _ := ctx.Value(sessionKey{}).(*session)
	if s == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return !slices.Contains(s.wrote, db)
}
