package httpclient_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/trellis-go/trellis/platform/httpclient"
)

func TestACallGivesTheResponseWithItsBody(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", r.Method)
		w.WriteHeader(http.StatusTeapot)
		_, _ = fmt.Fprintf(w, "got %s", body)
	})
	response, err := s.client(t, httpclient.Config{}).Do(s.request(t, http.MethodPost, "hello"))
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, "got hello", string(body))
	assert.Equal(t, http.StatusTeapot, response.StatusCode)
	assert.Equal(t, "POST", response.Header.Get("X-Seen"))
}

func TestWhatMayBeRepeatedIs(t *testing.T) {
	for name, test := range map[string]struct {
		method string
		header []string
		calls  int
	}{
		"a read":                         {http.MethodGet, nil, 3},
		"a replacement":                  {http.MethodPut, nil, 3},
		"a deletion":                     {http.MethodDelete, nil, 3},
		"a creation":                     {http.MethodPost, nil, 1},
		"a change":                       {http.MethodPatch, nil, 1},
		"a creation under a key":         {http.MethodPost, []string{"Idempotency-Key", "k"}, 3},
		"a creation under an empty key ": {http.MethodPost, []string{"Idempotency-Key", ""}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				assert.Equal(t, "hello", string(body), "every attempt sends the whole body")
				w.WriteHeader(map[bool]int{true: 503, false: 200}[n < 3])
			})
			response, err := s.client(t, httpclient.Config{}).Do(s.request(t, test.method, "hello", test.header...))
			require.NoError(t, err)
			assert.Len(t, s.seen(), test.calls)
			assert.Equal(t, map[bool]int{true: 200, false: 503}[test.calls == 3], response.StatusCode)
		})
	}
}

func TestABodyThatCannotBeReadAgainIsSentOnce(t *testing.T) {
	s := statuses(t, 503)
	request := s.request(t, http.MethodPut, "hello")
	request.GetBody = nil
	response, err := s.client(t, httpclient.Config{}).Do(request)
	require.NoError(t, err)
	assert.Equal(t, 503, response.StatusCode)
	assert.Len(t, s.seen(), 1)
}

func TestOnlyWhatMayPassIsRepeated(t *testing.T) {
	for status, calls := range map[int]int{200: 1, 400: 1, 404: 1, 409: 1, 429: 3, 500: 3, 501: 1, 502: 3, 503: 3, 504: 3} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			s := statuses(t, status)
			response, err := s.client(t, httpclient.Config{}).Do(s.request(t, http.MethodGet, ""))
			require.NoError(t, err, "the last answer counts")
			assert.Equal(t, status, response.StatusCode)
			assert.Len(t, s.seen(), calls)
			assert.InDelta(t, calls-1, testutil.ToFloat64(repeats(s)), 0)
		})
	}
}

func TestABrokenConnectionIsTriedAgain(t *testing.T) {
	s := serve(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			connection, _, err := w.(http.Hijacker).Hijack()
			assert.NoError(t, err)
			_ = connection.Close()
		}
	})
	response, err := s.client(t, httpclient.Config{}).Do(s.request(t, http.MethodGet, ""))
	require.NoError(t, err)
	assert.Equal(t, 200, response.StatusCode)
	assert.Len(t, s.seen(), 2)
}

func TestAnAttemptEndsInTimeAndTheNextOneMaySucceed(t *testing.T) {
	s := serve(t, func(n int, _ http.ResponseWriter, r *http.Request) {
		if n == 1 {
			<-r.Context().Done()
		}
	})
	response, err := s.client(t, httpclient.Config{AttemptTimeout: 50 * time.Millisecond}).Do(s.request(t, http.MethodGet, ""))
	require.NoError(t, err)
	assert.Equal(t, 200, response.StatusCode)
}

