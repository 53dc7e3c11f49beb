package autogen_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/migrate"
	"github.com/trellis-go/trellis/platform/migrate/autogen"
	"github.com/trellis-go/trellis/platform/migrate/lint"
	"github.com/trellis-go/trellis/test/testkit"
)

// rebuilding is a history in which the third file rebuilds shop_orders, to which a row of another table refers.
func rebuilding(t *testing.T, memo string, after any) fstest.MapFS {
	t.Helper()
	h := newHistory(autogen.SQLite())
	h.add("1_before.sql", compare(t, h.engine, h, &Order{}).File())
	h.add("2_rows.sql", "-- +goose Up\nINSERT INTO shop_orders (id, note, amount, at, memo) VALUES ('1', 'n', 3, '2026-01-01', "+memo+");\n"+
		"CREATE TABLE other_lines (order_id TEXT NOT NULL REFERENCES shop_orders (id) ON DELETE CASCADE);\n"+
		"INSERT INTO other_lines VALUES ('1');\n")
	difference := compare(t, h.engine, h, after)
	require.True(t, difference.Rebuilds)
	h.add("3_after.sql", difference.File())
	return h.MapFS
}

func count(t *testing.T, m *database.Manager, from string) (n int64) {
	t.Helper()
	db, err := m.DB(testkit.Name)
	require.NoError(t, err)
	require.NoError(t, db.Reader(t.Context()).Table(from).Count(&n).Error)
	return n
}

func TestARebuildKeepsTheRowsAndThoseThatReferToThem(t *testing.T) {
	m := testkit.Start(t, database.Configs{testkit.Name: testkit.EmptySQLite(t)})
	migrator := migrate.New(m, rebuilding(t, "'m'", &OrderWithoutColumn{}), testkit.Quiet())
	require.NoError(t, migrator.Up(t.Context()))
	assert.EqualValues(t, 1, count(t, m, "shop_orders WHERE amount = 3 AND memo = 'm'"))
	assert.EqualValues(t, 1, count(t, m, "other_lines"))
	require.NoError(t, migrator.Apply(t.Context(), migrate.Down()))
	assert.EqualValues(t, 1, count(t, m, "shop_orders WHERE note = '' AND amount = 3"))
	assert.EqualValues(t, 1, count(t, m, "other_lines"))
}

func TestARebuildThatFailsLeavesNothingBehind(t *testing.T) {
	m := testkit.Start(t, database.Configs{testkit.Name: testkit.EmptySQLite(t)})
	migrator := migrate.New(m, rebuilding(t, "NULL", &orderWithOtherNulls{}), testkit.Quiet())
	require.ErrorContains(t, migrator.Up(t.Context()), "3_after.sql: statement 4 (INSERT INTO `new_shop_orders`")
	assert.EqualValues(t, 1, count(t, m, "shop_orders WHERE memo IS NULL"))
	assert.EqualValues(t, 0, count(t, m, "sqlite_master WHERE name = 'new_shop_orders'"))
	pending, err := migrator.Pending(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, pending)
}

func TestWhatDiffWritesIsLintedForWhatItDestroys(t *testing.T) {
	harmless := []string{"a new table", "a new table that refers to an old one", "a new column", "a new index", "a dropped index"}
	rules := map[string][]string{"a dropped table": {lint.Destructive}, "a dropped column": {lint.Destructive}, "another type": {lint.Destructive}}
	for _, name := range harmless {
		rules[name] = nil
	}
	for name, want := range rules {
		eachEngine(t, func(t *testing.T, engine autogen.Engine) {
			t.Run(name, func(t *testing.T) {
				h := newHistory(engine)
				h.add("1_before.sql", compare(t, engine, h, changes[name].before...).File())
				h.add("2_after.sql", compare(t, engine, h, changes[name].after...).File())
				found, err := lint.Check(h.MapFS, []string{engine.Name()})
				require.NoError(t, err)
				var broken []string
				for _, one := range found {
					if one.Rule != lint.OneDDL && (one.Rule != lint.Locking || name != "another type") { // it copies, and MySQL waits
						broken = append(broken, one.Rule)
					}
				}
				assert.Equal(t, want, broken, "%v", found)
			})
		})
	}
}
