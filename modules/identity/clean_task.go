package identity

import (
	"context"
	"time"

	"github.com/trellis-go/trellis/platform/tasks"
)

const cleanKind tasks.Kind[struct{}, cleanResult] = "identity.clean"

var cleaning = tasks.Every("identity.clean", time.Hour, cleanKind, struct{}{})

type cleanResult struct {
	Sessions int `json:"sessions"`
}

const cleanBatch = 500

func (s *Service) cleaner() tasks.Handler {
	return cleanKind.On(func(ctx context.Context, _ *tasks.Run, _ struct{}) (done cleanResult, err error) {
		done.Sessions, err = s.Clean(ctx)
		return done, err
	}, tasks.Options{Retention: time.Hour})
}

// Clean forgets the sessions that have expired, and says how many. Each has as many tokens as it was refreshed, so these are
// deleted in batches of their own, before it.
func (s *Service) Clean(ctx context.Context) (sessions int, err error) {
	for more := true; more; {
		expired, err := s.repo.Expired(ctx, s.now(), cleanBatch)
		if err != nil || len(expired) == 0 {
			return sessions, err
		}
		for gone := cleanBatch; gone == cleanBatch; {
			if gone, err = s.repo.ForgetTokens(ctx, expired, cleanBatch); err != nil {
				return sessions, err
			}
		}
		if err := s.repo.ForgetSessions(ctx, expired); err != nil {
			return sessions, err
		}
		sessions, more = sessions+len(expired), len(expired) == cleanBatch
	}
	return sessions, nil
}
