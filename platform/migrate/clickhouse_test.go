package migrate_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/migrate"
	"github.com/trellis-go/trellis/test/testkit"
)

const (
	chFirst = "-- +goose Up\nCREATE TABLE a (id Int64) ENGINE = MergeTree ORDER BY id;\nINSERT INTO a VALUES (1);\n" +
		"-- +goose Down\nDROP TABLE a;\n"
	chSecond = "-- +goose Up\nCREATE TABLE b (id Int64) ENGINE = MergeTree ORDER BY id;\n-- +goose Down\nDROP TABLE b;\n"
	chThird  = "-- +goose Up\nINSERT INTO a SELECT id + 10 FROM a;\n" +
		"-- +goose Down\nALTER TABLE a DELETE WHERE id > 10 SETTINGS mutations_sync = 2;\n"
	chBroken = "-- +goose Up\nCREATE TABLE c (id Int64) ENGINE = MergeTree ORDER BY id;\nCREATE TABLE c\n (id Int64) ENGINE = Memory;\n" +
		"-- +goose Down\nDROP TABLE c;\n"
)

func chFiles(pairs ...string) fstest.MapFS {
	made := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		made["clickhouse/"+pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return made
}

func chAll() fstest.MapFS {
	return chFiles("1_first.sql", chFirst, "2_second.sql", chSecond, "3_third.sql", chThird)
}

// onWarehouse gives a specification a manager with a fresh ClickHouse database, over each protocol.
func onWarehouse(t *testing.T, run func(t *testing.T, m *database.Manager, ch *database.ClickHouse)) {
	t.Helper()
	testkit.EachClickHouse(t, func(t *testing.T, cfg database.Config) {
		m := testkit.Start(t, database.Configs{"warehouse": cfg})
		ch, err := m.ClickHouse("warehouse")
		require.NoError(t, err)
		run(t, m, ch)
	})
}

func chValues(t *testing.T, ch *database.ClickHouse) []int64 {
	t.Helper()
	found, err := database.Value[[]int64](t.Context(), ch, "SELECT arraySort(groupArray(id)) FROM a", nil)
	require.NoError(t, err)
	return found
}

func TestAWarehouseIsMigratedOnceAndInOrder(t *testing.T) {
	testkit.Shows(t, testkit.Migrate)
	onWarehouse(t, func(t *testing.T, m *database.Manager, ch *database.ClickHouse) {
		require.NoError(t, of(m, chAll()).Up(t.Context()))
		require.NoError(t, of(m, chAll()).Up(t.Context()))
		assert.Equal(t, []int64{1, 11}, chValues(t, ch))
		status, err := of(m, chAll()).Status(t.Context())
		require.NoError(t, err)
		require.Len(t, status, 3)
		for _, one := range status {
			assert.Equal(t, "warehouse", one.Database)
			assert.WithinDuration(t, time.Now(), one.Applied, time.Minute)
		}
	})
}

func TestAWarehouseGoesUpAndDownToAVersion(t *testing.T) {
	testkit.Shows(t, testkit.Migrate)
	onWarehouse(t, func(t *testing.T, m *database.Manager, ch *database.ClickHouse) {
		migrator := of(m, chAll())
		for _, step := range []struct {
			to   int64
			then []int64
		}{{2, []int64{1, 2}}, {3, []int64{1, 2, 3}}, {1, []int64{1}}, {0, []int64{}}, {3, []int64{1, 2, 3}}} {
			to(t, migrator, step.to)
			assert.Equal(t, step.then, versions(t, migrator), "to %d", step.to)
		}
		require.NoError(t, migrator.Apply(t.Context(), migrate.Down()))
		assert.Equal(t, []int64{1}, chValues(t, ch))
		require.NoError(t, migrator.Up(t.Context()))
		require.NoError(t, migrator.Apply(t.Context(), migrate.Redo()))
		assert.Equal(t, []int64{1, 11}, chValues(t, ch))
	})
}

func TestTheLastThatWasAppliedToAWarehouseIsTakenBackFirst(t *testing.T) {
	onWarehouse(t, func(t *testing.T, m *database.Manager, _ *database.ClickHouse) {
		require.NoError(t, of(m, chFiles("1_first.sql", chFirst, "3_third.sql", chThird)).Up(t.Context()))
		status, err := of(m, chAll()).Status(t.Context())
		require.NoError(t, err)
		assert.True(t, status[1].Late)
		require.NoError(t, of(m, chAll()).Up(t.Context()))
		require.NoError(t, of(m, chAll()).Apply(t.Context(), migrate.Down()))
		assert.Equal(t, []int64{1, 3}, versions(t, of(m, chAll())))
	})
}

func TestAFailureAtAWarehouseIsNamedAndLeavesWhatCameBefore(t *testing.T) {
	onWarehouse(t, func(t *testing.T, m *database.Manager, ch *database.ClickHouse) {
		err := of(m, chFiles("1_first.sql", chFirst, "2_broken.sql", chBroken)).Up(t.Context())
		require.ErrorContains(t, err, "database warehouse: 2_broken.sql: statement 2 (CREATE TABLE c): ")
		tables, err := ch.Tables(t.Context())
		require.NoError(t, err)
		assert.Contains(t, tables, "c")
	})
}

func TestAPreviewOfAWarehouseChangesNothingAndPromisesNoTransaction(t *testing.T) {
	onWarehouse(t, func(t *testing.T, m *database.Manager, ch *database.ClickHouse) {
		steps, err := of(m, chAll()).Preview(t.Context(), migrate.Up())
		require.NoError(t, err)
		require.Len(t, steps, 3)
		assert.False(t, steps[0].Transaction)
		tables, err := ch.Tables(t.Context())
		require.NoError(t, err)
		assert.NotContains(t, tables, "a")
		assert.NotContains(t, tables, migrate.Table)
	})
}

func TestManyProcessesMigrateAWarehouseAtOnceAndItIsDoneOnce(t *testing.T) {
	testkit.Shows(t, testkit.Migrate)
	testkit.EachClickHouse(t, func(t *testing.T, cfg database.Config) {
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				m, err := database.Open(database.Configs{"warehouse": cfg}, testkit.Quiet())
				assert.NoError(t, err)
				assert.NoError(t, of(m, chAll()).Up(t.Context()))
				assert.NoError(t, m.Close(t.Context()))
			})
		}
		group.Wait()
		ch, err := testkit.Start(t, database.Configs{"warehouse": cfg}).ClickHouse("warehouse")
		require.NoError(t, err)
		assert.Equal(t, []int64{1, 11}, chValues(t, ch))
	})
}

