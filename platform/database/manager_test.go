package database_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestOpenTouchesNothing(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "not", "there")
	m, err := database.Open(database.Configs{
		"file":   {Driver: "sqlite", DSN: config.DSN(filepath.Join(folder, "x.db"))},
		"server": {Driver: "mysql", DSN: closedPort(t)},
	}, testkit.Quiet())
	require.NoError(t, err)
	assert.NoDirExists(t, folder)
	assert.NoError(t, m.Close(t.Context()))
}

func TestOpenNamesTheKeyThatIsWrong(t *testing.T) {
	for name, wrong := range map[string]struct {
		cfg  database.Config
		want string
	}{
		"no driver":            {database.Config{DSN: "x"}, "databases.x.driver is not set: give one of clickhouse, mysql, oracle, redis, sqlite"},
		"unknown driver":       {database.Config{Driver: "db2", DSN: "x"}, `databases.x.driver is "db2": it must be one of clickhouse, mysql, oracle, redis, sqlite`},
		"no DSN":               {database.Config{Driver: "mysql"}, "databases.x.dsn is not set"},
		"memory":               {database.Config{Driver: "sqlite", DSN: ":memory:"}, "databases.x.dsn: must name a file"},
		"memory by mode":       {database.Config{Driver: "sqlite", DSN: "file:x?mode=memory"}, "databases.x.dsn: must name a file"},
		"path with parameters": {database.Config{Driver: "sqlite", DSN: "x?mode=ro"}, "databases.x.dsn: has parameters: that takes a URI"},
		"parameter of ours":    {database.Config{Driver: "sqlite", DSN: "file:x?_txlock=deferred"}, "databases.x.dsn: has the parameter _txlock"},
		"a server of MySQL":    {database.Config{Driver: "sqlite", DSN: "shop:hunter2@tcp(db:3306)/shop"}, "databases.x.dsn: is that of a server: the driver has to be named"},
		"a server by its URL":  {database.Config{Driver: "sqlite", DSN: "oracle://shop:hunter2@db:1521/shop"}, "databases.x.dsn: is that of a server"},
		"required and not set": {database.Config{Required: true}, "databases.x is required, and has neither driver nor dsn"},
		"bad URI":              {database.Config{Driver: "sqlite", DSN: "file:%zz"}, "databases.x.dsn: is not a valid URI"},
		"bad parameters":       {database.Config{Driver: "sqlite", DSN: "file:x?a;b=%zz"}, "databases.x.dsn: has parameters that cannot be read"},
		"no database":          {database.Config{Driver: "mysql", DSN: "root@tcp(x:1)/"}, "databases.x.dsn: names no database"},
		"no slash":             {database.Config{Driver: "mysql", DSN: "root@tcp(x:1)"}, "databases.x.dsn: missing the slash"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := database.Open(database.Configs{"x": wrong.cfg}, testkit.Quiet())
			assert.ErrorContains(t, err, wrong.want)
		})
	}
}

func TestOpenReportsEveryWrongConnection(t *testing.T) {
	_, err := database.Open(database.Configs{
		"a": {Driver: "db2", DSN: "x"}, "b": {Driver: "mysql", DSN: "x"}, "good": testkit.EmptySQLite(t),
	}, testkit.Quiet())
	require.ErrorContains(t, err, "databases.a.driver")
	assert.ErrorContains(t, err, "databases.b.dsn")
}

func TestOpenNeverShowsAPassword(t *testing.T) {
	for _, dsn := range []config.DSN{
		"root:hunter2/x", "root:hunter2@nowhere/x", "root:hunter2", "root:hunter2@tcp(x:1)", "root@tcp(x:1)/hunter2%zz",
		"root:hunter2@tcp(x:1)/x?tls=hunter2", "root:hunter2@tcp(x:1)/x?parseTime=hunter2",
		"root:hunter2@tcp(x:1)/x?serverPubKey=hunter2",
	} {
		_, err := database.Open(database.Configs{"x": {Driver: "mysql", DSN: dsn}}, testkit.Quiet())
		require.ErrorContains(t, err, "databases.x.dsn", dsn.Reveal())
		assert.NotContains(t, err.Error(), "hunter2", dsn.Reveal())
	}
}

func TestAConnectionWithoutDriverAndDSNIsNotConfigured(t *testing.T) {
	m := testkit.Start(t, database.Configs{"redis": {}, "primary": testkit.EmptySQLite(t)})
	_, err := m.DB("redis")
	require.ErrorIs(t, err, database.ErrNotConfigured)
	assert.ErrorContains(t, err, "set databases.redis.driver and databases.redis.dsn (configured are: primary)")
}

func TestANameWithNothingConfiguredSaysSo(t *testing.T) {
	_, err := testkit.Start(t, nil).DB("primary")
	assert.ErrorContains(t, err, "configured are: none")
}

type other struct{ database.Connection }

func TestLookupSaysWhenTheKindIsWrong(t *testing.T) {
	m := testkit.Start(t, database.Configs{"primary": testkit.EmptySQLite(t)})
	_, err := database.Lookup[other](m, "primary")
	assert.ErrorContains(t, err, "databases.primary.driver is sqlite")
}

