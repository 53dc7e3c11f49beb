package cache

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/redis/go-redis/v9"
)

const (
	breakAfter  = 5           // exchanges that fail in a row
	breakFor    = time.Second // then Redis is left alone for so long
	tokenField  = "t"
	leaseMargin = time.Second // beyond the load's deadline, for storing what it gave
)

// Every script touches one key, so that Redis Cluster can run it.
var (
	// markScript gives the token of an entry, and makes one that lives for as long as a load may take when there is none.
	markScript = redis.NewScript(`
local t, v = unpack(redis.call('HMGET', KEYS[1], 't', ARGV[1]))
if not t then
	t = ARGV[2]
	redis.call('HSET', KEYS[1], 't', t)
	redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return {t, v}`)
	// storeScript stores a value, unless the entry was dropped since its token was given.
	storeScript = redis.NewScript(`
if redis.call('HGET', KEYS[1], 't') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1`)
	// yieldScript gives up the lease of a load that failed.
	yieldScript = redis.NewScript(`
if redis.call('HGET', KEYS[1], 't') ~= ARGV[1] or redis.call('HLEN', KEYS[1]) ~= 1 then return 0 end
return redis.call('DEL', KEYS[1])`)
)

// remote is the layer in Redis. An entry is a hash with a token and the value in every shape that programs have of it;
// a tag is a string, its generation. To drop either is to delete its key.
type remote struct {
	client  redis.UniversalClient
	prefix  string
	timeout time.Duration
	breaker circuitbreaker.CircuitBreaker[any]
	stats   *stats
}

func newRemote(cfg Config, client redis.UniversalClient, stats *stats) *remote {
	breaker := circuitbreaker.NewBuilder[any]().WithFailureThreshold(breakAfter).WithDelay(breakFor).Build()
	return &remote{client: client, prefix: cfg.Prefix + ":", timeout: cfg.RedisTimeout, breaker: breaker, stats: stats}
}

func (r *remote) key(t target) string {
	if t.Scope == tagScope {
		return r.prefix + "t:" + t.Name
	}
	return r.prefix + "c:" + t.Scope + ":" + t.Name
}

func (r *remote) channel() string { return r.prefix + "invalidate" }

var errBroken = errors.New("redis is left alone for a moment, after it failed repeatedly")

// exchange sends what fn put into the pipeline, within the deadline, and minds the breaker. That a key does not exist is
// no error.
func (r *remote) exchange(ctx context.Context, fn func(context.Context, redis.Pipeliner)) error {
	if !r.breaker.TryAcquirePermit() {
		return errBroken
	}
	limited, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	err := r.send(limited, fn)
	switch {
	case err == nil:
		r.breaker.RecordSuccess()
		return nil
	case ctx.Err() != nil: // not the fault of Redis
		r.breaker.RecordSuccess()
		return ctx.Err()
	default:
		r.breaker.RecordFailure()
		r.stats.redisErrors.Add(1)
		return fmt.Errorf("redis: %w", err)
	}
}

func (r *remote) send(ctx context.Context, fn func(context.Context, redis.Pipeliner)) error {
	pipe := r.client.Pipeline()
	fn(ctx, pipe)
	commands, err := pipe.Exec(ctx)
	if !errors.Is(err, redis.Nil) {
		return err
	}
	for _, command := range commands { // the first error is that a key does not exist, but there may be others
		if err := command.Err(); err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
	}
	return nil
}

// slot is an entry of one cache as Redis has it.
type slot struct {
	key   string   // in Redis
	field string   // of the value
	tags  []string // their keys in Redis
}

// claim is what marks in Redis are: the token of the entry and the generations of its tags.
type claim struct {
	token       string
	generations []string
	mine        bool // the token was made for this claim: nobody else loads
}

