package httpapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/httpapi"
)

// watched is what a client sees of a stream of events that watch sends.
func watched(t *testing.T, watch func(context.Context, *httpapi.EventStream) error) string {
	t.Helper()
	api := newAPI(t, nil)
	streaming := operation("watch", http.MethodGet, "/watch")
	streaming.Produces, streaming.Timeout = httpapi.EventsType, time.Hour
	httpapi.Handle(api.V(2), streaming, func(context.Context, *struct{}) (*httpapi.Events, error) { return httpapi.Watch(watch), nil })
	answer := httptest.NewRecorder()
	api.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/api/v2/watch", nil))
	require.Equal(t, http.StatusOK, answer.Code)
	return answer.Body.String()
}

func TestAStreamIsKeptAliveWhileNothingHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := watched(t, func(ctx context.Context, stream *httpapi.EventStream) error {
			if err := stream.Send(httpapi.Event{Name: "tick", Data: 1}); err != nil {
				return err
			}
			for range 50 {
				if err := stream.Wait(ctx, time.Second); err != nil {
					return err
				}
			}
			return nil
		})
		assert.Equal(t, "retry: 2000\nevent: tick\ndata: 1\n\n"+strings.Repeat(":\n\n", 3), seen, "one sign of life in fifteen seconds")
	})
}

func TestAStreamEndsWithTheSessionOfWhoWatches(t *testing.T) {
	tokens, standing := testTokens(t), &session{}
	api := newAPI(t, func(s *settings) { s.gate = auth.NewGate(tokens, standing, nil) })
	streaming := operation("watch", http.MethodGet, "/watch")
	streaming.Policy, streaming.Produces, streaming.Timeout = auth.Authenticated, httpapi.EventsType, time.Hour
	httpapi.Handle(api.V(2), streaming, func(context.Context, *struct{}) (*httpapi.Events, error) {
		return httpapi.Watch(func(ctx context.Context, stream *httpapi.EventStream) error {
			for n := range 100 {
				if n == 2 {
					standing.ended.Store(true)
				}
				if err := stream.Send(httpapi.Event{Name: "tick", Data: n}); err != nil {
					return err
				}
				if err := stream.Wait(ctx, time.Millisecond); err != nil {
					return err
				}
			}
			return nil
		}), nil
	})
	token, err := tokens.Issue(auth.Principal{UserID: "u1", Role: auth.Staff, SessionID: "s1"})
	require.NoError(t, err)
	answer := send(t, api, request{method: "GET", path: "/api/v2/watch", header: map[string]string{"Authorization": "Bearer " + token}})
	assert.Equal(t, 3, strings.Count(text(t, answer), "event: tick"))
}

// session is one that may end.
type session struct{ ended atomic.Bool }

func (s *session) Current(_ context.Context, p auth.Principal) (auth.Principal, error) {
	if s.ended.Load() {
		return auth.Principal{}, auth.ErrUnauthenticated.New("")
	}
	return p, nil
}

func TestAStreamWithEventsNeedsNoSignOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := watched(t, func(ctx context.Context, stream *httpapi.EventStream) error {
			for n := range 4 {
				if err := stream.Send(httpapi.Event{ID: "7", Name: "tick", Data: n}); err != nil {
					return err
				}
				if err := stream.Wait(ctx, 14*time.Second); err != nil {
					return err
				}
			}
			return nil
		})
		assert.Equal(t, 4, strings.Count(seen, "id: 7\nevent: tick\n"))
		assert.NotContains(t, seen, ":\n\n:")
		assert.NotContains(t, seen, "\n:\n")
	})
}
