package database_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

// followed is a database with replicas behind a line each. What they hold differs, so that one sees which of them
// answered: each has a counter with its own name.
type followed struct {
	*database.DB
	manager *database.Manager
	lines   []*testkit.Proxy
	log     *logBook
}

func withReplicas(t *testing.T, names ...string) *followed {
	t.Helper()
	filled := func(name string) database.Config {
		cfg := testkit.EmptyMySQL(t)
		require.NoError(t, add(t.Context(), primary(t, testkit.MigratedOn(t, cfg, tables())), name))
		return cfg
	}
	cfg := filled("primary")
	f := &followed{log: &logBook{}}
	for _, name := range names {
		dsn, err := mysql.ParseDSN(filled(name).DSN.Reveal())
		require.NoError(t, err)
		line := testkit.NewProxy(t, dsn.Addr)
		dsn.Net, dsn.Addr = "tcp", line.Addr
		f.lines = append(f.lines, line)
		cfg.Replicas = append(cfg.Replicas, config.DSN(dsn.FormatDSN()))
	}
	m, err := database.Open(database.Configs{testkit.Name: cfg}, f.log.logger())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close(context.Background())) })
	require.NoError(t, m.Start(t.Context()))
	f.manager, f.DB = m, primary(t, m)
	return f
}

// answers says who answers a read of ctx. It goes through the two ways in which gorm reads.
func (f *followed) answers(ctx context.Context, t *testing.T) string {
	t.Helper()
	var row counter
	require.NoError(t, f.Reader(ctx).Take(&row).Error)
	return row.ID
}

func (f *followed) eventually(t *testing.T, want string) {
	t.Helper()
	require.Eventually(t, func() bool { return f.answers(t.Context(), t) == want }, 10*time.Second, time.Millisecond)
}

func TestReadsOutsideATransactionGoToTheReplicasInTurn(t *testing.T) {
	f := withReplicas(t, "one", "two")
	first, second := f.answers(t.Context(), t), f.answers(t.Context(), t)
	assert.ElementsMatch(t, []string{"one", "two"}, []string{first, second})
	assert.Equal(t, first, f.answers(t.Context(), t))

	var id string
	require.NoError(t, f.Reader(t.Context()).Model(&counter{}).Select("id").Row().Scan(&id))
	assert.Equal(t, second, id, "a single row, too")
}

func TestASessionReadsFromOneReplica(t *testing.T) {
	f := withReplicas(t, "one", "two")
	first, second := database.WithSession(t.Context()), database.WithSession(t.Context())
	stays := []string{f.answers(first, t), f.answers(second, t)}
	assert.ElementsMatch(t, []string{"one", "two"}, stays, "each session has its turn")
	for range 3 {
		assert.Equal(t, stays, []string{f.answers(first, t), f.answers(second, t)})
	}
}

func TestASessionWhoseReplicaIsLostStaysWithTheNextOne(t *testing.T) {
	f := withReplicas(t, "one", "two")
	ctx := database.WithSession(t.Context())
	names := []string{"one", "two"}
	lost := slices.Index(names, f.answers(ctx, t))
	f.lines[lost].Cut()
	assert.Equal(t, names[1-lost], f.answers(ctx, t))
	f.lines[lost].Restore(t)
	f.eventually(t, names[lost])
	for range 3 {
		assert.Equal(t, names[1-lost], f.answers(ctx, t))
	}

	f.lines[1-lost].Cut()
	f.lines[lost].Cut()
	assert.Equal(t, "primary", f.answers(ctx, t))
	f.lines[lost].Restore(t)
	f.eventually(t, names[lost])
	assert.Equal(t, "primary", f.answers(ctx, t), "the replica is older than what was read")
}

func TestATransactionReadsFromThePrimary(t *testing.T) {
	f := withReplicas(t, "one")
	require.NoError(t, f.InTx(t.Context(), func(ctx context.Context) error {
		assert.Equal(t, "primary", f.answers(ctx, t))
		return nil
	}))
	assert.Equal(t, "one", f.answers(t.Context(), t), "outside a session nothing is remembered")
}

