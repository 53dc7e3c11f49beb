package database_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/test/testkit"
)

// walk reads a whole list page by page, and calls between after each page.
func walk(t *testing.T, db *database.DB, keyset database.Keyset, valueOf func(item) any, between func()) []string {
	t.Helper()
	var seen []string
	for {
		var rows []item
		require.NoError(t, db.Reader(t.Context()).Scopes(keyset.Scope).Find(&rows).Error)
		more := len(rows) > keyset.Limit
		page := rows[:min(len(rows), keyset.Limit)]
		for _, row := range page {
			seen = append(seen, row.ID)
		}
		if !more {
			return seen
		}
		require.Len(t, page, keyset.Limit)
		last := page[len(page)-1]
		keyset.Value, keyset.ID = valueOf(last), last.ID
		between()
	}
}

func insert(t *testing.T, db *database.DB, rows ...item) {
	t.Helper()
	require.NoError(t, db.Writer(t.Context()).Create(&rows).Error)
}

// fill inserts rows with many ties in score and at, and gives their ids in order.
func fill(t *testing.T, db *database.DB) []string {
	t.Helper()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var rows []item
	var inOrder []string
	for score := range 5 {
		for n := range 5 {
			id := fmt.Sprintf("%d-%d", score, n)
			inOrder = append(inOrder, id)
			rows = append(rows, item{ID: id, Score: score, At: start.Add(time.Duration(score) * time.Millisecond)})
		}
	}
	slices.Reverse(rows) // the order of insertion must not matter
	insert(t, db, rows...)
	return inOrder
}

var orders = map[string]func(item) any{
	"score": func(row item) any { return row.Score },
	"at":    func(row item) any { return row.At },
	"id":    func(row item) any { return row.ID },
	"":      func(item) any { return nil },
}

func TestPagesVisitEachRowOnceInOrder(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		ascending := fill(t, db)
		descending := slices.Clone(ascending)
		slices.Reverse(descending)
		for column, valueOf := range orders {
			for _, limit := range []int{1, 2, 3, 7, 24, 25, 26} {
				for desc, want := range map[bool][]string{false: ascending, true: descending} {
					got := walk(t, db, database.Keyset{Column: column, Desc: desc, Limit: limit}, valueOf, func() {})
					assert.Equal(t, want, got, "%q desc=%t limit=%d", column, desc, limit)
				}
			}
		}
	})
}

func TestPagesVisitEachRowOnceWhileOthersAreInserted(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		old := fill(t, db)
		for desc := range map[bool]bool{false: true, true: true} {
			n := 0
			got := walk(t, db, database.Keyset{Column: "score", Desc: desc, Limit: 3}, orders["score"], func() {
				n++ // at both ends, and among the ties
				for _, score := range []int{-1, 2, 9} {
					insert(t, db, item{ID: fmt.Sprintf("%d-new-%t-%d", score, desc, n), Score: score, At: time.Now()})
				}
			})
			sorted := slices.Sorted(slices.Values(got))
			assert.Len(t, slices.Compact(sorted), len(got), "no row twice")
			assert.Subset(t, got, old, "no row missed")
		}
	})
}

func TestAKeysetAddsToTheConditionsOfItsQuery(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		fill(t, db)
		keyset := database.Keyset{Column: "score", Value: 1, ID: "1-3", Limit: 10}
		var found []string
		err := db.Reader(t.Context()).Model(&item{}).Where("score < ?", 3).Or("score = ?", 4).Scopes(keyset.Scope).
			Pluck("items.id", &found).Error
		require.NoError(t, err)
		assert.Equal(t, []string{"1-4", "2-0", "2-1", "2-2", "2-3", "2-4", "4-0", "4-1", "4-2", "4-3", "4-4"}, found)
	})
}

func TestAPageIsFoundThroughTheIndex(t *testing.T) {
	db := primary(t, testkit.Migrated(t, tables()))
	require.NoError(t, db.Writer(t.Context()).Exec("CREATE INDEX by_score ON items (score, id)").Error)
	keyset := database.Keyset{Column: "score", Desc: true, Value: 1, ID: "1-3", Limit: 10}
	statement := db.Reader(t.Context()).ToSQL(func(tx *gorm.DB) *gorm.DB {
		return tx.Scopes(keyset.Scope).Find(&[]item{})
	})
	var plan []struct{ Detail string }
	require.NoError(t, db.Reader(t.Context()).Raw("EXPLAIN QUERY PLAN "+statement).Scan(&plan).Error)
	require.Len(t, plan, 1, "no sorting")
	assert.Contains(t, plan[0].Detail, "SEARCH items USING INDEX by_score (score<?)")
}

func TestAKeysetRefusesWhatIsNoColumnAndWhatHasNoLimit(t *testing.T) {
	db := primary(t, testkit.Migrated(t, tables()))
	for _, keyset := range []database.Keyset{
		{Column: "score; DROP TABLE items", Limit: 1},
		{Column: "score"},
		{Column: "score", Limit: -1},
	} {
		err := db.Reader(t.Context()).Scopes(keyset.Scope).Find(&[]item{}).Error
		assert.ErrorContains(t, err, "keyset: ")
	}
}

func TestAKeysetRefusesAValueThatItsColumnDoesNotHold(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		fill(t, db)
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for _, c := range []struct {
			column string
			value  any
			fits   bool
		}{
			{"score", "x", false}, {"score", "1", false}, {"score", at, false}, {"score", int64(1), true}, {"score", 1, true},
			{"at", "x", false}, {"at", int64(1), false}, {"at", at, true},
			{"id", nil, true}, {"", nil, true},
		} {
			err := db.Reader(t.Context()).Scopes(database.Keyset{Column: c.column, Value: c.value, ID: "1-3", Limit: 1}.Scope).
				Find(&[]item{}).Error
			if c.fits {
				assert.NoError(t, err, "%+v", c)
			} else {
				assert.ErrorIs(t, err, problem.InvalidCursor, "%+v", c)
			}
		}
	})
}

func TestAKeysetTakesAnyValueForRowsWithoutAModel(t *testing.T) {
	db := primary(t, testkit.Migrated(t, tables()))
	fill(t, db)
	var rows []map[string]any
	keyset := database.Keyset{Column: "score", Value: "1", ID: "1-3", Limit: 1}
	require.NoError(t, db.Reader(t.Context()).Table("items").Scopes(keyset.Scope).Find(&rows).Error)
	assert.Len(t, rows, 2)
}
