package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/health"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/log"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/ratelimit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// settings are what a test may change before the API is made.
type settings struct {
	http   httpapi.Config
	limits ratelimit.Config
	log    io.Writer
	gate   *auth.Gate
	checks []health.Check
}

// newAPI is an API with the test's operations in both versions.
func newAPI(t testing.TB, change func(*settings)) *httpapi.API {
	t.Helper()
	s := settings{
		http: httpapi.Config{
			Addr: "127.0.0.1:0", RequestTimeout: time.Minute, ReadHeaderTimeout: time.Minute, ReadTimeout: time.Minute,
			WriteTimeout: time.Minute, IdleTimeout: time.Minute, MaxBody: 4 * config.KiB, MaxHeader: 64 * config.KiB,
		},
		log: io.Discard, gate: testGate(t),
	}
	if change != nil {
		change(&s)
	}
	limiter := ratelimit.NewMemory()
	logger := log.NewTest(s.log)
	probes := health.New(logger, s.checks...)
	t.Cleanup(func() { require.NoError(t, probes.Close(context.Background())) })
	probes.MarkStarted()
	api, err := httpapi.New(s.http, s.limits, limiter, s.gate, logger, probes, prometheus.NewRegistry())
	require.NoError(t, err)
	register(api.V(1))
	register(api.V(2))
	return api
}

var errTeapot = problem.Define(http.StatusTeapot, "teapot", "I am a teapot", "It will not brew coffee.")

type cup struct {
	Name  string   `json:"name" minLength:"2" maxLength:"10" pattern:"^[^ ]*$" patternDescription:"without space"`
	Size  int      `json:"size" minimum:"1" maximum:"9"`
	Hot   *bool    `json:"hot" required:"false" default:"true"`
	Tags  []string `json:"tags" required:"false"`
	Maker string   `json:"maker" readOnly:"true"`
}

type cupInput struct{ Body cup }

type cupOutput struct {
	Status int
	ETag   string `header:"ETag"`
	Body   *cup
}

func register(v *httpapi.Group) {
	get := func(id, path string) httpapi.Operation {
		return httpapi.Operation{ID: id, Method: http.MethodGet, Path: path, Tag: "Cups", Policy: auth.Public, Summary: id}
	}
	httpapi.Handle(v, httpapi.Operation{ID: "make", Method: http.MethodPost, Path: "/cups", Tag: "Cups", Policy: auth.Public, Summary: "Make a cup", Status: http.StatusCreated},
		func(_ context.Context, in *cupInput) (*cupOutput, error) {
			return &cupOutput{Status: 201, Body: &in.Body}, nil
		})
	httpapi.Handle(v, get("teapot", "/teapot"),
		func(context.Context, *struct{}) (*struct{}, error) { return nil, errTeapot.New("short and stout") })
	httpapi.Handle(v, get("fail", "/fail"),
		func(context.Context, *struct{}) (*struct{}, error) {
			return nil, problem.Trace(errors.New("the secret is 42"))
		})
	httpapi.Handle(v, get("panic", "/panic"),
		func(context.Context, *struct{}) (*struct{}, error) { panic("the secret is 42") })
	httpapi.Handle(v, httpapi.Operation{ID: "slow", Method: http.MethodGet, Path: "/slow", Tag: "Cups", Policy: auth.Public, Summary: "Slow", Timeout: time.Millisecond},
		func(ctx context.Context, _ *struct{}) (*struct{}, error) { <-ctx.Done(); return nil, ctx.Err() })
	httpapi.Handle(v, get("who", "/who/{id}"),
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		}) (*struct {
			Body map[string]string
		}, error) {
			return &struct{ Body map[string]string }{map[string]string{
				"id": in.ID, "request_id": httpapi.RequestID(ctx), "client": httpapi.ClientIP(ctx),
			}}, nil
		})
}

// request describes what a test sends.
type request struct {
	method, path, body string
	header             map[string]string
}

// send gives the answer of the handler.
func send(t testing.TB, handler http.Handler, r request) *http.Response {
	t.Helper()
	sent := httptest.NewRequest(r.method, r.path, strings.NewReader(r.body))
	if r.body != "" {
		sent.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.header {
		sent.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, sent)
	return recorder.Result()
}

func get(t testing.TB, handler http.Handler, path string) *http.Response {
	t.Helper()
	return send(t, handler, request{method: http.MethodGet, path: path})
}

func text(t testing.TB, answer *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return string(body)
}

func decode[T any](t testing.TB, answer *http.Response) T {
	t.Helper()
	var value T
	body := text(t, answer)
	require.NoError(t, json.Unmarshal([]byte(body), &value), body)
	return value
}

// document is the problem document of an answer.
func document(t testing.TB, answer *http.Response) problem.Document {
	t.Helper()
	require.Equal(t, problem.ContentType, answer.Header.Get("Content-Type"))
	doc := decode[problem.Document](t, answer)
	require.Equal(t, answer.StatusCode, doc.Status)
	require.Equal(t, "/problems/"+doc.Code, doc.Type)
	require.Equal(t, answer.Header.Get("X-Request-Id"), doc.RequestID)
	return doc
}
