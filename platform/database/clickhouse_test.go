package database_test

import (
	"context"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/test/testkit"
)

// sale has a column of each kind that is particular to ClickHouse.
type sale struct {
	ID     uuid.UUID       `ch:"id"`
	At     time.Time       `ch:"at"`
	Kind   string          `ch:"kind"`
	Amount decimal.Decimal `ch:"amount"`
	Note   *string         `ch:"note"`
	Tags   []string        `ch:"tags"`
	Local  int             // no column
}

const sales = `CREATE TABLE sales (id UUID, at DateTime64(6, 'UTC'), kind LowCardinality(String), amount Decimal(18, 2),
	note Nullable(String), tags Array(String)) ENGINE = MergeTree ORDER BY (kind, at)
	SETTINGS non_replicated_deduplication_window = 100`

func warehouse(t *testing.T, cfg database.Config) *database.ClickHouse {
	t.Helper()
	ch, err := testkit.Start(t, database.Configs{"warehouse": cfg}).ClickHouse("warehouse")
	require.NoError(t, err)
	return ch
}

// onClickHouse runs a specification over each protocol, on a database with the table sales.
func onClickHouse(t *testing.T, run func(t *testing.T, ch *database.ClickHouse)) {
	t.Helper()
	testkit.EachClickHouse(t, func(t *testing.T, cfg database.Config) {
		ch := warehouse(t, cfg)
		require.NoError(t, ch.Exec(t.Context(), sales, nil))
		run(t, ch)
	})
}

func some(n int) []sale {
	rows := make([]sale, n)
	for i := range rows {
		rows[i] = sale{
			ID: uuid.New(), At: time.Date(2026, 1, 2, 3, 4, 5, i%1_000_000*1000, time.UTC), Kind: []string{"web", "shop"}[i%2],
			Amount: decimal.New(int64(i), -2), Tags: []string{},
		}
	}
	return rows
}

func stored(t *testing.T, ch *database.ClickHouse) uint64 {
	t.Helper()
	n, err := database.Value[uint64](t.Context(), ch, "SELECT count() FROM sales", nil)
	require.NoError(t, err)
	return n
}

func TestClickHouseAnswersAndKnowsWhoItIs(t *testing.T) {
	testkit.Shows(t, testkit.Connect)
	testkit.EachClickHouse(t, func(t *testing.T, cfg database.Config) {
		ch := warehouse(t, cfg)
		require.NoError(t, ch.Ping(t.Context()))
		assert.Equal(t, "warehouse", ch.Name())
		assert.Equal(t, "clickhouse", ch.Driver())
		at, err := url.Parse(cfg.DSN.Reveal())
		require.NoError(t, err)
		assert.Equal(t, at.Host+at.Path, ch.Target())
		stats := ch.Stats()
		require.Len(t, stats, 1)
		assert.Equal(t, 1, stats[0].OpenConnections)
		assert.Equal(t, 1, stats[0].Idle)
		assert.Equal(t, 25, stats[0].MaxOpenConnections)
	})
}

func TestABatchIsReadAsItWasWritten(t *testing.T) {
	testkit.Shows(t, testkit.Connect)
	onClickHouse(t, func(t *testing.T, ch *database.ClickHouse) {
		note := "tab\t, quote ', \\ and 縗"
		written := []sale{
			{uuid.New(), time.Date(1969, 12, 31, 23, 59, 59, 123456000, time.UTC), "web", decimal.RequireFromString("-0.01"), nil, []string{}, 0},
			{uuid.New(), time.Date(2026, 2, 3, 4, 5, 6, 789000, time.UTC), "web", decimal.RequireFromString("9999999999999999.99"), &note, []string{"a", "'"}, 0},
		}
		require.NoError(t, database.Insert(t.Context(), ch, "sales", written))
		var read []sale
		require.NoError(t, ch.Select(t.Context(), &read, "SELECT * FROM sales ORDER BY at", nil))
		require.Len(t, read, 2)
		for i := range read {
			assert.True(t, written[i].At.Equal(read[i].At), read[i].At)
			assert.True(t, written[i].Amount.Equal(read[i].Amount), read[i].Amount)
			read[i].At, read[i].Amount = written[i].At, written[i].Amount
		}
		assert.Equal(t, written, read)
	})
}

func TestManyRowsAreWrittenInBatchesAndReadOneByOne(t *testing.T) {
	onClickHouse(t, func(t *testing.T, ch *database.ClickHouse) {
		rows := some(100_000)
		for batch := range slices.Chunk(rows, 20_000) {
			require.NoError(t, database.Insert(t.Context(), ch, "sales", batch))
		}
		assert.EqualValues(t, 100_000, stored(t, ch))
		type row struct {
			Amount decimal.Decimal `ch:"amount"`
		}
		sum := decimal.Zero
		for row, err := range database.Rows[row](t.Context(), ch, "SELECT amount FROM sales", nil) {
			require.NoError(t, err)
			sum = sum.Add(row.Amount)
		}
		assert.Equal(t, "49999500", sum.String())
	})
}

