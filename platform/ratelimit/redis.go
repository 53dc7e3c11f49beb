package ratelimit

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// keyPrefix is before every key in Redis.
const keyPrefix = "trellis:rate:"

//go:embed gcra.lua
var gcraSource string

var gcra = redis.NewScript(gcraSource)

// Redis limits across all processes that share a Redis, by the clock of its server. It needs Redis 5 or later. Quotas are
// reckoned in whole microseconds, so the highest rate is a million requests a second.
type Redis struct{ client redis.Scripter }

// NewRedis makes a limiter. It sends nothing.
func NewRedis(client redis.Scripter) *Redis { return &Redis{client: client} }

// Allow spends one request of the key's quota, in one round trip. It takes as long as ctx and the client let it.
func (r *Redis) Allow(ctx context.Context, key string, quota Quota) (Result, error) {
	answer, err := gcra.Run(ctx, r.client, []string{keyPrefix + key}, interval(quota), quota.Burst).Int64Slice()
	if err != nil {
		return Result{}, fmt.Errorf("spend the rate limit in Redis: %w", err)
	}
	if len(answer) != 4 {
		return Result{}, errors.New("spend the rate limit in Redis: the answer is not understood")
	}
	return Result{
		Allowed:    answer[0] == 1,
		Limit:      quota.Burst,
		Remaining:  int(answer[1]),
		ResetAfter: time.Duration(answer[2]) * time.Microsecond,
		RetryAfter: time.Duration(answer[3]) * time.Microsecond,
	}, nil
}

// interval is the time from one request to the next when they come evenly, in microseconds, rounded up.
func interval(quota Quota) int64 {
	requests := time.Duration(quota.Requests) * time.Microsecond
	return int64(max(1, (quota.Period+requests-1)/requests))
}