func TestASessionReadsFromThePrimaryOnceItHasWritten(t *testing.T) {
	writes := map[string]func(ctx context.Context, f *followed) error{
		"a statement": func(ctx context.Context, f *followed) error { return add(ctx, f.DB, "zzz") },
		"a transaction": func(ctx context.Context, f *followed) error {
			return f.InTx(ctx, func(context.Context) error { return nil })
		},
		"a transaction that failed": func(ctx context.Context, f *followed) error {
			if err := f.InTx(ctx, func(context.Context) error { return errOurs }); !errors.Is(err, errOurs) {
				return err
			}
			return nil
		},
	}
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			f := withReplicas(t, "one")
			ctx, other := database.WithSession(t.Context()), database.WithSession(t.Context())
			assert.Equal(t, "one", f.answers(ctx, t))
			require.NoError(t, write(ctx, f))
			assert.Equal(t, "primary", f.answers(ctx, t))
			assert.Equal(t, "one", f.answers(other, t), "another session has written nothing")
		})
	}
}

func TestWhatRunsAfterACommitReadsFromThePrimary(t *testing.T) {
	f := withReplicas(t, "one")
	var answered string
	require.NoError(t, f.InTx(database.WithSession(t.Context()), func(ctx context.Context) error {
		database.AfterCommit(ctx, func(ctx context.Context) { answered = f.answers(ctx, t) })
		return nil
	}))
	assert.Equal(t, "primary", answered)
}

func TestFreshReadsComeFromThePrimary(t *testing.T) {
	f := withReplicas(t, "one")
	assert.Equal(t, "primary", f.answers(database.Fresh(t.Context()), t))
}

func TestAReplicaThatIsLostFailsNoReadAndIsUsedAgain(t *testing.T) {
	f := withReplicas(t, "one")
	require.Equal(t, "one", f.answers(t.Context(), t))
	f.lines[0].Cut()
	for range 10 {
		assert.Equal(t, "primary", f.answers(t.Context(), t))
	}
	assert.Contains(t, f.log.String(), `level=WARN msg="replica is down, others are read instead" database=primary replica=primary_replica_1`)
	f.lines[0].Restore(t)
	f.eventually(t, "one")
}

func TestOtherReplicasAreReadBeforeThePrimary(t *testing.T) {
	f := withReplicas(t, "one", "two")
	f.lines[0].Cut()
	for range 10 {
		assert.Equal(t, "two", f.answers(t.Context(), t))
	}
}

func TestTheProbesOfReadinessShowEveryReplica(t *testing.T) {
	f := withReplicas(t, "one", "two")
	f.lines[1].Cut()
	checks := f.manager.Checks()
	require.Len(t, checks, 3)
	assert.Equal(t, []string{"primary", "primary_replica_1", "primary_replica_2"}, []string{checks[0].Name, checks[1].Name, checks[2].Name})
	assert.Equal(t, []bool{true, false, false}, []bool{checks[0].Required, checks[1].Required, checks[2].Required})
	assert.NoError(t, checks[0].Probe(t.Context()))
	assert.NoError(t, checks[1].Probe(t.Context()))
	assert.ErrorIs(t, checks[2].Probe(t.Context()), database.ErrUnavailable)
}

func TestStartGoesOnWithoutAReplicaThatIsDown(t *testing.T) {
	cfg := testkit.EmptyMySQL(t)
	cfg.Replicas = []config.DSN{closedPort(t)}
	db := onConfig(t, cfg)
	require.NoError(t, add(t.Context(), db, "a"))
	assert.Equal(t, []string{"a"}, ids(t, db))
}

func TestTheErrorOfAStatementComesFromWhoeverAnsweredIt(t *testing.T) {
	f := withReplicas(t, "one")
	err := f.Reader(t.Context()).Table("nowhere").Take(&counter{}).Error
	require.Error(t, err)
	assert.NotErrorIs(t, err, database.ErrUnavailable)
	assert.NotContains(t, f.log.String(), "replica is down")
	assert.True(t, database.IsNotFound(f.Reader(t.Context()).Where("id = ?", "nobody").Take(&counter{}).Error))
}

func TestAReadThatIsGivenUpIsNoFailureOfTheReplica(t *testing.T) {
	f := withReplicas(t, "one")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	var n int
	require.ErrorIs(t, f.Reader(ctx).Raw("SELECT SLEEP(600)").Scan(&n).Error, context.DeadlineExceeded)
	assert.NotContains(t, f.log.String(), "replica is down")
	assert.Equal(t, "one", f.answers(t.Context(), t))
}

