package broker_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/broker/brokertest"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheEmbeddedBrokerKeepsThePromises(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		brokertest.Run(t, func(t *testing.T) brokertest.World { return newWorld(t, testkit.EmptySQLite(t)) })
	})
	t.Run("mysql", func(t *testing.T) {
		brokertest.Run(t, func(t *testing.T) brokertest.World { return newWorld(t, testkit.EmptyMySQL(t)) })
	})
}

// world is one database, and the processes that have it. On a server, each has its own way there.
type world struct {
	cfg       database.Config
	processes map[broker.Broker]process
}

type process struct {
	db    *database.DB
	proxy *testkit.Proxy
}

func newWorld(t *testing.T, cfg database.Config) *world {
	t.Helper()
	testkit.MigratedOn(t, cfg, migrations.Files)
	return &world{cfg: cfg, processes: map[broker.Broker]process{}}
}

func (w *world) Join(t *testing.T) broker.Broker {
	t.Helper()
	cfg, p := w.cfg, process{}
	if cfg.Driver == "mysql" {
		address, err := mysql.ParseDSN(cfg.DSN.Reveal())
		require.NoError(t, err)
		p.proxy = testkit.NewProxy(t, address.Addr)
		address.Addr = p.proxy.Addr
		cfg.DSN = config.DSN(address.FormatDSN())
	}
	db, err := testkit.Start(t, database.Configs{testkit.Name: cfg}).DB(testkit.Name)
	require.NoError(t, err)
	p.db = db
	b := broker.NewEmbedded(db, clock.System, broker.Embedded{Lease: lease}, testkit.Quiet())
	w.processes[b] = p
	return b
}

func (w *world) Kill(t *testing.T, b broker.Broker) {
	t.Helper()
	require.NoError(t, w.processes[b].db.Close())
}

func (w *world) Cut(_ *testing.T, b broker.Broker) bool {
	proxy := w.processes[b].proxy
	if proxy != nil {
		proxy.Cut()
	}
	return proxy != nil
}

func (w *world) Restore(t *testing.T, b broker.Broker) {
	t.Helper()
	w.processes[b].proxy.Restore(t)
}

// lease is short, so that the jobs of who is dead are soon taken.
const lease = 500 * time.Millisecond

func TestPatternsMatchAsTopicsDo(t *testing.T) {
	for pattern, types := range map[string]map[string]bool{
		"order.placed.v1": {"order.placed.v1": true, "order.placed.v2": false, "order.placed": false},
		"order.placed.*":  {"order.placed.v1": true, "order.placed": false, "order.placed.v1.x": false},
		"order.#":         {"order": true, "order.placed.v1": true, "orders": false},
		"#.v1":            {"order.placed.v1": true, "v1": true, "order.v2": false},
		"#":               {"anything.at.all": true},
	} {
		for eventType, want := range types {
			assert.Equal(t, want, broker.Matches(pattern, eventType), "%s %s", pattern, eventType)
		}
	}
}

func TestASubscriptionIsChecked(t *testing.T) {
	assert.NoError(t, broker.Subscription{Name: "order.stock", Patterns: []string{"product.*.v1", "#"}}.Validate())
	for _, wrong := range []broker.Subscription{
		{Name: "", Patterns: []string{"a"}}, {Name: "Order", Patterns: []string{"a"}}, {Name: "order"},
		{Name: "order", Patterns: []string{"a b"}}, {Name: "order", Patterns: []string{"a..b"}},
		{Name: strings.Repeat("o", 81), Patterns: []string{"a"}},
	} {
		assert.Error(t, wrong.Validate(), wrong)
	}
}

func TestAProcessWithoutASubscriptionKeepsMessagesForIt(t *testing.T) {
	w := newWorld(t, testkit.EmptySQLite(t))
	s := broker.Subscription{Name: "order.stock", Patterns: []string{"product.#"}}
	newer, older := w.Join(t), w.Join(t)
	newer.Declare(s)
	require.NoError(t, newer.Start(t.Context()))
	require.NoError(t, older.Start(t.Context()))
	require.NoError(t, older.Publish(t.Context(), []broker.Message{{ID: "1", Type: "product.created.v1"}})[0])
	came := make(chan broker.Delivery, 1)
	consumer := newer.Consumer(s, func(_ context.Context, d broker.Delivery) error { came <- d; return nil })
	ended := make(chan error, 1)
	go func() { ended <- consumer.Run(t.Context()) }()
	assert.Equal(t, "1", (<-came).ID)
	require.NoError(t, consumer.Drain(t.Context()))
	require.NoError(t, <-ended)
}

func TestASubscriptionIsOrderedAsSoonAsOneProcessNeedsIt(t *testing.T) {
	w := newWorld(t, testkit.EmptySQLite(t))
	for i, unordered := range []bool{true, false, true} {
		b := w.Join(t)
		b.Declare(broker.Subscription{Name: "stock", Patterns: []string{"product.#"}, Options: broker.Options{Unordered: unordered}})
		require.NoError(t, b.Start(t.Context()))
		require.NoError(t, b.Publish(t.Context(), []broker.Message{{ID: strconv.Itoa(i), Type: "product.created.v1", Subject: "tea"}})[0])
	}
	var keys []string
	for _, p := range w.processes {
		require.NoError(t, p.db.Reader(t.Context()).Table("queue_jobs").Order("seq").Pluck("order_key", &keys).Error)
	}
	assert.Equal(t, []string{"", "tea", "tea"}, keys)
}

func TestAPatternStaysWhenAProcessOfAnEarlierVersionStarts(t *testing.T) {
	w := newWorld(t, testkit.EmptySQLite(t))
	for _, pattern := range []string{"product.#", "order.#"} {
		b := w.Join(t)
		b.Declare(broker.Subscription{Name: "stock", Patterns: []string{pattern}})
		require.NoError(t, b.Start(t.Context()))
		require.NoError(t, b.Publish(t.Context(), []broker.Message{{ID: pattern, Type: "product.created.v1"}})[0])
	}
	var kept int64
	for _, p := range w.processes {
		require.NoError(t, p.db.Reader(t.Context()).Table("queue_jobs").Count(&kept).Error)
	}
	assert.EqualValues(t, 2, kept)
}
