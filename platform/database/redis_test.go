package database_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

func redisOf(t testing.TB, m *database.Manager) *database.Redis {
	t.Helper()
	r, err := m.Redis("redis")
	require.NoError(t, err)
	return r
}

// onRedis is an empty Redis.
func onRedis(t testing.TB) *database.Redis {
	t.Helper()
	return redisOf(t, testkit.Start(t, database.Configs{"redis": testkit.Redis(t)}))
}

// through configures the same Redis through a proxy.
func through(t *testing.T, cfg database.Config) (database.Config, *testkit.Proxy) {
	t.Helper()
	dsn, err := url.Parse(cfg.DSN.Reveal())
	require.NoError(t, err)
	proxy := testkit.NewProxy(t, dsn.Host)
	dsn.Host = proxy.Addr
	cfg.DSN = config.DSN(dsn.String())
	return cfg, proxy
}

func TestRedisKeepsWhatIsPutIntoIt(t *testing.T) {
	testkit.Shows(t, testkit.Connect)
	r := onRedis(t)
	require.NoError(t, r.Client().Set(t.Context(), "a", "1", time.Minute).Err())
	assert.Equal(t, "1", r.Client().Get(t.Context(), "a").Val())
	assert.ErrorIs(t, r.Client().Get(t.Context(), "b").Err(), redis.Nil)
}

func TestRedisUsesTheDatabaseOfItsNumber(t *testing.T) {
	one, two := onRedis(t), onRedis(t)
	require.NoError(t, one.Client().Set(t.Context(), "a", "1", time.Minute).Err())
	assert.ErrorIs(t, two.Client().Get(t.Context(), "a").Err(), redis.Nil)
}

func TestTheStatsOfRedisAreThoseOfItsPool(t *testing.T) {
	cfg := testkit.Redis(t)
	cfg.Pool.MaxOpen = 3
	r := redisOf(t, testkit.Start(t, database.Configs{"redis": cfg}))
	stats := r.Stats()
	require.Len(t, stats, 1)
	assert.Equal(t, []string{"redis", "redis", "main"}, []string{stats[0].Name, stats[0].Driver, stats[0].Pool})
	assert.Equal(t, 3, stats[0].MaxOpenConnections)
	assert.Equal(t, 1, stats[0].OpenConnections)
	assert.Equal(t, 1, stats[0].Idle)
	assert.Zero(t, stats[0].InUse)
}

func TestThePoolOfRedisIsBounded(t *testing.T) {
	cfg := testkit.Redis(t)
	cfg.Pool.MaxOpen = 1
	r := redisOf(t, testkit.Start(t, database.Configs{"redis": cfg}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	blocked := make(chan error, 1)
	go func() { blocked <- r.Client().BLPop(ctx, time.Minute, "nothing").Err() }()
	require.Eventually(t, func() bool { return r.Stats()[0].InUse == 1 }, 10*time.Second, time.Millisecond)
	short, end := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer end()
	assert.ErrorIs(t, r.Ping(short), context.DeadlineExceeded, "the only connection is in use")
	assert.Equal(t, 1, r.Stats()[0].OpenConnections)
	require.NoError(t, onRedisAt(t, cfg).LPush(t.Context(), "nothing", "x").Err())
	assert.NoError(t, <-blocked)
}

// onRedisAt is a client beside the one that is tested.
func onRedisAt(t *testing.T, cfg database.Config) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(cfg.DSN.Reveal())
	require.NoError(t, err)
	client := redis.NewClient(o)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

func TestRedisIsOptionalUnlessItIsRequired(t *testing.T) {
	cfg := database.Config{Driver: "redis", DSN: "redis://127.0.0.1:1"}
	must := cfg
	must.Required = true
	m, err := database.Open(database.Configs{"may": cfg, "must": must}, testkit.Quiet())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close(context.Background())) })
	checks := m.Checks()
	assert.False(t, checks[0].Required)
	assert.True(t, checks[1].Required)
}

func TestStartGoesOnWithoutRedisUnlessItIsRequired(t *testing.T) {
	cfg, proxy := through(t, testkit.Redis(t))
	proxy.Cut()
	cfg.ConnectTimeout = 50 * time.Millisecond
	assert.ErrorIs(t, redisOf(t, testkit.Start(t, database.Configs{"redis": cfg})).Ping(t.Context()), database.ErrUnavailable)

	cfg.Required = true
	m, err := database.Open(database.Configs{"redis": cfg}, testkit.Quiet())
	require.NoError(t, err)
	err = m.Start(t.Context())
	require.ErrorIs(t, err, database.ErrUnavailable)
	assert.ErrorContains(t, err, "the database redis (redis) is not reachable")
}