// read gives the entry and the claim that it was stored under, nothing when there is none that still holds.
func (r *remote) read(ctx context.Context, s slot) (found *packed, c claim, err error) {
	var fields *redis.SliceCmd
	tags := make([]*redis.StringCmd, len(s.tags))
	err = r.exchange(ctx, func(ctx context.Context, pipe redis.Pipeliner) {
		fields = pipe.HMGet(ctx, s.key, tokenField, s.field)
		for i, tag := range s.tags {
			tags[i] = pipe.Get(ctx, tag)
		}
	})
	if err != nil {
		return nil, claim{}, err
	}
	values := fields.Val()
	token, _ := values[0].(string)
	text, stored := values[1].(string)
	c = claim{token: token, generations: generations(tags)}
	if !stored || token == "" {
		return nil, claim{}, nil
	}
	found, err = c.open(text)
	return found, c, err
}

// mark takes the marks for a load: it makes what is missing. It gives the entry, too, if it came meanwhile.
func (r *remote) mark(ctx context.Context, s slot, lease, tagsLive time.Duration) (found *packed, c claim, err error) {
	token := random()
	var pair *redis.Cmd
	tags := make([]*redis.StringCmd, len(s.tags))
	err = r.exchange(ctx, func(ctx context.Context, pipe redis.Pipeliner) {
		pair = markScript.Eval(ctx, pipe, []string{s.key}, s.field, token, lease.Milliseconds())
		for i, tag := range s.tags {
			pipe.SetNX(ctx, tag, random(), tagsLive)
			tags[i] = pipe.Get(ctx, tag)
			pipe.PExpire(ctx, tag, tagsLive)
		}
	})
	if err != nil {
		return nil, claim{}, err
	}
	values, err := pair.Slice()
	if err != nil || len(values) == 0 {
		return nil, claim{}, fmt.Errorf("redis: take the marks of %s: %w", s.key, errors.Join(errForeign, err))
	}
	c.token, _ = values[0].(string)
	c.mine = c.token == token
	c.generations = generations(tags)
	if len(values) < 2 {
		return nil, c, nil
	}
	if text, stored := values[1].(string); stored {
		found, err = c.open(text)
	}
	return found, c, err
}

// open decodes an entry, and gives it if it was stored under this claim.
func (c claim) open(text string) (*packed, error) {
	found, err := decodePacked([]byte(text))
	if err != nil {
		return nil, err
	}
	if len(found.generations) != len(c.generations) {
		return nil, nil //nolint:nilnil // there is none that holds
	}
	for i, generation := range c.generations {
		if generation == "" || found.generations[i] != generation {
			return nil, nil //nolint:nilnil // likewise
		}
	}
	return &found, nil
}

// complete tells whether what is stored under the claim can be found again.
func (c claim) complete() bool {
	for _, generation := range c.generations {
		if len(generation) != generationSize {
			return false
		}
	}
	return c.token != "" && len(c.generations) <= maxTags
}

// store stores an entry if nothing of its claim was dropped. A tag that was is found out by those who read it.
func (r *remote) store(ctx context.Context, s slot, c claim, value []byte, life time.Duration) error {
	return r.exchange(ctx, func(ctx context.Context, pipe redis.Pipeliner) {
		storeScript.Eval(ctx, pipe, []string{s.key}, s.field, c.token, value, life.Milliseconds())
	})
}

// yield lets others load.
func (r *remote) yield(ctx context.Context, s slot, c claim) error {
	return r.exchange(ctx, func(ctx context.Context, pipe redis.Pipeliner) {
		yieldScript.Eval(ctx, pipe, []string{s.key}, c.token)
	})
}

// drop deletes the targets.
func (r *remote) drop(ctx context.Context, all []target) error {
	return r.exchange(ctx, func(ctx context.Context, pipe redis.Pipeliner) {
		for _, t := range all {
			pipe.Unlink(ctx, r.key(t))
		}
	})
}

func (r *remote) publish(ctx context.Context, inv invalidation) error {
	return r.exchange(ctx, func(ctx context.Context, pipe redis.Pipeliner) {
		pipe.Publish(ctx, r.channel(), inv.encode())
	})
}

func generations(tags []*redis.StringCmd) []string {
	all := make([]string, len(tags))
	for i, tag := range tags {
		all[i] = tag.Val()
	}
	return all
}

func random() string {
	b := make([]byte, generationSize)
	_, _ = rand.Read(b) // never fails
	return string(b)
}