func TestACallEndsInTimeWithAllItsAttempts(t *testing.T) {
	s := serve(t, func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	_, err := s.client(t, httpclient.Config{Timeout: 50 * time.Millisecond}).Do(s.request(t, http.MethodGet, ""))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Len(t, s.seen(), 1)
}

func TestACallerWhoLeavesIsNotServedFurther(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	_, err := s.client(t, httpclient.Config{}).Do(s.request(t, http.MethodGet, "").WithContext(ctx))
	require.ErrorIs(t, err, context.Canceled)
	assert.Len(t, s.seen(), 1)
}

func TestAServiceIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	s := serve(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	response, err := s.client(t, httpclient.Config{}).Do(s.request(t, http.MethodGet, ""))
	require.NoError(t, err)
	assert.Equal(t, 200, response.StatusCode)
	calls := s.seen()
	assert.GreaterOrEqual(t, calls[1].at.Sub(calls[0].at), time.Second)
}

func TestAPauseThatIsLongerThanTheCallIsNotWaitedFor(t *testing.T) {
	for _, after := range []string{"3600", "99999999999", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)} {
		s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", after)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		response, err := s.client(t, httpclient.Config{}).Do(s.request(t, http.MethodGet, ""))
		require.NoError(t, err)
		assert.Equal(t, 503, response.StatusCode)
		assert.Len(t, s.seen(), 1)
	}
}

func TestAResponseIsReadUpToItsLimit(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", int(r.ContentLength)))
	})
	client := s.client(t, httpclient.Config{MaxBody: 100})
	response, err := client.Do(s.request(t, http.MethodPut, strings.Repeat("x", 100)))
	require.NoError(t, err)
	body, _ := io.ReadAll(response.Body)
	assert.Len(t, body, 100)
	_, err = client.Do(s.request(t, http.MethodPut, strings.Repeat("x", 101)))
	require.ErrorIs(t, err, httpclient.ErrTooLarge)
	assert.Len(t, s.seen(), 2, "it would be too large again")
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	response, err := s.client(t, httpclient.Config{}).Do(s.request(t, http.MethodGet, ""))
	require.NoError(t, err)
	assert.Equal(t, http.StatusFound, response.StatusCode)
	assert.Len(t, s.seen(), 1)
}

func TestTheTraceGoesAlong(t *testing.T) {
	s := statuses(t, 200)
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: 1})
	request := s.request(t, http.MethodGet, "")
	_, err := s.client(t, httpclient.Config{}).Do(request.WithContext(trace.ContextWithSpanContext(t.Context(), span)))
	require.NoError(t, err)
	assert.Equal(t, "00-01000000000000000000000000000000-0200000000000000-01", s.seen()[0].header.Get("traceparent"))
	assert.Empty(t, request.Header.Get("traceparent"), "the caller's request stays as it is")
}

func TestAnErrorShowsTheHostAndNoMoreOfTheURL(t *testing.T) {
	s := statuses(t, 200)
	s.Close()
	_, err := s.client(t, httpclient.Config{}).Do(s.request(t, http.MethodGet, ""))
	require.ErrorContains(t, err, s.Listener.Addr().String())
	assert.NotContains(t, err.Error(), "s3cret")
}

// When everything fails, repetitions must not multiply the load on a service that is down already.
func TestRepetitionsStayASmallShareOfAllCalls(t *testing.T) {
	const callers = 60
	arrived := make(chan struct{}, 10*callers)
	release := make(chan struct{})
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		arrived <- struct{}{}
		<-release
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	client := s.client(t, httpclient.Config{Failures: 100, MaxConnections: callers})
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			response, err := client.Do(s.request(t, http.MethodGet, ""))
			assert.NoError(t, err)
			assert.Equal(t, 503, response.StatusCode)
		})
	}
	for range callers {
		<-arrived
	}
	close(release)
	all.Wait()
	assert.Less(t, len(s.seen()), 2*callers, "three attempts each would be 180")
}

func TestALongResponseMayBeCutOff(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 101))
	})
	response, err := s.client(t, httpclient.Config{MaxBody: 100, Clip: true}).Do(s.request(t, http.MethodPut, ""))
	require.NoError(t, err)
	body, _ := io.ReadAll(response.Body)
	assert.Len(t, body, 100)
}
