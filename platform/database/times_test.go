package database_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

var ahead = time.FixedZone("ahead", 5*60*60+30*60)

func TestATimeComesBackInUTCToTheMicrosecond(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		written := time.Date(2026, 7, 1, 3, 4, 5, 123_456_789, ahead)
		require.NoError(t, db.Writer(t.Context()).Create(&item{ID: "a", At: written}).Error)
		var read item
		require.NoError(t, db.Reader(t.Context()).Take(&read).Error)
		assert.Equal(t, time.Date(2026, 6, 30, 21, 34, 5, 123_456_000, time.UTC), read.At)
	})
}

func TestTimesAreOrderedAndComparedWhateverTheirZoneAndFraction(t *testing.T) {
	second := time.Date(2026, 6, 30, 21, 34, 5, 0, time.UTC)
	inOrder := []time.Time{
		second.Add(-time.Nanosecond), // the microsecond before
		second,
		second.Add(time.Microsecond).In(ahead),
		second.Add(100 * time.Microsecond),
		second.Add(500 * time.Millisecond).In(ahead),
		second.Add(550 * time.Millisecond),
		second.Add(time.Second).In(ahead),
		second.Add(24 * time.Hour),
	}
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	eachEngine(t, func(t *testing.T, db *database.DB) {
		for i, at := range inOrder {
			require.NoError(t, db.Writer(t.Context()).Create(&item{ID: names[i], At: at}).Error)
		}
		var found []string
		require.NoError(t, db.Reader(t.Context()).Model(&item{}).Order("at").Pluck("id", &found).Error)
		assert.Equal(t, names, found)
		for i, at := range inOrder {
			require.NoError(t, db.Reader(t.Context()).Model(&item{}).Where("at < ?", at).Order("id").
				Pluck("id", &found).Error)
			assert.Equal(t, names[:i], found, "before %s", at)
		}
	})
}

func TestBothSQLiteDriversWriteTheSameText(t *testing.T) {
	db := primary(t, testkit.Migrated(t, tables()))
	at := time.Date(2026, 7, 1, 3, 4, 5, 120_000_000, ahead)
	require.NoError(t, db.Writer(t.Context()).Create(&item{ID: "a", At: at}).Error)
	var text string
	require.NoError(t, db.Reader(t.Context()).Raw("SELECT CAST(at AS TEXT) FROM items").Scan(&text).Error)
	assert.Equal(t, "2026-06-30 21:34:05.12+00:00", text)
}

func TestTheClockOfGormIsInUTCToTheMicrosecond(t *testing.T) {
	eachEngine(t, func(t *testing.T, db *database.DB) {
		now := db.Writer(t.Context()).NowFunc()
		assert.Equal(t, now.UTC().Truncate(time.Microsecond), now)
	})
}
