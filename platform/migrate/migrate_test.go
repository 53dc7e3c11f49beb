package migrate_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/migrate"
	"github.com/trellis-go/trellis/platform/migrate/sqlfile"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	first  = "-- +goose Up\nCREATE TABLE a (id INTEGER PRIMARY KEY);\nINSERT INTO a VALUES (1);\n-- +goose Down\nDROP TABLE a;\n"
	second = "-- +goose Up\nCREATE TABLE b (id INTEGER PRIMARY KEY);\n-- +goose Down\nDROP TABLE b;\n"
	third  = "-- +goose Up\nUPDATE a SET id = id + 10;\n-- +goose Down\nUPDATE a SET id = id - 10;\n"
	broken = "-- +goose Up\nCREATE TABLE c (id INTEGER PRIMARY KEY);\nCREATE TABLE c\n (id INTEGER);\n-- +goose Down\nDROP TABLE c;\n"
)

// files makes migrations that are the same on every engine: name, content, name, content.
func files(pairs ...string) fstest.MapFS {
	made := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		for _, engine := range sqlfile.Transactional {
			made[engine+"/"+pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
		}
	}
	return made
}

func allOf() fstest.MapFS {
	return files("1_first.sql", first, "2_second.sql", second, "3_third.sql", third)
}

// eachEngine gives a specification a fresh database, and a way to make migrators of it.
func eachEngine(t *testing.T, run func(t *testing.T, m *database.Manager)) {
	t.Helper()
	testkit.EachEmpty(t, func(t *testing.T, cfg database.Config) {
		run(t, testkit.Start(t, database.Configs{testkit.Name: cfg}))
	})
}

func of(m *database.Manager, files fstest.MapFS) *migrate.Migrator {
	return migrate.New(m, files, testkit.Quiet())
}

// values is what the table a holds.
func values(t *testing.T, m *database.Manager) []int {
	t.Helper()
	db, err := m.DB(testkit.Name)
	require.NoError(t, err)
	found := []int{}
	require.NoError(t, db.Reader(t.Context()).Table("a").Pluck("id", &found).Error)
	return found
}

// text is a log in words.
func text(book *strings.Builder) *slog.Logger { return slog.New(slog.NewTextHandler(book, nil)) }

func exists(t *testing.T, m *database.Manager, table string) bool {
	t.Helper()
	db, err := m.DB(testkit.Name)
	require.NoError(t, err)
	return db.Reader(t.Context()).Exec("SELECT 1 FROM "+table).Error == nil
}

func TestUpAppliesEverythingOnceInOrder(t *testing.T) {
	testkit.Shows(t, testkit.Migrate)
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		require.NoError(t, of(m, allOf()).Up(t.Context()))
		require.NoError(t, of(m, allOf()).Up(t.Context()))
		assert.Equal(t, []int{11}, values(t, m))
	})
}

func TestUpAlsoAppliesWhatComesLateWithAnEarlierNumber(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		require.NoError(t, of(m, files("1_first.sql", first, "3_third.sql", third)).Up(t.Context()))
		require.NoError(t, of(m, allOf()).Up(t.Context()))
		assert.True(t, exists(t, m, "b"))
		assert.Equal(t, []int{11}, values(t, m))
	})
}

func TestUpNamesDatabaseFileAndStatementOfAFailure(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		err := of(m, files("1_first.sql", first, "2_broken.sql", broken, "3_third.sql", third)).Up(t.Context())
		require.ErrorContains(t, err, "database primary: 2_broken.sql: statement 2 (CREATE TABLE c): ")
		require.ErrorContains(t, err, "exists")
		assert.Equal(t, []int{1}, values(t, m), "what came before stays, what comes after is not tried")
	})
}

func TestAFileThatFailsLeavesNothingBehindOnSQLite(t *testing.T) {
	m := testkit.Start(t, database.Configs{testkit.Name: testkit.EmptySQLite(t)})
	require.Error(t, of(m, files("1_broken.sql", broken)).Up(t.Context()))
	assert.False(t, exists(t, m, "c"))
}

