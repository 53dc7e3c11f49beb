package autogen_test

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/migrate/autogen"
	"github.com/trellis-go/trellis/platform/migrate/script"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// eachEngine runs a specification on every engine that there is a server for.
func eachEngine(t *testing.T, run func(t *testing.T, engine autogen.Engine)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, autogen.SQLite()) })
	t.Run("mysql", func(t *testing.T) {
		testkit.MySQLServer(t)
		engine, err := autogen.MySQL(config.DSN(os.Getenv(testkit.MySQLVariable)))
		require.NoError(t, err)
		run(t, engine)
	})
	t.Run("oracle", func(t *testing.T) { run(t, autogen.Oracle()) })
}

// shop is a module with these models.
func shop(models ...any) []module.Module { return []module.Module{{Name: "shop", Models: models}} }

func compare(t *testing.T, engine autogen.Engine, files fs.FS, models ...any) *autogen.Difference {
	t.Helper()
	difference, err := engine.Compare(t.Context(), files, shop(models...))
	require.NoError(t, err)
	return difference
}

// history is migrations as diff and people write them, one after the other.
type history struct {
	fstest.MapFS
	engine autogen.Engine
}

func newHistory(engine autogen.Engine) history { return history{fstest.MapFS{}, engine} }

func (h history) add(name, text string) {
	h.MapFS[h.engine.Name()+"/"+name] = &fstest.MapFile{Data: []byte(text)}
}

// back is a migration that does what another one has below Down.
func back(t *testing.T, text string) string {
	t.Helper()
	read, err := script.Parse(text)
	require.NoError(t, err)
	lines := []string{"-- +goose Up"}
	if !read.Transaction {
		lines = append(lines, "-- +goose NO TRANSACTION")
	}
	for _, statement := range read.Down {
		lines = append(lines, statement.SQL)
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestWhatDiffWritesMakesTheModelsAndGoesBack(t *testing.T) {
	for name, change := range changes {
		eachEngine(t, func(t *testing.T, engine autogen.Engine) {
			t.Run(name, func(t *testing.T) {
				h := newHistory(engine)
				first := compare(t, engine, h, change.before...)
				h.add("1_before.sql", first.File())
				require.Empty(t, compare(t, engine, h, change.before...).Up, "the start")
				if change.rows != "" {
					h.add("2_rows.sql", "-- +goose Up\n"+change.rows+"\n")
				}

				difference := compare(t, engine, h, change.after...)
				if engine.Name() == "oracle" {
					golden(t, name, difference.File())
				} else {
					assert.Regexp(t, change.up, strings.Join(difference.Up, "\n"))
				}
				assert.Equal(t, change.destructive, difference.Destructive)
				text := difference.File()
				h.add("3_after.sql", text)
				again := compare(t, engine, h, change.after...)
				require.Empty(t, again.Up, "after\n%s", text)
				require.Empty(t, again.Down)

				h.add("4_back.sql", back(t, text))
				require.Empty(t, compare(t, engine, h, change.before...).Up, "back by\n%s", text)
			})
		})
	}
}

func TestAnEmptyDifferenceIsNoStatement(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine autogen.Engine) {
		difference := compare(t, engine, fstest.MapFS{})
		assert.True(t, difference.Empty())
		assert.Equal(t, "-- +goose Up\n\n-- +goose Down\n", difference.File())
	})
}

func TestTablesOfNoModuleAreLeftAlone(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine autogen.Engine) {
		h := newHistory(engine)
		h.add("1_other.sql", "-- +goose Up\nCREATE TABLE outbox_events (id INTEGER PRIMARY KEY);\n")
		assert.Empty(t, compare(t, engine, h).Up)
		h.add("2_ours.sql", "-- +goose Up\nCREATE TABLE shop_orders (id INTEGER PRIMARY KEY);\n")
		assert.Len(t, compare(t, engine, h).Up, 1)
	})
}

func TestWhatLooksLikeANewNameIsWarnedAbout(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine autogen.Engine) {
		h := newHistory(engine)
		h.add("1_before.sql", compare(t, engine, h, &Order{}).File())
		text := compare(t, engine, h, &orderRenamed{}).File()
		assert.Contains(t, text, "-- warning: a column of shop_orders goes and another comes: if it only has a new name")
		assert.Contains(t, text, "-- destructive: the column shop_orders.note is dropped\n")
		assert.Contains(t, compare(t, engine, h, &customer{}).File(), "-- warning: a table goes and another comes: if it only has a new name")
	})
}

func TestAMigrationThatFailsIsNamed(t *testing.T) {
	eachEngine(t, func(t *testing.T, engine autogen.Engine) {
		h := newHistory(engine)
		h.add("1_broken.sql", "-- +goose Up\nDROP TABLE nothing;\n")
		_, err := engine.Compare(t.Context(), h, shop())
		require.ErrorContains(t, err, "comparing models and migrations on "+engine.Name()+": migrating: ")
		assert.ErrorContains(t, err, "1_broken.sql: statement 1")
	})
}

func TestNoScratchDatabaseStaysBehind(t *testing.T) {
	server := testkit.MySQLServer(t)
	engine, err := autogen.MySQL(config.DSN(os.Getenv(testkit.MySQLVariable)))
	require.NoError(t, err)
	h := newHistory(engine)
	h.add("1_broken.sql", "-- +goose Up\nDROP TABLE nothing;\n")
	count := func() (n int) {
		require.NoError(t, server.QueryRowContext(t.Context(),
			"SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE ?",
			fmt.Sprintf(`trellis\_schema\_%d\_%%`, os.Getpid())).Scan(&n))
		return n
	}
	_, err = engine.Compare(t.Context(), h, shop())
	require.Error(t, err)
	assert.Zero(t, count(), "those of this process")
}

func TestADSNThatCannotBeReadIsNotShown(t *testing.T) {
	_, err := autogen.MySQL("root:hunter2@")
	require.ErrorContains(t, err, "user:password@tcp(host:port)/")
	assert.NotContains(t, err.Error(), "hunter2")
}

func TestAServerThatIsNotThereIsAnError(t *testing.T) {
	engine, err := autogen.MySQL("root@tcp(127.0.0.1:1)/")
	require.NoError(t, err)
	_, err = engine.Compare(t.Context(), fstest.MapFS{}, shop())
	assert.ErrorContains(t, err, "creating a scratch database")
}