func TestWhoStopsReadingGivesTheConnectionBack(t *testing.T) {
	onClickHouse(t, func(t *testing.T, ch *database.ClickHouse) {
		type row struct {
			N uint64 `ch:"number"`
		}
		for range 5 {
			for row, err := range database.Rows[row](t.Context(), ch, "SELECT number FROM numbers(1000000)", nil) {
				require.NoError(t, err)
				assert.Zero(t, row.N)
				break
			}
		}
		assert.Zero(t, ch.Stats()[0].InUse)
	})
}

func TestRowsEndsWithAnError(t *testing.T) {
	onClickHouse(t, func(t *testing.T, ch *database.ClickHouse) {
		type row struct {
			N uint64 `ch:"n"`
		}
		for query, want := range map[string]string{
			"SELECT missing FROM sales": "missing", "SELECT 1 AS other": "other", "SELECT throwIf(number = 3) FROM numbers(10)": "throwIf",
		} {
			var errs []error
			for _, err := range database.Rows[row](t.Context(), ch, query, nil) {
				errs = append(errs, err)
			}
			require.NotEmpty(t, errs, query)
			assert.ErrorContains(t, errs[len(errs)-1], want)
		}
	})
}

func TestParametersAreNoPartOfTheStatement(t *testing.T) {
	onClickHouse(t, func(t *testing.T, ch *database.ClickHouse) {
		for _, text := range []string{`'; DROP TABLE sales; --`, `\`, `\'`, "a\tb\nc\rd", "{x:String}", "縗😀", ""} {
			got, err := database.Value[string](t.Context(), ch, "SELECT {s:String}", database.Params{"s": text})
			require.NoError(t, err, "%q", text)
			assert.Equal(t, text, got)
		}
		at := time.Date(2026, 5, 6, 7, 8, 9, 123456000, time.FixedZone("", 7200))
		got, err := database.Value[time.Time](t.Context(), ch, "SELECT {at:DateTime64(6, 'UTC')}", database.Params{"at": at})
		require.NoError(t, err)
		assert.True(t, at.Equal(got), got)
		require.NoError(t, ch.Exec(t.Context(), "INSERT INTO sales (id, kind) SELECT {id:UUID}, {kind:String}",
			database.Params{"id": uuid.New(), "kind": "web"}))
		n, err := database.Value[uint64](t.Context(), ch, "SELECT count() FROM sales WHERE kind IN {kinds:Array(String)}",
			database.Params{"kinds": []string{"web", "'"}})
		require.NoError(t, err)
		assert.EqualValues(t, 1, n)
	})
}

func TestAParameterThatTheStatementLacksIsRefused(t *testing.T) {
	ch := opened(t, "http://127.0.0.1:1/x")
	err := ch.Exec(t.Context(), "SELECT @a", database.Params{"a": 1})
	assert.ErrorContains(t, err, "the statement has no parameter {a:Type}")
}

func TestAQueryWithoutARowIsNotFound(t *testing.T) {
	onClickHouse(t, func(t *testing.T, ch *database.ClickHouse) {
		_, err := database.Value[string](t.Context(), ch, "SELECT kind FROM sales", nil)
		assert.True(t, database.IsNotFound(err), "%v", err)
		_, err = database.Value[string](t.Context(), ch, "SELECT kind FROM missing", nil)
		assert.False(t, database.IsNotFound(err))
	})
}

func TestABatchWithATokenIsStoredOnce(t *testing.T) {
	onClickHouse(t, func(t *testing.T, ch *database.ClickHouse) {
		rows := some(10)
		for range 3 {
			require.NoError(t, database.Insert(t.Context(), ch, "sales", rows, database.Token("one")))
		}
		assert.EqualValues(t, 10, stored(t, ch))
		require.NoError(t, database.Insert(t.Context(), ch, "sales", rows, database.Token("two")))
		assert.EqualValues(t, 20, stored(t, ch))
		require.NoError(t, database.Insert(t.Context(), ch, "sales", some(1), database.Token("three")))
		assert.EqualValues(t, 21, stored(t, ch))
	})
}

func TestWithoutATokenEachBatchIsOneOfItsOwn(t *testing.T) {
	onClickHouse(t, func(t *testing.T, ch *database.ClickHouse) {
		rows := some(10)
		for range 3 {
			require.NoError(t, database.Insert(t.Context(), ch, "sales", rows))
		}
		assert.EqualValues(t, 30, stored(t, ch), "however alike they are")
		for range 2 {
			require.NoError(t, database.Insert(t.Context(), ch, "sales", rows, database.Gather()))
		}
		assert.EqualValues(t, 50, stored(t, ch))
	})
}

