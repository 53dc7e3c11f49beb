package migrate_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/migrate"
	"github.com/trellis-go/trellis/test/testkit"
)

// versions is what is applied, by version.
func versions(t *testing.T, m *migrate.Migrator) []int64 {
	t.Helper()
	status, err := m.Status(t.Context())
	require.NoError(t, err)
	applied := []int64{}
	for _, one := range status {
		if !one.Pending() {
			applied = append(applied, one.Version)
		}
	}
	return applied
}

func to(t *testing.T, m *migrate.Migrator, version int64) {
	t.Helper()
	change, err := m.To(version)
	require.NoError(t, err)
	require.NoError(t, m.Apply(t.Context(), change))
}

func TestToGoesUpAndDownToAVersion(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		migrator := of(m, allOf())
		for _, step := range []struct {
			to   int64
			then []int64
		}{{2, []int64{1, 2}}, {3, []int64{1, 2, 3}}, {1, []int64{1}}, {1, []int64{1}}, {0, []int64{}}, {3, []int64{1, 2, 3}}} {
			to(t, migrator, step.to)
			assert.Equal(t, step.then, versions(t, migrator), "to %d", step.to)
		}
		assert.Equal(t, []int{11}, values(t, m))
	})
}

func TestToTakesBackWhatIsAboveHoweverItCameThere(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		require.NoError(t, of(m, files("1_first.sql", first, "3_third.sql", third)).Up(t.Context()))
		require.NoError(t, of(m, allOf()).Up(t.Context()), "2 comes last")
		to(t, of(m, allOf()), 2)
		assert.Equal(t, []int64{1, 2}, versions(t, of(m, allOf())))
		assert.Equal(t, []int{1}, values(t, m))
	})
}

func TestToAppliesWhatIsLateAndTakesBackWhatIsAboveInOneGo(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		require.NoError(t, of(m, files("1_first.sql", first, "3_third.sql", third)).Up(t.Context()))
		to(t, of(m, allOf()), 2)
		assert.Equal(t, []int64{1, 2}, versions(t, of(m, allOf())))
	})
}

func TestToRefusesAVersionThatNoFileHas(t *testing.T) {
	m := testkit.Start(t, database.Configs{testkit.Name: testkit.EmptySQLite(t)})
	_, err := of(m, allOf()).To(4)
	assert.ErrorContains(t, err, "no migration has the version 4")
}

func TestWhatIsPendingBelowAnAppliedVersionIsLate(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		require.NoError(t, of(m, files("2_second.sql", second)).Up(t.Context()))
		status, err := of(m, allOf()).Status(t.Context())
		require.NoError(t, err)
		require.Len(t, status, 3)
		assert.Equal(t, []bool{true, false, false}, []bool{status[0].Late, status[1].Late, status[2].Late})
	})
}

func TestStatusListsWhatIsAppliedAndHasNoFile(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		require.NoError(t, of(m, allOf()).Up(t.Context()))
		older := of(m, files("1_first.sql", first, "2_second.sql", second))
		status, err := older.Status(t.Context())
		require.NoError(t, err)
		require.Len(t, status, 3)
		assert.EqualValues(t, 3, status[2].Version)
		assert.Empty(t, status[2].Name)
		assert.False(t, status[2].Pending())

		require.Error(t, older.Apply(t.Context(), migrate.Down()), "how it is taken back is not known")
		_, err = older.Preview(t.Context(), migrate.Down())
		assert.ErrorContains(t, err, "the version 3 is applied, and there is no file of it")
	})
}

func TestReadingChangesNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		_, err := of(m, allOf()).Status(t.Context())
		require.NoError(t, err)
		_, err = of(m, allOf()).Pending(t.Context())
		require.NoError(t, err)
		_, err = of(m, allOf()).Preview(t.Context(), migrate.Up())
		require.NoError(t, err)
		db, err := m.DB(testkit.Name)
		require.NoError(t, err)
		tables, err := db.Reader(t.Context()).Migrator().GetTables()
		require.NoError(t, err)
		assert.Empty(t, tables)
	})
}

func TestAPreviewIsWhatWouldRun(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		require.NoError(t, of(m, files("1_first.sql", first)).Up(t.Context()))
		steps, err := of(m, allOf()).Preview(t.Context(), migrate.Up())
		require.NoError(t, err)
		require.Len(t, steps, 2)
		assert.Equal(t, "2_second.sql", steps[0].Name)
		assert.Equal(t, testkit.Name, steps[0].Database)
		assert.True(t, steps[0].Up)
		assert.True(t, steps[0].Transaction)
		assert.Equal(t, "CREATE TABLE b (id INTEGER PRIMARY KEY);", steps[0].Statements[0].SQL)
		assert.Equal(t, "UPDATE a SET id = id + 10;", steps[1].Statements[0].SQL)

		steps, err = of(m, allOf()).Preview(t.Context(), migrate.Redo())
		require.NoError(t, err)
		require.Len(t, steps, 2)
		assert.Equal(t, "DROP TABLE a;", steps[0].Statements[0].SQL)
		assert.Equal(t, "1_first.sql", steps[1].Name)
	})
}

func TestOneDatabaseOfSeveralIsMigrated(t *testing.T) {
	m := testkit.Start(t, database.Configs{testkit.Name: testkit.EmptySQLite(t), "other": testkit.EmptySQLite(t)})
	other, err := of(m, allOf()).Only("other")
	require.NoError(t, err)
	require.NoError(t, other.Up(t.Context()))
	assert.False(t, exists(t, m, "a"))
	assert.Len(t, versions(t, of(m, allOf())), 3)
	all, err := of(m, allOf()).Only("")
	require.NoError(t, err)
	require.NoError(t, all.Up(t.Context()))
	assert.Len(t, versions(t, of(m, allOf())), 6)
}

func TestWhatIsTakenBackIsOfOneDatabase(t *testing.T) {
	m := testkit.Start(t, database.Configs{testkit.Name: testkit.EmptySQLite(t), "other": testkit.EmptySQLite(t)})
	migrator := of(m, allOf())
	other, err := migrator.Only("other")
	require.NoError(t, err)
	allowed := func(change migrate.Change) {
		t.Helper()
		require.NoError(t, migrator.OfOne(t.Context(), change))
	}
	refused := func(change migrate.Change) {
		t.Helper()
		err := migrator.OfOne(t.Context(), change)
		require.ErrorIs(t, err, migrate.ErrSeveral)
		require.ErrorContains(t, err, ": other, primary")
		require.NoError(t, other.OfOne(t.Context(), change), "it was chosen")
	}
	second, err := migrator.To(2)
	require.NoError(t, err)

	allowed(migrate.Down())
	require.NoError(t, other.Up(t.Context()))
	allowed(migrate.Down())
	allowed(migrate.Redo())
	allowed(migrate.Up())
	refused(second) // which would go up at the one and down at the other
	to(t, migrator, 3)
	refused(migrate.Down())
	refused(migrate.Redo())
	refused(second)
	to(t, other, 2)
	allowed(second)
	allowed(migrate.Up())
}
