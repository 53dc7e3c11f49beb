// Package ratelimit decides whether a client may make one more request now. Quotas are spent by the generic cell rate
// algorithm: a burst may come at once, after that requests are admitted evenly at the rate of the quota.
//
// A Limiter is one store of what has been spent. Memory keeps it in the process; Redis shares it among all processes, and a
// Guard before it decides when Redis cannot.
package ratelimit

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/memstore"
)

// Config is the section rate_limit. Enabled and the quotas may change while the program runs.
type Config struct {
	Enabled  bool
	Store    string        `validate:"oneof=auto memory redis"` // where it is kept what has been spent
	Database string        `validate:"required"`                // the name of the Redis among the databases
	OnError  string        `validate:"oneof=memory allow deny"` // what is done while Redis does not answer
	Timeout  time.Duration `validate:"min=1ms,max=5s"`          // for Redis to answer
	Read     Quota         // for GET and HEAD
	Write    Quota         // for every other method
}

// The values of Config.Store.
const (
	StoreAuto   = "auto" // Redis when one is configured, or else memory
	StoreMemory = "memory"
	StoreRedis  = "redis"
)

// The values of Config.OnError.
const (
	OnErrorMemory = "memory" // each process limits by itself
	OnErrorAllow  = "allow"  // nothing is limited
	OnErrorDeny   = "deny"   // nothing is served
)

// Quota is what one client may spend on one class of requests.
type Quota struct {
	Requests int           `validate:"min=1,max=1000000"` // admitted per Period when they come evenly
	Period   time.Duration `validate:"min=1ms"`
	Burst    int           `validate:"min=1,max=1000000"` // admitted at once by a client that was idle
}

// Result is the state of a client's quota after a request.
type Result struct {
	Allowed    bool
	Limit      int           // the burst
	Remaining  int           // what may come at once now
	ResetAfter time.Duration // until the whole burst is there again
	RetryAfter time.Duration // until the next request is admitted, when this one was not
}

// Limiter spends quotas. A key is a class of attempts and, behind a colon, who makes them. An error means that it could not
// tell.
type Limiter interface {
	Allow(ctx context.Context, key string, quota Quota) (Result, error)
}

// MaxClients bounds the memory of Memory for each class: the clients seen least recently are forgotten, and so start with a
// full burst. Those of one class, which anybody may make many of, do not make it forget those of another.
const MaxClients = 1 << 16

// Memory limits within this process.
type Memory struct {
	mu     sync.Mutex
	stores map[string]throttled.GCRAStoreCtx // by class

	limiters sync.Map // limit → *throttled.GCRARateLimiterCtx
}

// limit is the quota of a class.
type limit struct {
	class string
	quota Quota
}

// NewMemory makes a limiter that knows nobody yet.
func NewMemory() *Memory { return &Memory{stores: map[string]throttled.GCRAStoreCtx{}} }

// Allow spends one request of the key's quota.
func (m *Memory) Allow(ctx context.Context, key string, quota Quota) (Result, error) {
	class, _, _ := strings.Cut(key, ":")
	limiter, err := m.limiter(limit{class, quota})
	if err != nil {
		return Result{}, err
	}
	limited, state, err := limiter.RateLimitCtx(ctx, key, 1)
	if err != nil {
		return Result{}, fmt.Errorf("spend the rate limit: %w", err)
	}
	return Result{
		Allowed:    !limited,
		Limit:      state.Limit,
		Remaining:  state.Remaining,
		ResetAfter: state.ResetAfter,
		RetryAfter: max(state.RetryAfter, 0),
	}, nil
}

func (m *Memory) limiter(of limit) (*throttled.GCRARateLimiterCtx, error) {
	if known, ok := m.limiters.Load(of); ok {
		return known.(*throttled.GCRARateLimiterCtx), nil
	}
	store, err := m.store(of.class)
	if err != nil {
		return nil, fmt.Errorf("make the rate limit store: %w", err)
	}
	limiter, err := throttled.NewGCRARateLimiterCtx(store, throttled.RateQuota{
		MaxRate:  throttled.PerDuration(of.quota.Requests, of.quota.Period),
		MaxBurst: of.quota.Burst - 1,
	})
	if err != nil {
		return nil, fmt.Errorf("make a rate limiter for %+v: %w", of.quota, err)
	}
	made, _ := m.limiters.LoadOrStore(of, limiter)
	return made.(*throttled.GCRARateLimiterCtx), nil
}

func (m *Memory) store(class string) (throttled.GCRAStoreCtx, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := m.stores[class]; known != nil {
		return known, nil
	}
	made, err := memstore.NewCtx(MaxClients)
	if err == nil {
		m.stores[class] = made
	}
	return made, err
}
