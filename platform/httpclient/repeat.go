package httpclient

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
)

// repeat is the policy of one call.
//
//nolint:bodyclose // bodies are closed as soon as they are read
func (c *Client) repeat(ctx context.Context, request *http.Request) retrypolicy.RetryPolicy[*http.Response] {
	attempts := 1
	if repeatable(request) {
		attempts = c.cfg.Attempts
	}
	return retrypolicy.NewBuilder[*http.Response]().
		WithMaxAttempts(attempts).
		WithBudget(c.budget).
		ReturnLastFailure().
		HandleIf(func(response *http.Response, err error) bool {
			return ctx.Err() == nil && passing(response, err) && fits(ctx, RetryAfter(response))
		}).
		WithDelayFunc(func(execution failsafe.ExecutionAttempt[*http.Response]) time.Duration {
			return c.pause(execution.Attempts(), RetryAfter(execution.LastResult()))
		}).
		Build()
}

// repeatable says that a second arrival of the request changes nothing, and that it can be sent a second time.
func repeatable(request *http.Request) bool {
	idempotent := slices.Contains([]string{
		"", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete,
	}, request.Method)
	if !idempotent && request.Header.Get("Idempotency-Key") == "" {
		return false
	}
	return request.Body == nil || request.Body == http.NoBody || request.GetBody != nil
}

// passing says that the same call may succeed a moment later.
func passing(response *http.Response, err error) bool {
	if err != nil {
		var certificate *tls.CertificateVerificationError
		return !errors.Is(err, ErrOpen) && !errors.Is(err, ErrRefused) && !errors.Is(err, ErrTooLarge) &&
			!errors.As(err, &certificate)
	}
	switch response.StatusCode {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

// RetryAfter is how long the service wants to be left alone, 0 when it does not say: Retry-After in seconds, or as a time.
func RetryAfter(response *http.Response) time.Duration {
	if response == nil {
		return 0
	}
	text := response.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return max(0, min(time.Duration(seconds), 1<<31)*time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// fits says that a pause ends before the call must.
func fits(ctx context.Context, pause time.Duration) bool {
	end, limited := ctx.Deadline()
	return !limited || time.Until(end) > pause
}

// pause is how long to wait after so many attempts: never less than was asked, and different for everyone, so that those
// who failed together do not come back together.
func (c *Client) pause(attempts int, asked time.Duration) time.Duration {
	backoff := c.cfg.Backoff << (attempts - 1)
	if asked > 0 {
		return asked + rand.N(c.cfg.Backoff) //nolint:gosec // no secret
	}
	return backoff/2 + rand.N(backoff/2+1) //nolint:gosec // no secret
}
