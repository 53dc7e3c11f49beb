package ratelimit

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/trellis-go/trellis/platform/problem"
)

// ErrUnknown is what a request is refused with when the store is down and Config.OnError is deny.
var ErrUnknown = problem.Define(http.StatusServiceUnavailable, "rate_limit_unavailable", "The allowance cannot be told",
	"The service cannot look up how many requests the client has sent, and serves none until it can. Nothing was done. "+
		"The Retry-After header says when to come again.")

const (
	breakAfter = 5           // failures in a row
	breakFor   = time.Second // until one request tries the store again
)

var errBroken = errors.New("the store of rate limits has failed too often: it is left alone for a moment")

// Guard keeps a shared limiter from delaying or failing requests: it has Config.Timeout to answer, is left alone for a
// moment after it has failed several times, and Config.OnError says what is done meanwhile. With memory each process
// limits by itself, and knows nothing of what was spent before.
type Guard struct {
	shared  Limiter
	local   *Memory
	onError string
	timeout time.Duration
	breaker circuitbreaker.CircuitBreaker[any]
	spared  prometheus.Counter // requests decided without the shared limiter
}

// NewGuard makes a guard before a shared limiter. It logs when the limiter fails and when it is back, and counts the
// requests between in trellis_rate_limit_fallbacks_total.
func NewGuard(cfg Config, shared Limiter, logger *slog.Logger, metrics prometheus.Registerer) (*Guard, error) {
	local := NewMemory()
	g := &Guard{shared: shared, local: local, onError: cfg.OnError, timeout: cfg.Timeout}
	g.breaker = circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(breakAfter).
		WithSuccessThreshold(1).
		WithDelay(breakFor).
		OnOpen(func(circuitbreaker.StateChangedEvent) {
			logger.Warn("the store of rate limits is down", slog.String("on_error", cfg.OnError))
		}).
		OnClose(func(circuitbreaker.StateChangedEvent) { logger.Info("the store of rate limits is up again") }).
		Build()
	g.spared = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "trellis_rate_limit_fallbacks_total", Help: "Requests whose rate limit was decided without its store.",
		ConstLabels: prometheus.Labels{"on_error": cfg.OnError},
	})
	return g, metrics.Register(g.spared)
}

// Allow spends one request of the key's quota, wherever that is possible. Its error is ErrUnknown, and only with deny.
func (g *Guard) Allow(ctx context.Context, key string, quota Quota) (Result, error) {
	state, err := g.ask(ctx, key, quota)
	if err == nil {
		return state, nil
	}
	g.spared.Inc()
	switch g.onError {
	case OnErrorAllow:
		return Result{Allowed: true, Limit: quota.Burst, Remaining: quota.Burst}, nil
	case OnErrorDeny:
		return Result{}, ErrUnknown.Because(err).After(breakFor)
	default:
		return g.local.Allow(ctx, key, quota)
	}
}

// ask is the shared limiter's answer, or why there is none. A client that goes away does not end it: the limiter is not
// to blame for that, and the time is short.
func (g *Guard) ask(ctx context.Context, key string, quota Quota) (Result, error) {
	if !g.breaker.TryAcquirePermit() {
		return Result{}, errBroken
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.timeout)
	defer cancel()
	state, err := g.shared.Allow(ctx, key, quota)
	g.breaker.RecordError(err)
	return state, err
}
