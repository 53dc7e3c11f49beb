package database_test

import (
	"database/sql/driver"
	"strings"
	"testing"
	"time"

	ora "github.com/sijms/go-ora/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

// part is a row with something of every kind.
type part struct {
	ID    string    `gorm:"size:36;primaryKey"`
	Code  string    `gorm:"size:20;not null;uniqueIndex:parts_code"`
	Size  int64     `gorm:"not null"`
	Fine  bool      `gorm:"not null"`
	Note  string    `gorm:"type:text;not null"`
	Since time.Time `gorm:"precision:6;not null"`
}

func (part) TableName() string { return "parts" }

var since = time.Date(2026, time.November, 24, 13, 0, 0, 123456789, time.FixedZone("CET", 3600))

// onOracle runs fn on a recorded database and gives what was sent after the connection was set up.
func onOracle(t *testing.T, reply func(testkit.Statement) testkit.Reply, fn func(db *database.DB)) []testkit.Statement {
	t.Helper()
	m, recorder := testkit.RecordOracle(t, reply)
	db, err := m.DB(testkit.Name)
	require.NoError(t, err)
	fn(db)
	return recorder.Sent()[1:]
}

func texts(sent []testkit.Statement) []string {
	var all []string
	for _, statement := range sent {
		all = append(all, statement.SQL)
	}
	return all
}

func TestOnOracleOneRowIsAnInsertAndSeveralAreAnInsertAll(t *testing.T) {
	sent := onOracle(t, nil, func(db *database.DB) {
		require.NoError(t, db.Writer(t.Context()).Create(&part{ID: "1", Since: since}).Error)
		require.NoError(t, db.Writer(t.Context()).Create(&[]part{{ID: "1"}, {ID: "2"}}).Error)
	})
	require.Len(t, sent, 2)
	assert.Equal(t, `INSERT INTO parts (id,code,"SIZE",fine,note,since) VALUES (:1,:2,:3,:4,:5,:6)`, sent[0].SQL)
	assert.Equal(t, `INSERT ALL INTO parts (id,code,"SIZE",fine,note,since) VALUES (:1,:2,:3,:4,:5,:6)`+
		` INTO parts (id,code,"SIZE",fine,note,since) VALUES (:7,:8,:9,:10,:11,:12) SELECT 1 FROM DUAL`, sent[1].SQL)
}

func TestOnOracleValuesAreSentAsItsColumnsHaveThem(t *testing.T) {
	long := strings.Repeat("é", 2001)
	sent := onOracle(t, nil, func(db *database.DB) {
		require.NoError(t, db.Writer(t.Context()).Create(&part{ID: "1", Fine: true, Note: long, Since: since}).Error)
	})
	at := ora.TimeStamp(time.Date(2026, time.November, 24, 12, 0, 0, 123456000, time.UTC))
	assert.Equal(t, []any{"1", "\x00", int64(0), int64(1), ora.Clob{String: long, Valid: true}, at}, sent[0].Args,
		"the empty text is none, a boolean a number, a long text a CLOB, a time without a zone, in UTC")
}

func TestOnOracleWhatIsReadIsAsOnEveryEngine(t *testing.T) {
	row := []driver.Value{"1", "\x00", "7", int64(1), "note", since.UTC()}
	onOracle(t, func(testkit.Statement) testkit.Reply {
		return testkit.Reply{Columns: []string{"ID", "CODE", "SIZE", "FINE", "NOTE", "SINCE"}, Rows: [][]driver.Value{row}}
	}, func(db *database.DB) {
		var found part
		require.NoError(t, db.Reader(t.Context()).Take(&found).Error)
		assert.Equal(t, part{ID: "1", Size: 7, Fine: true, Note: "note", Since: since.UTC()}, found)
	})
}

func TestOnOracleALimitTakesNoOrder(t *testing.T) {
	sent := onOracle(t, nil, func(db *database.DB) {
		var count int64
		reader := db.Reader(t.Context())
		require.NoError(t, reader.Model(&part{}).Where("fine = ?", true).Limit(1).Count(&count).Error)
		require.NoError(t, reader.Order("code").Limit(2).Offset(3).Find(&[]part{}).Error)
	})
	assert.Equal(t, []string{
		"SELECT count(*) FROM parts WHERE fine = :1 FETCH NEXT :2 ROWS ONLY",
		"SELECT * FROM parts ORDER BY code OFFSET :1 ROWS FETCH NEXT :2 ROWS ONLY",
	}, texts(sent))
}

func TestOnOracleALimitedQueryCanLock(t *testing.T) {
	sent := onOracle(t, nil, func(db *database.DB) {
		writer := func() *gorm.DB { return db.Writer(t.Context()).Limit(5) }
		require.NoError(t, writer().Scopes(database.ForUpdate).Where("code = ?", "a").Or("code = ?", "b").Find(&[]part{}).Error)
		require.NoError(t, writer().Scopes(database.ForUpdateSkipLocked).Where("fine = ?", true).Order("since").Find(&[]part{}).Error)
	})
	assert.Equal(t, []string{
		"SELECT * FROM parts WHERE (code = :1 OR code = :2) AND ROWNUM <= :3 FOR UPDATE WAIT 10",
		"SELECT * FROM parts WHERE ROWID IN (SELECT ROWID FROM parts WHERE fine = :1 ORDER BY since FETCH NEXT :2 ROWS ONLY) ORDER BY since FOR UPDATE SKIP LOCKED",
	}, texts(sent))
}

func TestOnOracleAConflictIsOneOfEveryUniqueKey(t *testing.T) {
	sent := onOracle(t, nil, func(db *database.DB) {
		writer := db.Writer(t.Context())
		require.NoError(t, writer.Clauses(clause.OnConflict{DoNothing: true}).Create(&part{ID: "1"}).Error)
		require.NoError(t, writer.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "code"}}, DoUpdates: clause.AssignmentColumns([]string{"code", "note"}),
		}).Create(&part{ID: "1"}).Error)
	})
	const row = `MERGE INTO parts USING (SELECT :1 AS id,:2 AS code,:3 AS "SIZE",:4 AS fine,:5 AS note,:6 AS since FROM DUAL) excluded ON (`
	const insert = ` WHEN NOT MATCHED THEN INSERT (id,code,"SIZE",fine,note,since) VALUES (excluded.id,excluded.code,excluded."SIZE",excluded.fine,excluded.note,excluded.since)`
	assert.Equal(t, []string{
		row + "parts.id = excluded.id OR parts.code = excluded.code)" + insert,
		row + "parts.code = excluded.code) WHEN MATCHED THEN UPDATE SET parts.note = excluded.note" + insert,
	}, texts(sent))
}
