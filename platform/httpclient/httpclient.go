// Package httpclient calls other services over HTTP: every call ends in time, is repeated only where that is safe, leaves
// a service alone that is down, and reads no more than it is allowed to.
//
//	client := httpclient.New("payment", httpclient.Config{}, metrics)
//	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
//	request.Header.Set("Idempotency-Key", key)
//	response, err := client.Do(request)
//
// A call is repeated when its method is idempotent or it has an Idempotency-Key, after an exponential pause with jitter
// or what Retry-After says, as long as time is left and repetitions stay a small share of all calls. Each host has a
// circuit breaker. Redirects are not followed. The trace of the context goes along as traceparent.
//
// Calls to addresses that strangers choose need a Guard:
//
//	client := httpclient.New("webhook", cfg, metrics, httpclient.PublicOnly())
package httpclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/budget"

	"github.com/trellis-go/trellis/platform/config"
)

// Config says what a client may spend. It is part of the configuration of who makes the client; what is zero has the
// default that is named here.
type Config struct {
	Timeout        time.Duration `validate:"omitempty,min=1ms"`      // of a call with its repetitions; 30s
	AttemptTimeout time.Duration `validate:"omitempty,min=1ms"`      // of each attempt, with its body; 10s
	Attempts       int           `validate:"omitempty,min=1,max=10"` // of a call that may be repeated; 3
	Backoff        time.Duration `validate:"omitempty,min=1ms"`      // before the first repetition, doubled for each; 200ms
	MaxBody        config.Size   `validate:"omitempty,min=1"`        // of a response, unpacked; 1MiB
	Clip           bool          // a longer response is cut off there, and no error
	MaxConnections int           `validate:"omitempty,min=1"`         // to one host; 32
	Failures       uint          `validate:"omitempty,min=1,max=100"` // of the last Failures*2 attempts that open a circuit; 5
	OpenFor        time.Duration `validate:"omitempty,min=1ms"`       // until one attempt is let through an open circuit; 10s
}

func (c Config) withDefaults() Config {
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	c.AttemptTimeout = cmp.Or(c.AttemptTimeout, 10*time.Second)
	c.Attempts = cmp.Or(c.Attempts, 3)
	c.Backoff = cmp.Or(c.Backoff, 200*time.Millisecond)
	c.MaxBody = cmp.Or(c.MaxBody, config.MiB)
	c.MaxConnections = cmp.Or(c.MaxConnections, 32)
	c.Failures = cmp.Or(c.Failures, 5)
	c.OpenFor = cmp.Or(c.OpenFor, 10*time.Second)
	return c
}

var (
	// ErrOpen is a call that was not made, because the circuit of its host is open.
	ErrOpen = errors.New("the circuit is open: the host has failed too often")
	// ErrTooLarge is a response with a body over the limit. The call may have had its effect.
	ErrTooLarge = errors.New("the response is too large")
	// ErrRefused is an address that the guard does not let the client connect to.
	ErrRefused = errors.New("the address is not allowed")
)

// Client makes calls. It is safe for concurrent use.
type Client struct {
	name      string
	cfg       Config
	transport *http.Transport
	budget    budget.Budget
	circuits  *circuits
	metrics   *Metrics
}

// New makes a client. The name is that of its metrics. Without a guard it connects to every address.
func New(name string, cfg Config, metrics *Metrics, guards ...Guard) *Client {
	cfg = cfg.withDefaults()
	return &Client{
		name: name, cfg: cfg, metrics: metrics,
		transport: newTransport(cfg, guards),
		budget:    budget.New(),
		circuits:  newCircuits(name, cfg, metrics),
	}
}

type circuitKey struct{}

// WithCircuit gives calls in ctx a circuit of their own, in the place of that of their host: for endpoints that have
// nothing in common but a host.
func WithCircuit(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, circuitKey{}, name)
}

// circuitOf is the name of the circuit of a call.
func circuitOf(request *http.Request) string {
	if name, own := request.Context().Value(circuitKey{}).(string); own {
		return name
	}
	return request.URL.Host
}

// Close closes the connections that are idle. Calls under way go on.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Do makes a call and gives the last response, whatever its status. Its body has been read already, so that closing it is
// optional. The errors are ErrOpen, ErrTooLarge, ErrRefused, that of the request's context, and those of the network;
// none shows more of the URL than its host.
func (c *Client) Do(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(request.Context(), c.cfg.Timeout)
	defer cancel()
	began := time.Now()
	last := &attempt{client: c, request: request}
	_, err := failsafe.With(c.repeat(ctx, request)).WithContext(ctx).GetWithExecution(last.make)
	if err != nil && last.made && request.Context().Err() == nil {
		err = last.err // what the service said counts more than why it is not asked again
	}
	c.metrics.observe(c.name, last.response, err, time.Since(began))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", request.Method, request.URL.Host, err)
	}
	return last.response, nil
}