func TestSQLAndWarehouseAreMigratedInOneGo(t *testing.T) {
	cfg := testkit.EmptyClickHouse(t)
	m := testkit.Start(t, database.Configs{testkit.Name: testkit.EmptySQLite(t), "warehouse": cfg, "again": cfg})
	all := chAll()
	all["sqlite/1_first.sql"] = &fstest.MapFile{Data: []byte(first)}
	require.NoError(t, of(m, all).Up(t.Context()))
	status, err := of(m, all).Status(t.Context())
	require.NoError(t, err)
	var databases []string
	for _, one := range status {
		databases = append(databases, one.Database)
	}
	assert.Equal(t, []string{"again", "again", "again", testkit.Name}, databases, "by name, and one database once")
	one, err := of(m, all).Only("warehouse")
	require.NoError(t, err)
	require.NoError(t, one.Apply(t.Context(), migrate.Down()))
	assert.Equal(t, []int{1}, values(t, m))
}

func TestAWarehouseWithoutFilesIsLeftAlone(t *testing.T) {
	onWarehouse(t, func(t *testing.T, m *database.Manager, ch *database.ClickHouse) {
		require.NoError(t, of(m, allOf()).Up(t.Context()))
		tables, err := ch.Tables(t.Context())
		require.NoError(t, err)
		assert.Empty(t, tables, "not even a lock")
	})
}

func TestTheStartGoesOnWithoutAnOptionalDatabaseThatIsAway(t *testing.T) {
	var book strings.Builder
	away := database.Config{Driver: "clickhouse", DSN: "http://127.0.0.1:1/x", ConnectTimeout: time.Millisecond}
	m := testkit.Start(t, database.Configs{testkit.Name: testkit.EmptySQLite(t), "warehouse": away})
	all := chAll()
	all["sqlite/1_first.sql"] = &fstest.MapFile{Data: []byte(first)}
	migrator := migrate.New(m, all, text(&book))
	require.NoError(t, migrator.Ensure(t.Context(), true))
	require.NoError(t, migrator.Ensure(t.Context(), false))
	assert.Equal(t, []int{1}, values(t, m))
	assert.Contains(t, book.String(), "the migrations of an optional database were not looked at")
	require.ErrorIs(t, migrator.Up(t.Context()), database.ErrUnavailable, "who is told to migrate says what was not")
}

func TestTheStartGoesOnWithoutAnOptionalDatabaseThatTakesNoWrites(t *testing.T) {
	var book strings.Builder
	readOnly := testkit.EmptyClickHouse(t)
	readOnly.DSN = config.DSN(readOnly.DSN.Reveal() + "?readonly=1")
	m := testkit.Start(t, database.Configs{testkit.Name: testkit.EmptySQLite(t), "warehouse": readOnly})
	require.NoError(t, migrate.New(m, chAll(), text(&book)).Ensure(t.Context(), true))
	assert.Contains(t, book.String(), "the migrations of an optional database were not looked at")
}

func TestTheStartDoesNotGoOnWithoutARequiredWarehouse(t *testing.T) {
	away := database.Config{Driver: "clickhouse", DSN: "http://127.0.0.1:1/x", Required: true}
	m, err := database.Open(database.Configs{"warehouse": away}, testkit.Quiet())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close(context.Background())) })
	assert.ErrorIs(t, of(m, chAll()).Ensure(t.Context(), true), database.ErrUnavailable)
}