func TestRedisServesAgainAfterItWasLost(t *testing.T) {
	testkit.Shows(t, testkit.Failure)
	cfg, proxy := through(t, testkit.Redis(t))
	r := redisOf(t, testkit.Start(t, database.Configs{"redis": cfg}))
	require.NoError(t, r.Client().Set(t.Context(), "a", "1", time.Minute).Err())
	proxy.Cut()
	require.ErrorIs(t, r.Ping(t.Context()), database.ErrUnavailable)
	require.Error(t, r.Client().Get(t.Context(), "a").Err())
	proxy.Restore(t)
	require.Eventually(t, func() bool { return r.Client().Get(t.Context(), "a").Val() == "1" }, 5*time.Second, time.Millisecond)
	assert.NoError(t, r.Ping(t.Context()))
}

func TestACommandEndsWithItsContext(t *testing.T) {
	r := onRedis(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.Error(t, r.Client().BLPop(ctx, time.Minute, "nothing").Err())
	// The network's deadline is that of ctx, and may be noticed first.
	require.Eventually(t, func() bool { return ctx.Err() != nil }, 10*time.Second, time.Millisecond)
}

func TestAClosedRedisIsUnavailable(t *testing.T) {
	r := onRedis(t)
	require.NoError(t, r.Close())
	assert.ErrorIs(t, r.Ping(t.Context()), database.ErrUnavailable)
}

func TestRedisOfEveryFormIsUnavailableWhenNothingAnswers(t *testing.T) {
	dead := "127.0.0.1:1"
	for name, dsn := range map[string]string{
		"one": "redis://" + dead, "sentinels": "redis://" + dead + "?master_name=main&addr=" + dead,
		"cluster": "redis://" + dead + "?cluster=true&addr=" + dead,
	} {
		t.Run(name, func(t *testing.T) {
			cfg := database.Config{Driver: "redis", DSN: config.DSN(dsn), ConnectTimeout: time.Millisecond}
			err := redisOf(t, testkit.Start(t, database.Configs{"redis": cfg})).Ping(t.Context())
			assert.ErrorIs(t, err, database.ErrUnavailable)
		})
	}
}

func TestAPasswordThatIsWrongIsNoOutage(t *testing.T) {
	cfg := testkit.Redis(t)
	cfg.DSN = config.DSN(strings.Replace(cfg.DSN.Reveal(), "redis://", "redis://nobody:hunter2@", 1))
	cfg.ConnectTimeout = time.Millisecond
	err := redisOf(t, testkit.Start(t, database.Configs{"redis": cfg})).Ping(t.Context())
	require.ErrorContains(t, err, "WRONGPASS")
	require.NotErrorIs(t, err, database.ErrUnavailable)
	assert.NotContains(t, err.Error(), "hunter2")
}

func TestTheDSNOfRedisIsCheckedAndNamesTheMistake(t *testing.T) {
	for dsn, want := range map[config.DSN]string{
		"localhost:6379":                          "is not of the form redis://",
		"http://localhost":                        "is not of the form redis://",
		"redis://hunter2:hun%zzter2@x":            "is not of the form redis://",
		"redis:///1":                              "names no host",
		"redis://x/one":                           "must name its database by a number",
		"redis://x/-1":                            "must name its database by a number",
		"redis://x?pool=1":                        "has a parameter that is not known: known are addr, client_name, cluster,",
		"redis://x?a;b":                           "has parameters that cannot be read",
		"redis://x?read_timeout=5":                "has the parameter read_timeout, which must be a positive duration such as 500ms",
		"redis://x?cluster=maybe":                 "has the parameter cluster, which must be true or false",
		"redis://x?cluster=true&addr=y":           "has the parameter addr, which must be host:port",
		"redis://x?addr=y:1":                      "has the parameter addr: that takes cluster=true, or master_name for sentinels",
		"redis://x/1?cluster=true":                "names a database by its number, and a cluster has only number 0",
		"redis://x?cluster=true&master_name=m":    "has the parameters cluster and master_name: it is one or the other",
		"redis://x?sentinel_password=hunter2":     "has parameters for sentinels, and no master_name",
		"redis://user?hunter2@localhost":          "has a parameter that is not known",
		"redis://user:hunter2#@localhost:6379/0a": "is not of the form redis://",
	} {
		_, err := database.Open(database.Configs{"x": {Driver: "redis", DSN: dsn}}, testkit.Quiet())
		require.ErrorContains(t, err, "databases.x.dsn: "+want, dsn.Reveal())
		assert.NotContains(t, err.Error(), "hunter2", dsn.Reveal())
	}
}
