package testkit

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/health"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/ratelimit"
)

// Serve is a client of an API that has the operations of these modules, with the whole chain of middlewares and no
// network. It has signed in as an admin; Client.As and Client.With make others of it.
func Serve(t testing.TB, modules ...module.Module) Client {
	t.Helper()
	return ServeBehind(t, Gate(t, nil), modules...).As(auth.Admin)
}

// ServeBehind is Serve with a gate of the test's own. The client has not signed in.
func ServeBehind(t testing.TB, gate *auth.Gate, modules ...module.Module) Client {
	t.Helper()
	limiter := ratelimit.NewMemory()
	probes := health.New(Quiet())
	t.Cleanup(func() { require.NoError(t, probes.Close(context.Background())) })
	cfg := httpapi.Config{
		Addr: "127.0.0.1:0", RequestTimeout: time.Minute, ReadHeaderTimeout: time.Minute, ReadTimeout: time.Minute,
		WriteTimeout: time.Minute, IdleTimeout: time.Minute, MaxBody: config.MiB, MaxHeader: 64 * config.KiB,
	}
	api, err := httpapi.New(cfg, ratelimit.Config{}, limiter, gate, Quiet(), probes, prometheus.NewRegistry())
	require.NoError(t, err)
	for _, m := range modules {
		m.Routes(api)
	}
	return Client{t: t, handler: api}
}

// Through is a client of a handler. It has not signed in.
func Through(t testing.TB, handler http.Handler) Client { return Client{t: t, handler: handler} }

// Client sends requests to a handler.
type Client struct {
	t       testing.TB
	handler http.Handler
	token   string
	address string
}

// Answer is what came back.
type Answer struct {
	t      testing.TB
	Status int
	Header http.Header
	Body   string
}

// Do sends a request. The header is given as names and values in turn; a body is JSON unless the header says otherwise.
func (c Client) Do(method, path, body string, header ...string) Answer {
	c.t.Helper()
	return c.DoIn(context.Background(), method, path, body, header...)
}

// DoIn is Do for a client that goes away when ctx ends.
func (c Client) DoIn(ctx context.Context, method, path, body string, header ...string) Answer {
	c.t.Helper()
	request := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.address != "" {
		request.RemoteAddr = c.address + ":1024"
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	recorder := httptest.NewRecorder()
	c.handler.ServeHTTP(recorder, request)
	return Answer{t: c.t, Status: recorder.Code, Header: recorder.Header(), Body: recorder.Body.String()}
}

// Get sends a GET request.
func (c Client) Get(path string, header ...string) Answer {
	c.t.Helper()
	return c.Do(http.MethodGet, path, "", header...)
}

// Must fails the test unless the answer has this status.
func (a Answer) Must(status int) Answer {
	a.t.Helper()
	require.Equal(a.t, status, a.Status, a.Body)
	return a
}

// Into decodes the body.
func (a Answer) Into(target any) {
	a.t.Helper()
	require.NoError(a.t, json.Unmarshal([]byte(a.Body), target), a.Body)
}

// JSON is the body as an object.
func (a Answer) JSON() map[string]any {
	a.t.Helper()
	var object map[string]any
	a.Into(&object)
	return object
}

// Problem is the body as a problem document.
func (a Answer) Problem() problem.Document {
	a.t.Helper()
	require.Equal(a.t, problem.ContentType, a.Header.Get("Content-Type"), a.Body)
	var document problem.Document
	a.Into(&document)
	require.Equal(a.t, a.Status, document.Status)
	return document
}

// From is a client at this address.
func (c Client) From(address string) Client {
	c.address = address
	return c
}