func TestWhatGivesNoRowsGoesToThePrimaryWhateverTheHandle(t *testing.T) {
	f := withReplicas(t, "one")
	require.NoError(t, f.Reader(t.Context()).Exec("DELETE FROM counters").Error)
	assert.Equal(t, "one", f.answers(t.Context(), t), "nothing was deleted there")
	assert.Empty(t, ids(t, onlyPrimary(t, f)))
}

func onlyPrimary(t *testing.T, f *followed) *database.DB {
	t.Helper()
	pool, err := f.Reader(t.Context()).DB()
	require.NoError(t, err)
	var name string
	require.NoError(t, pool.QueryRowContext(t.Context(), "SELECT DATABASE()").Scan(&name))
	dsn, err := mysql.ParseDSN(testkit.EmptyMySQL(t).DSN.Reveal())
	require.NoError(t, err)
	dsn.DBName = name
	return primary(t, testkit.Start(t, database.Configs{testkit.Name: {Driver: "mysql", DSN: config.DSN(dsn.FormatDSN())}}))
}

func TestTheStatsOfReplicasStandBesideThoseOfThePrimary(t *testing.T) {
	f := withReplicas(t, "one", "two")
	var pools []string
	for _, stats := range f.Stats() {
		pools = append(pools, stats.Pool)
		assert.Positive(t, stats.OpenConnections, stats.Pool)
	}
	assert.Equal(t, []string{"main", "replica_1", "replica_2"}, pools)
}

func TestAReplicaThatIsConfiguredWronglyIsNamed(t *testing.T) {
	cfg := database.Config{Driver: "mysql", DSN: "root@tcp(x:1)/x", Replicas: []config.DSN{"root@tcp(y:1)/x", "root:hunter2@tcp(z:1)"}}
	_, err := database.Open(database.Configs{"x": cfg}, testkit.Quiet())
	require.ErrorContains(t, err, "databases.x.replicas[1]: missing the slash")
	require.NotContains(t, err.Error(), "hunter2")

	file := testkit.EmptySQLite(t)
	file.Replicas = cfg.Replicas
	_, err = database.Open(database.Configs{"x": file}, testkit.Quiet())
	assert.ErrorContains(t, err, "databases.x.replicas: sqlite reads from none")
}

func TestAReplicaThatIsSetWronglyIsNotReadFrom(t *testing.T) {
	cfg, follower := testkit.EmptyMySQL(t), testkit.EmptyMySQL(t)
	cfg.Replicas = []config.DSN{follower.DSN + "?sql_mode=%27%27"}
	db := onConfig(t, cfg)
	require.NoError(t, add(t.Context(), db, "a"))
	assert.Equal(t, []string{"a"}, ids(t, db))
	checks := managerOf(t, cfg).Checks()
	assert.ErrorContains(t, checks[1].Probe(t.Context()), "sql_mode")
}

func managerOf(t *testing.T, cfg database.Config) *database.Manager {
	t.Helper()
	return testkit.Start(t, database.Configs{testkit.Name: cfg})
}

func TestAServerThatIsSetWronglyStopsTheStartAtOnce(t *testing.T) {
	server := testkit.MySQLServer(t)
	for name, test := range map[string]struct {
		params config.DSN
		alter  string
		want   string
	}{
		"not strict":  {"?sql_mode=%27ONLY_FULL_GROUP_BY%27", "", `sql_mode is "ONLY_FULL_GROUP_BY" and must be strict`},
		"not utf8mb4": {"", " CHARACTER SET latin1", "the database has the character set latin1 and must have utf8mb4"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testkit.EmptyMySQL(t)
			if test.alter != "" {
				dsn, err := mysql.ParseDSN(cfg.DSN.Reveal())
				require.NoError(t, err)
				_, err = server.ExecContext(t.Context(), "ALTER DATABASE "+dsn.DBName+test.alter)
				require.NoError(t, err)
			}
			cfg.DSN += test.params
			cfg.Optional = true // which makes it no better
			var book logBook
			m, err := database.Open(database.Configs{testkit.Name: cfg}, book.logger())
			require.NoError(t, err)
			err = m.Start(t.Context())
			require.ErrorContains(t, err, "the database primary (mysql) cannot be used: ")
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, book.String(), "not reachable yet")
		})
	}
}