func TestAFileThatCannotBeParsedIsNamed(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		err := of(m, files("1_odd.sql", "CREATE TABLE a (id INTEGER);")).Up(t.Context())
		assert.ErrorContains(t, err, "1_odd.sql")
	})
}

func TestUpOfManyProcessesAtOnceEndsWellForAll(t *testing.T) {
	testkit.Shows(t, testkit.Migrate)
	slow := allOf() // enough for all to be at it
	slow["mysql/4_slow.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nDO SLEEP(0.1);\n" + third[len("-- +goose Up"):])}
	slow["oracle/4_slow.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n-- +goose StatementBegin\nBEGIN\n  DBMS_SESSION.SLEEP(0.1);\nEND;\n" +
		"-- +goose StatementEnd\n" + third[len("-- +goose Up"):])}
	slow["sqlite/4_slow.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n-- +goose NO TRANSACTION\nSELECT COUNT(*) FROM " +
		"(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i FROM n);\n" +
		third[len("-- +goose Up"):])}
	testkit.EachEmpty(t, func(t *testing.T, cfg database.Config) {
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				m, err := database.Open(database.Configs{testkit.Name: cfg}, testkit.Quiet())
				assert.NoError(t, err)
				assert.NoError(t, of(m, slow).Up(t.Context()))
				assert.NoError(t, m.Close(t.Context()))
			})
		}
		group.Wait()
		assert.Equal(t, []int{21}, values(t, testkit.Start(t, database.Configs{testkit.Name: cfg})))
	})
}

func TestUpLogsWhatItApplies(t *testing.T) {
	m := testkit.Start(t, database.Configs{testkit.Name: testkit.EmptySQLite(t)})
	var book strings.Builder
	require.NoError(t, migrate.New(m, allOf(), text(&book)).Up(t.Context()))
	assert.Contains(t, book.String(), `msg="migration applied" database=primary file=1_first.sql direction=up`)
	assert.Equal(t, 3, strings.Count(book.String(), "\n"))
}

func TestDownTakesBackTheLast(t *testing.T) {
	testkit.Shows(t, testkit.Migrate)
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		migrator := of(m, allOf())
		require.NoError(t, migrator.Up(t.Context()))
		require.NoError(t, migrator.Apply(t.Context(), migrate.Down()))
		assert.Equal(t, []int{1}, values(t, m))
		require.NoError(t, migrator.Apply(t.Context(), migrate.Down()))
		require.NoError(t, migrator.Apply(t.Context(), migrate.Down()))
		assert.False(t, exists(t, m, "a"))
		assert.NoError(t, migrator.Apply(t.Context(), migrate.Down()), "nothing is left to take back")
	})
}

func TestRedoTakesBackTheLastAndAppliesItAgain(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		require.NoError(t, of(m, allOf()).Up(t.Context()))
		edited := files("1_first.sql", first, "2_second.sql", second,
			"3_third.sql", strings.ReplaceAll(third, "id + 10", "id + 20"))
		require.NoError(t, of(m, edited).Apply(t.Context(), migrate.Redo()))
		assert.Equal(t, []int{21}, values(t, m))
	})
}

func TestRedoAppliesTheSameOneAgainAndNotOneThatIsPending(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		require.NoError(t, of(m, files("1_first.sql", first, "3_third.sql", third)).Up(t.Context()))
		require.NoError(t, of(m, allOf()).Apply(t.Context(), migrate.Redo()))
		assert.Equal(t, []int{11}, values(t, m))
		assert.False(t, exists(t, m, "b"))
	})
}

func TestRedoDoesNothingWhereNothingIsApplied(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		require.NoError(t, of(m, allOf()).Apply(t.Context(), migrate.Redo()))
		assert.False(t, exists(t, m, "a"))
	})
}

func TestOneDatabaseIsChosenByItsName(t *testing.T) {
	m := testkit.Start(t, nil)
	_, err := of(m, allOf()).Only("x")
	assert.ErrorIs(t, err, database.ErrNotConfigured)
}