func TestGatheredRowsAreThereWhenInsertReturns(t *testing.T) {
	onClickHouse(t, func(t *testing.T, ch *database.ClickHouse) {
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				assert.NoError(t, database.Insert(t.Context(), ch, "sales", some(5), database.Gather()))
			})
		}
		group.Wait()
		assert.EqualValues(t, 40, stored(t, ch))
	})
}

func TestWhatCannotBeABatchIsRefusedBeforeItIsSent(t *testing.T) {
	ch := opened(t, "http://127.0.0.1:1/x")
	type odd struct {
		A int `ch:"a) SELECT 1 --"`
	}
	type bare struct{ A int }
	ctx := t.Context()
	for want, err := range map[string]error{
		"is not a plain name":          database.Insert(ctx, ch, "sales (a) SELECT 1 --", some(1)),
		`a) SELECT 1 --" is not`:       database.Insert(ctx, ch, "sales", []odd{{1}}),
		"no field of the rows names":   database.Insert(ctx, ch, "sales", []bare{{1}}),
		"names a column with a tag ch": database.Insert(ctx, ch, "sales", []int{1}),
		"100001 rows are more":         database.Insert(ctx, ch, "sales", make([]sale, database.MaxBatch+1)),
		"have no token":                database.Insert(ctx, ch, "sales", some(1), database.Token("a"), database.Gather()),
	} {
		require.ErrorContains(t, err, want)
		assert.NotErrorIs(t, err, database.ErrUnavailable)
	}
	assert.NoError(t, database.Insert(ctx, ch, "sales", []sale{}), "nothing is sent")
}

func TestARowThatDoesNotFitStoresNothing(t *testing.T) {
	type wrong struct {
		Kind int `ch:"kind"`
	}
	type unknown struct {
		Kind string `ch:"kinds"`
	}
	onClickHouse(t, func(t *testing.T, ch *database.ClickHouse) {
		require.ErrorContains(t, database.Insert(t.Context(), ch, "sales", []wrong{{1}, {2}}), "row 0")
		require.ErrorContains(t, database.Insert(t.Context(), ch, "sales", []unknown{{"web"}}), "kinds")
		assert.Zero(t, stored(t, ch))
		assert.Zero(t, ch.Stats()[0].InUse, "the connection is given back")
	})
}

func TestAClickHouseStatementEndsWithItsContext(t *testing.T) {
	onClickHouse(t, func(t *testing.T, ch *database.ClickHouse) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := database.Value[uint8](ctx, ch, "SELECT sleep(2)", nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, "timeout", problem.From(err).Kind.Code)
	})
}

func TestAStatementWhoseContextHasNoDeadlineEndsWithPatience(t *testing.T) {
	testkit.EachClickHouse(t, func(t *testing.T, cfg database.Config) {
		cfg.DSN += "?read_timeout=300ms"
		ch := warehouse(t, cfg)
		_, err := database.Value[uint8](t.Context(), ch, "SELECT sleep(2)", nil)
		assert.ErrorIs(t, err, database.ErrUnavailable)
	})
}

func TestWhatOverloadsTheServerIsBusy(t *testing.T) {
	testkit.Shows(t, testkit.Failure)
	onClickHouse(t, func(t *testing.T, ch *database.ClickHouse) {
		_, err := database.Value[uint64](t.Context(), ch,
			"SELECT length(groupArray(number)) FROM numbers(5000000) SETTINGS max_memory_usage = 1000000", nil)
		require.ErrorIs(t, err, database.ErrBusy)
		assert.NotZero(t, problem.From(err).RetryAfter)
	})
}

func TestTooManyPartsAreBusy(t *testing.T) {
	onClickHouse(t, func(t *testing.T, ch *database.ClickHouse) {
		require.NoError(t, ch.Exec(t.Context(), "CREATE TABLE parts (id UUID) ENGINE = MergeTree ORDER BY id "+
			"SETTINGS parts_to_throw_insert = 2, parts_to_delay_insert = 0, inactive_parts_to_throw_insert = 0", nil))
		require.NoError(t, ch.Exec(t.Context(), "SYSTEM STOP MERGES parts", nil))
		type part struct {
			ID uuid.UUID `ch:"id"`
		}
		var err error
		for range 5 {
			if err = database.Insert(t.Context(), ch, "parts", []part{{uuid.New()}}); err != nil {
				break
			}
		}
		assert.ErrorIs(t, err, database.ErrBusy)
	})
}

