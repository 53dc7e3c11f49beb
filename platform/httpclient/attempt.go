package httpclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/failsafe-go/failsafe-go"
	"go.opentelemetry.io/otel/propagation"
)

// attempt makes the attempts of one call, and remembers what came of the last one.
type attempt struct {
	client   *Client
	request  *http.Request
	made     bool
	response *http.Response
	err      error
}

func (a *attempt) make(execution failsafe.Execution[*http.Response]) (*http.Response, error) {
	response, err := a.client.attempt(execution.Context(), a.request, execution.IsRetry())
	if !a.made || !errors.Is(err, ErrOpen) {
		a.made, a.response, a.err = true, response, err
	}
	return response, err
}

// attempt sends the request once, if the circuit of its host lets it.
func (c *Client) attempt(ctx context.Context, request *http.Request, again bool) (*http.Response, error) {
	if err := ctx.Err(); err != nil { // nothing is sent, which says nothing of the host
		return nil, err
	}
	circuit := c.circuits.of(circuitOf(request))
	if !circuit.TryAcquirePermit() {
		return nil, ErrOpen
	}
	if again {
		c.metrics.repeated(c.name)
	}
	response, err := c.send(ctx, request)
	switch {
	case err != nil && errors.Is(request.Context().Err(), context.Canceled):
		if circuit.IsHalfOpen() { // the caller gave up: that says nothing, but the permit must be given back
			circuit.RecordFailure()
		}
	case failed(response, err):
		circuit.RecordFailure()
	default:
		circuit.RecordSuccess()
	}
	return response, err
}

// failed says that the host is not well. That it refuses a request is no sign of it.
func failed(response *http.Response, err error) bool {
	if err != nil {
		return !errors.Is(err, ErrRefused) && !errors.Is(err, ErrTooLarge)
	}
	return response.StatusCode >= http.StatusInternalServerError && response.StatusCode != http.StatusNotImplemented
}

func (c *Client) send(ctx context.Context, original *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.AttemptTimeout)
	defer cancel()
	request := original.Clone(ctx)
	if request.Header == nil {
		request.Header = http.Header{}
	}
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(request.Header))
	if original.GetBody != nil {
		var err error
		if request.Body, err = original.GetBody(); err != nil {
			return nil, fmt.Errorf("read the body of the request: %w", err)
		}
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	return response, c.read(response)
}

// read replaces the body by what it has.
func (c *Client) read(response *http.Response) error {
	defer func() { _ = response.Body.Close() }()
	limit := int64(c.cfg.MaxBody)
	var body bytes.Buffer
	read, err := io.Copy(&body, io.LimitReader(response.Body, limit+1))
	if err != nil {
		return fmt.Errorf("read the response: %w", err)
	}
	if read > limit && c.cfg.Clip {
		body.Truncate(int(limit))
	} else if read > limit {
		return fmt.Errorf("%w: over %d bytes", ErrTooLarge, limit)
	}
	response.Body = io.NopCloser(&body)
	return nil
}