func TestStatusTellsTheAppliedFromThePending(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		require.NoError(t, of(m, files("1_first.sql", first)).Up(t.Context()))
		status, err := of(m, allOf()).Status(t.Context())
		require.NoError(t, err)
		require.Len(t, status, 3)
		assert.WithinDuration(t, time.Now(), status[0].Applied, time.Minute)
		assert.False(t, status[0].Pending())
		assert.Equal(t, migrate.Status{Database: "primary", Version: 2, Name: "2_second.sql"}, status[1])
		assert.True(t, status[2].Pending())

		pending, err := of(m, allOf()).Pending(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 2, pending)
	})
}

func TestOneDatabaseUnderSeveralNamesIsMigratedOnce(t *testing.T) {
	testkit.EachEmpty(t, func(t *testing.T, cfg database.Config) {
		m := testkit.Start(t, database.Configs{testkit.Name: cfg, "alias": cfg})
		require.NoError(t, of(m, allOf()).Up(t.Context()))
		assert.Equal(t, []int{11}, values(t, m))
		status, err := of(m, allOf()).Status(t.Context())
		require.NoError(t, err)
		assert.Len(t, status, 3)
	})
}

func TestUpGoesOnToTheNextDatabaseWhenOneFails(t *testing.T) {
	bad, good := testkit.EmptySQLite(t), testkit.EmptySQLite(t)
	m := testkit.Start(t, database.Configs{"bad": bad, testkit.Name: good})
	db, err := m.DB("bad")
	require.NoError(t, err)
	require.NoError(t, db.Writer(t.Context()).Exec("CREATE TABLE a (id TEXT)").Error)
	require.ErrorContains(t, of(m, allOf()).Up(t.Context()), "database bad: 1_first.sql: statement 1")
	assert.Equal(t, []int{11}, values(t, m))
}

func TestAnEngineWithoutMigrationsHasNothingToDo(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		require.NoError(t, of(m, fstest.MapFS{}).Up(t.Context()))
		pending, err := of(m, fstest.MapFS{}).Pending(t.Context())
		require.NoError(t, err)
		assert.Zero(t, pending)
	})
}

func TestUpEndsWithItsContext(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, of(m, allOf()).Up(ctx), context.Canceled)
		_, err := of(m, allOf()).Status(ctx)
		assert.ErrorIs(t, err, context.Canceled)
	})
}

func TestTheProgramsMigrationsGoUpAndAllTheWayDown(t *testing.T) {
	testkit.Shows(t, testkit.Migrate)
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		migrator := migrate.New(m, migrations.Files, testkit.Quiet())
		require.NoError(t, migrator.Up(t.Context()))
		status, err := migrator.Status(t.Context())
		require.NoError(t, err)
		for range status {
			require.NoError(t, migrator.Apply(t.Context(), migrate.Down()))
		}
		pending, err := migrator.Pending(t.Context())
		require.NoError(t, err)
		assert.Equal(t, len(status), pending)
		require.NoError(t, migrator.Up(t.Context()), "and up again")
	})
}

func TestEveryEngineHasTheSameMigrations(t *testing.T) {
	names := map[string][]string{}
	for _, engine := range sqlfile.Transactional {
		entries, err := migrations.Files.ReadDir(engine)
		require.NoError(t, err)
		for _, entry := range entries {
			names[engine] = append(names[engine], entry.Name())
		}
	}
	assert.Equal(t, names["sqlite"], names["oracle"])
	assert.Equal(t, names["sqlite"], names["mysql"], "each change of the schema has a file in every folder")
}

func TestEnsureMigratesWhenItIsTo(t *testing.T) {
	m := testkit.Start(t, database.Configs{testkit.Name: testkit.EmptySQLite(t)})
	require.NoError(t, of(m, allOf()).Ensure(t.Context(), true))
	assert.Equal(t, []int{11}, values(t, m))
}

func TestEnsureRefusesToGoOnWithPendingMigrationsOtherwise(t *testing.T) {
	m := testkit.Start(t, database.Configs{testkit.Name: testkit.EmptySQLite(t)})
	require.ErrorContains(t, of(m, allOf()).Ensure(t.Context(), false), "3 migrations are pending: run server migrate up")
	require.NoError(t, of(m, allOf()).Up(t.Context()))
	assert.NoError(t, of(m, allOf()).Ensure(t.Context(), false))
}