func TestMoreStatementsThanConnectionsWaitAndThenAreBusy(t *testing.T) {
	testkit.EachClickHouse(t, func(t *testing.T, cfg database.Config) {
		cfg.Pool.MaxOpen = 1
		cfg.DSN += "?dial_timeout=100ms"
		ch := warehouse(t, cfg)
		type row struct {
			N uint64 `ch:"number"`
		}
		for _, err := range database.Rows[row](t.Context(), ch, "SELECT number FROM numbers(5000000)", nil) {
			require.NoError(t, err)
			require.ErrorIs(t, ch.Ping(t.Context()), database.ErrBusy)
			break
		}
		assert.NoError(t, ch.Ping(t.Context()))
	})
}

func TestSlowStatementsAndBatchesAreLoggedWithoutValues(t *testing.T) {
	cfg := testkit.EmptyClickHouse(t)
	cfg.SlowQuery = 1
	book := &logBook{}
	m, err := database.Open(database.Configs{"warehouse": cfg}, book.logger())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close(context.Background())) })
	ch, err := m.ClickHouse("warehouse")
	require.NoError(t, err)
	require.NoError(t, ch.Exec(t.Context(), sales, nil))
	_, err = database.Value[string](t.Context(), ch, "SELECT {s:String}", database.Params{"s": "hunter2"})
	require.NoError(t, err)
	require.NoError(t, database.Insert(t.Context(), ch, "sales", some(2)))
	assert.Contains(t, book.String(), `msg="slow query" database=warehouse`)
	assert.Regexp(t, `msg="slow insert" database=warehouse took=\S+ table=sales rows=2`, book.String())
	assert.NotContains(t, book.String(), "hunter2")
}

func opened(t *testing.T, dsn config.DSN) *database.ClickHouse {
	t.Helper()
	m, err := database.Open(database.Configs{"warehouse": {Driver: "clickhouse", DSN: dsn}}, testkit.Quiet())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close(context.Background())) })
	ch, err := m.ClickHouse("warehouse")
	require.NoError(t, err)
	return ch
}

func TestAClickHouseIsOptionalUnlessItIsRequired(t *testing.T) {
	m := testkit.Start(t, database.Configs{"warehouse": {
		Driver: "clickhouse", DSN: "http://127.0.0.1:1/x", ConnectTimeout: time.Millisecond,
	}})
	checks := m.Checks()
	require.Len(t, checks, 1)
	assert.False(t, checks[0].Required)
	require.ErrorIs(t, checks[0].Probe(t.Context()), database.ErrUnavailable)
	_, err := m.DB("warehouse")
	require.ErrorContains(t, err, "databases.warehouse.driver is clickhouse")
	assert.Empty(t, m.SQL())
	assert.Len(t, database.All[*database.ClickHouse](m), 1)

	m, err = database.Open(database.Configs{"warehouse": {
		Driver: "clickhouse", DSN: "http://127.0.0.1:1/x", ConnectTimeout: time.Millisecond, Required: true,
	}}, testkit.Quiet())
	require.NoError(t, err)
	assert.True(t, m.Checks()[0].Required)
	require.ErrorIs(t, m.Start(t.Context()), database.ErrUnavailable)
}

func TestADSNOfClickHouseIsCheckedWhenItIsOpened(t *testing.T) {
	for dsn, want := range map[config.DSN]string{
		"host:9000/db":                           "is not of the form clickhouse://",
		"ftp://host/db":                          "begins with none of clickhouse://",
		"clickhouse://host:9000":                 "names no database",
		"http://host:8123/?database=":            "names no database",
		"clickhouse:///db":                       "is not of the form",
		"clickhouse://host/db?dial_timeout=soon": "is not of the form",
		"http://host:8123/db?secure=true":        "is not of the form",
	} {
		_, err := database.Open(database.Configs{"w": {Driver: "clickhouse", DSN: dsn}}, testkit.Quiet())
		assert.ErrorContains(t, err, "databases.w.dsn: "+want, dsn)
	}
	for _, dsn := range []string{
		"clickhouse://app:hunter2@ho st/db", "clickhouse://app:hunter2@host/db?dial_timeout=hunter2", "hunter2@host/db",
		"ftp://app:hunter2@host/db", "clickhouse://app:hunter2@host:port/db", "http://app:hunter2@host/db?secure=hunter2",
	} {
		_, err := database.Open(database.Configs{"w": {Driver: "clickhouse", DSN: config.DSN(dsn)}}, testkit.Quiet())
		require.Error(t, err, dsn)
		assert.NotContains(t, err.Error(), "hunter2", dsn)
	}
	assert.Equal(t, "a:9000,b:9000/db", opened(t, "clickhouse://app:hunter2@a:9000,b:9000/db?secure=true").Target())
}
