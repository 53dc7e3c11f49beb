package identity

import (
	"context"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/clock"
)

const (
	// remembered is how long the answer about a session is used: what ends a session counts everywhere after that, and
	// costs one read by primary key for each session in use and replica in that time.
	remembered = 500 * time.Millisecond
	// maxRemembered bounds the memory; when it is full, all are asked for again.
	maxRemembered = 1 << 16
	standingLimit = 5 * time.Second
)

// Sessions knows whether sessions live. It is what the gate asks with every request, and is safe for concurrent use.
type Sessions struct {
	repo *Repository
	now  clock.Clock

	flights singleflight.Group
	mu      sync.Mutex
	known   map[string]answer
	round   uint64 // of known: grows with each Forget
}

// answer is what was found, at the time that the question began.
type answer struct {
	asked    time.Time
	standing *Standing
}

// NewSessions makes it.
func NewSessions(repo *Repository, now clock.Clock) *Sessions {
	return &Sessions{repo: repo, now: now, known: map[string]answer{}}
}

// Current is the principal with the role that they have now. The error is auth.ErrUnauthenticated when the session has
// ended or expired, or its user is not active.
func (s *Sessions) Current(ctx context.Context, p auth.Principal) (auth.Principal, error) {
	standing, err := s.standing(ctx, p.SessionID)
	if err != nil {
		return auth.Principal{}, err
	}
	if standing == nil || standing.EndedAt != nil || !standing.Active || standing.UserID != p.UserID ||
		!s.now().Before(standing.ExpiresAt) {
		return auth.Principal{}, auth.Invalid("the session has ended")
	}
	p.Role = standing.Role
	return p, nil
}

func (s *Sessions) standing(ctx context.Context, sessionID string) (*Standing, error) {
	s.mu.Lock()
	held, ok := s.known[sessionID]
	round := s.round
	s.mu.Unlock()
	if ok && time.Since(held.asked) < remembered {
		return held.standing, nil
	}
	// A question that was asked before Forget was called may find what was before: it is another one.
	flight := s.flights.DoChan(strconv.FormatUint(round, 10)+" "+sessionID, func() (any, error) {
		return s.ask(context.WithoutCancel(ctx), sessionID, round)
	})
	select {
	case done := <-flight:
		standing, _ := done.Val.(*Standing)
		return standing, done.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ask reads what became of a session, for everybody who asks at this moment of this round.
func (s *Sessions) ask(ctx context.Context, sessionID string, round uint64) (*Standing, error) {
	ctx, cancel := context.WithTimeout(ctx, standingLimit)
	defer cancel()
	asked := time.Now()
	standing, err := s.repo.Standing(ctx, sessionID)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.round == round { // or else it may be older than what Forget was called for
		if len(s.known) >= maxRemembered {
			clear(s.known)
		}
		s.known[sessionID] = answer{asked, standing}
	}
	return standing, nil
}

// Forget makes a change count at once in this process.
func (s *Sessions) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.known)
	s.round++
}
