package database

import (
	"context"
	"slices"
	"sync"
)

// session remembers which databases were written, and which replica of each is read from.
type session struct {
	mu    sync.Mutex
	wrote []*DB
	reads map[*replicas]int
}

type (
	sessionKey struct{}
	freshKey   struct{}
)

// WithSession begins a session: what belongs together and has to see its own writes, such as a request, a task or the
// handling of an event. Readers of its ctx go to one replica, as long as that answers, until the database is first written in
// it, and to the primary from then on. Without a session they always go to replicas, to each in turn.
func WithSession(ctx context.Context) context.Context {
	return context.WithValue(ctx, sessionKey{}, &session{reads: map[*replicas]int{}})
}

// sessionOf is the session of ctx, nil when there is none.
func sessionOf(ctx context.Context) *session {
	s, _ := ctx.Value(sessionKey{}).(*session)
	return s
}

// place is where in the list of replicas the session reads. What is in none reads in turn.
func (s *session) place(r *replicas) int {
	if s == nil {
		return r.turn()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	place, known := s.reads[r]
	if !known {
		place = r.turn()
		s.reads[r] = place
	}
	return place
}

// stay remembers which replica has answered.
func (s *session) stay(r *replicas, place int) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads[r] = place
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
	s := sessionOf(ctx)
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
	s := sessionOf(ctx)
	if s == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return !slices.Contains(s.wrote, db)
}
