package cache

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	flushTimeout = time.Minute
	flushPage    = 1000
)

// flush deletes every key of the cache. A key that is made meanwhile is made after everything that the flush is for.
func (r *remote) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	return r.eachServer(ctx, r.flushServer)
}

func (r *remote) flushServer(ctx context.Context, server redis.Cmdable) error {
	var cursor uint64
	for {
		keys, next, err := r.scan(ctx, server, cursor)
		if err == nil && len(keys) > 0 {
			err = r.unlink(ctx, server, keys)
		}
		if err != nil {
			return fmt.Errorf("flush Redis: %w", err)
		}
		if next == 0 {
			return nil
		}
		cursor = next
	}
}

func (r *remote) scan(ctx context.Context, server redis.Cmdable, cursor uint64) ([]string, uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	return server.Scan(ctx, cursor, r.prefix+"*", flushPage).Result()
}

func (r *remote) unlink(ctx context.Context, server redis.Cmdable, keys []string) error {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	pipe := server.Pipeline()
	for _, key := range keys {
		pipe.Unlink(ctx, key)
	}
	_, err := pipe.Exec(ctx)
	return err
}

// identity says which servers Redis is, nothing when it does not tell.
func (r *remote) identity(ctx context.Context) string {
	var mu sync.Mutex
	var all []string
	err := r.eachServer(ctx, func(ctx context.Context, server redis.Cmdable) error {
		ctx, cancel := context.WithTimeout(ctx, r.timeout)
		defer cancel()
		text, err := server.Info(ctx, "server").Result()
		if err != nil {
			return err
		}
		_, rest, _ := strings.Cut(text, "run_id:")
		run, _, _ := strings.Cut(rest, "\r\n")
		mu.Lock()
		defer mu.Unlock()
		all = append(all, run)
		return nil
	})
	if err != nil {
		return ""
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// eachServer calls fn for the server, or for every one that has keys of its own.
func (r *remote) eachServer(ctx context.Context, fn func(context.Context, redis.Cmdable) error) error {
	each := func(ctx context.Context, server *redis.Client) error { return fn(ctx, server) }
	switch client := r.client.(type) {
	case *redis.ClusterClient:
		return client.ForEachMaster(ctx, each)
	case *redis.Ring:
		return client.ForEachShard(ctx, each)
	default:
		return fn(ctx, client)
	}
}