func TestADatabaseKnowsItsNameDriverAndTarget(t *testing.T) {
	cfg := testkit.EmptySQLite(t)
	m := testkit.Start(t, database.Configs{"a": cfg, "b": {Driver: "sqlite", DSN: "file:" + cfg.DSN}})
	all := m.SQL()
	require.Len(t, all, 2)
	assert.Equal(t, "a", all[0].Name())
	assert.Equal(t, "sqlite", all[0].Driver())
	assert.Equal(t, all[0].Target(), all[1].Target(), "the same file")
}

func TestTheTargetOfAServerHasNoPassword(t *testing.T) {
	m, err := database.Open(database.Configs{"primary": {
		Driver: "mysql", DSN: "root:hunter2@tcp(db:3306)/shop?charset=latin1",
	}}, testkit.Quiet())
	require.NoError(t, err)
	assert.Equal(t, "tcp(db:3306)/shop", primary(t, m).Target())
	require.NoError(t, m.Close(t.Context()))
}

func TestEachPoolHasStats(t *testing.T) {
	testkit.Shows(t, testkit.Connect)
	eachEngine(t, func(t *testing.T, db *database.DB) {
		var pools []string
		for _, stats := range db.Stats() {
			assert.Equal(t, "primary", stats.Name)
			assert.Equal(t, db.Driver(), stats.Driver)
			assert.Positive(t, stats.OpenConnections, stats.Pool)
			pools = append(pools, stats.Pool)
		}
		want := map[string][]string{"sqlite": {"reader", "writer"}, "mysql": {"main"}, "oracle": {"main"}}
		assert.Equal(t, want[db.Driver()], pools)
	})
}

func TestPoolsAreBoundedAsConfigured(t *testing.T) {
	testkit.EachEmpty(t, func(t *testing.T, cfg database.Config) {
		cfg.Pool.MaxOpen = 7
		m := testkit.Start(t, database.Configs{"primary": cfg})
		assert.Equal(t, 7, m.Stats()[0].MaxOpenConnections)
	})
}

func TestSQLiteHasOneWriter(t *testing.T) {
	stats := primary(t, testkit.Migrated(t, tables())).Stats()
	assert.Equal(t, 1, stats[1].MaxOpenConnections)
	assert.GreaterOrEqual(t, stats[0].MaxOpenConnections, 4)
}

func TestAClosedManagerAnswersNothingAndMayBeClosedAgain(t *testing.T) {
	m := testkit.Start(t, database.Configs{"primary": testkit.EmptySQLite(t)})
	require.NoError(t, m.Close(t.Context()))
	assert.Error(t, primary(t, m).Ping(t.Context()))
}

func TestCloseStopsWaitingWithItsContext(t *testing.T) {
	m := testkit.Start(t, database.Configs{"primary": testkit.EmptySQLite(t)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Close(ctx); err != nil { // it may have been quicker than the context
		assert.ErrorIs(t, err, context.Canceled)
	}
}

func TestChecksProbeEveryConnection(t *testing.T) {
	optional := testkit.EmptySQLite(t)
	optional.Optional = true
	m := testkit.Start(t, database.Configs{"primary": testkit.EmptySQLite(t), "warehouse": optional})
	checks := m.Checks()
	require.Len(t, checks, 2)
	assert.Equal(t, "primary", checks[0].Name)
	assert.True(t, checks[0].Required)
	assert.False(t, checks[1].Required)
	for _, check := range checks {
		assert.NoError(t, check.Probe(t.Context()))
	}
}

func TestTheProbeOfAnSQLiteFileReadsIt(t *testing.T) {
	cfg := testkit.EmptySQLite(t)
	require.NoError(t, os.WriteFile(cfg.DSN.Reveal(), []byte("this is no database, and long enough to be seen as none"), 0o600))
	m, err := database.Open(database.Configs{"primary": cfg}, testkit.Quiet())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close(context.Background())) })
	assert.ErrorContains(t, m.Checks()[0].Probe(t.Context()), "not a database")
}

func TestAPluginIsInstalledOnEveryHandle(t *testing.T) {
	m := testkit.Start(t, database.Configs{"primary": testkit.EmptySQLite(t)})
	var counted int
	require.NoError(t, m.Use(func() gorm.Plugin { return plugin{&counted} }))
	assert.Equal(t, 2, counted, "reader and writer")
	assert.ErrorContains(t, m.Use(func() gorm.Plugin { return plugin{&counted} }), "database primary: ")
}

type plugin struct{ counted *int }

func (plugin) Name() string { return "counter" }

func (p plugin) Initialize(*gorm.DB) error { *p.counted++; return nil }

func TestWhatNeedsNoDatabaseOfItsOwnHasThatOfAnother(t *testing.T) {
	m := testkit.Database(t)
	assert.Equal(t, testkit.Name, m.Or("warehouse", testkit.Name))
	assert.Equal(t, testkit.Name, m.Or(testkit.Name, "other"))
}
