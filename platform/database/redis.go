package database

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	redisDialTimeout = 2 * time.Second
	redisIOTimeout   = time.Second // what is kept in Redis is small; callers shorten it by their ctx
	redisRetries     = 2
)

// Redis is one Redis: a server, one that sentinels watch, or a cluster. It is made by Open and is safe for concurrent use.
//
// Redis holds what can be had again elsewhere, so it is optional unless it is configured as required: who uses it goes on
// without it when it is down.
type Redis struct {
	name    string
	client  redis.UniversalClient
	maxOpen int
}

// openRedis opens a DSN of one of the forms
//
//	redis://user:password@host:6379/0                                   one server; rediss:// with TLS
//	redis://user:password@sentinel1/0?master_name=main&addr=sentinel2:26379   the master that sentinels know
//	redis://user:password@node1:6379?cluster=true&addr=node2:6379       a cluster
//
// user and password are those of the servers; sentinel_username and sentinel_password are parameters.
func openRedis(src source) (Connection, error) {
	o, err := parseRedis(src.cfg.DSN.Reveal())
	if err != nil {
		return nil, err
	}
	if src.tls != nil {
		o.TLSConfig = src.tls
	}
	pool := src.cfg.Pool
	o.ContextTimeoutEnabled = true
	o.DialTimeout = cmp.Or(o.DialTimeout, redisDialTimeout)
	o.ReadTimeout = cmp.Or(o.ReadTimeout, redisIOTimeout)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, redisIOTimeout)
	o.MaxRetries, o.DialerRetries = redisRetries, 1 // a dial is part of what is tried again
	o.PoolSize = cmp.Or(pool.MaxOpen, serverMaxOpen)
	o.MaxActiveConns = o.PoolSize
	o.MaxIdleConns = cmp.Or(pool.MaxIdle, o.PoolSize)
	o.PoolTimeout = redisIOTimeout
	o.ConnMaxLifetime = cmp.Or(pool.MaxLifetime, serverMaxLifetime)
	o.ConnMaxLifetimeJitter = o.ConnMaxLifetime / 10
	o.ConnMaxIdleTime = cmp.Or(pool.MaxIdleTime, serverMaxIdleTime)
	// Only a managed service knows the command, and every connection would begin by asking for it.
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	redisLogger.Store(src.logger)
	return &Redis{name: src.name, client: redis.NewUniversalClient(o), maxOpen: o.PoolSize}, nil
}

// Redis is the Redis with that name. Its errors are those of DB.
func (m *Manager) Redis(name string) (*Redis, error) { return Lookup[*Redis](m, name) }

// Client sends commands. A command ends with its ctx, or by itself within seconds; its errors are those of go-redis, which
// calls the end of ctx a timeout of the network at times. In a cluster the keys of one command must have one hash tag.
func (r *Redis) Client() redis.UniversalClient { return r.client }

// Name is the one under which it is configured.
func (r *Redis) Name() string { return r.name }

// Driver is redis.
func (r *Redis) Driver() string { return "redis" }

// Ping connects when it has to, and makes the server answer; of a cluster, every master.
func (r *Redis) Ping(ctx context.Context) error {
	ping := func(ctx context.Context, client redis.UniversalClient) error { return client.Ping(ctx).Err() }
	var err error
	if cluster, is := r.client.(*redis.ClusterClient); is {
		err = cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return ping(ctx, node) })
	} else {
		err = ping(ctx, r.client)
	}
	return blame(ctx, translate(err, classifyRedis))
}

// Stats describes the pool at this moment. In a cluster it is the sum of those of the nodes, and MaxOpenConnections the
// bound of each.
func (r *Redis) Stats() []Stats {
	s := r.client.PoolStats()
	return []Stats{{Name: r.name, Driver: r.Driver(), Pool: "main", DBStats: sql.DBStats{
		MaxOpenConnections: r.maxOpen,
		OpenConnections:    int(s.TotalConns),
		InUse:              int(s.TotalConns) - int(s.IdleConns),
		Idle:               int(s.IdleConns),
		WaitCount:          int64(s.WaitCount),
		WaitDuration:       time.Duration(s.WaitDurationNs),
	}}}
}

// Close closes every connection. Commands under way fail. Closing again does nothing.
func (r *Redis) Close() error {
	if err := r.client.Close(); !errors.Is(err, redis.ErrClosed) {
		return err
	}
	return nil
}

// classifyRedis knows what servers say when they cannot serve. Whatever no server said, and no ctx, is that none was
// reached: the client has errors of its own for closed connections, sentinels that do not answer and lost clusters.
func classifyRedis(err error) error {
	var reply redis.Error
	if !errors.As(err, &reply) {
		if canceled(err) {
			return nil
		}
		return unavailable(err)
	}
	for _, prefix := range []string{"LOADING", "MASTERDOWN", "CLUSTERDOWN", "READONLY", "TRYAGAIN", "max number of clients"} {
		if redis.HasErrorPrefix(err, prefix) {
			return unavailable(err)
		}
	}
	return nil
}

// redisLogger is that of the Redis opened last: the client has one for the whole process. It reads it without a lock, so
// ours is in its place before there can be a client.
var redisLogger = func() *atomic.Pointer[slog.Logger] {
	var logger atomic.Pointer[slog.Logger]
	redis.SetLogger(redisLog{&logger})
	return &logger
}()

// redisLog takes what the client says about broken connections. Their errors are returned, so it is of use only to who
// looks closer.
type redisLog struct{ to *atomic.Pointer[slog.Logger] }

// Printf makes a logger of the client's of it.
func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	if logger := l.to.Load(); logger != nil && logger.Enabled(ctx, slog.LevelDebug) {
		logger.DebugContext(ctx, "redis driver", slog.String("text", fmt.Sprintf(format, args...)))
	}
}
