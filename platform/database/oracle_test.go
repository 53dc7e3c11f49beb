package database_test

import (
	"context"
	"database/sql"
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
		byName := map[string]any{}
		require.NoError(t, db.Reader(t.Context()).Table("parts").Take(&byName).Error)
		assert.Equal(t, "note", byName["note"])
		assert.Empty(t, byName["code"])
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

func TestOnOracleManyRowsAreSeveralStatementsAndAllOrNone(t *testing.T) {
	parts := make([]part, 400) // of six columns: 166 a statement
	fails := func(statement testkit.Statement) testkit.Reply {
		if len(statement.Args) == 68*6 {
			return testkit.Reply{Err: testkit.OracleError(1400, "ORA-01400: cannot insert NULL")}
		}
		return testkit.Reply{Affected: int64(len(statement.Args) / 6)}
	}
	verbs := func(sent []testkit.Statement) []string {
		var all []string
		for _, statement := range sent {
			all = append(all, strings.Join(strings.Fields(statement.SQL)[:min(2, len(strings.Fields(statement.SQL)))], " "))
		}
		return all
	}
	sent := onOracle(t, fails, func(db *database.DB) { require.Error(t, db.Writer(t.Context()).Create(&parts).Error) })
	assert.Equal(t, []string{"INSERT ALL", "INSERT ALL", "INSERT ALL", "ROLLBACK"}, verbs(sent))
	sent = onOracle(t, fails, func(db *database.DB) {
		require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
			require.Error(t, db.Writer(ctx).Create(&parts).Error)
			return nil // a statement that fails ends no transaction
		}))
	})
	assert.Equal(t, []string{"SAVEPOINT trellis_create", "INSERT ALL", "INSERT ALL", "INSERT ALL", "ROLLBACK TO", "COMMIT"}, verbs(sent))
	sent = onOracle(t, nil, func(db *database.DB) { require.NoError(t, db.Writer(t.Context()).Create(&parts).Error) })
	assert.Equal(t, []string{"INSERT ALL", "INSERT ALL", "INSERT ALL", "COMMIT"}, verbs(sent))
}

// ticket gets its number from the database.
type ticket struct {
	Seq  int64  `gorm:"primaryKey;autoIncrement"`
	Name string `gorm:"size:20;not null"`
}

func TestOnOracleRowsThatAreNumberedAreInsertedOneByOne(t *testing.T) {
	sent := onOracle(t, nil, func(db *database.DB) {
		require.NoError(t, db.Writer(t.Context()).Create(&[]ticket{{Name: "a"}, {Name: "b"}}).Error)
	})
	const insert = "INSERT INTO tickets (name) VALUES (:1)"
	assert.Equal(t, []string{insert, insert, "COMMIT"}, texts(sent))
}

func TestOnOracleAListOfMoreThanAThousandIsSeveral(t *testing.T) {
	ids := make([]string, 2001)
	sent := onOracle(t, nil, func(db *database.DB) {
		require.NoError(t, db.Reader(t.Context()).Where("id NOT IN ? AND fine = ?", ids, true).Find(&[]part{}).Error)
		require.NoError(t, db.Writer(t.Context()).Where("parts.id IN ?", ids).Delete(&part{}).Error)
		require.NoError(t, db.Reader(t.Context()).Where("id IN ?", ids[:1000]).Find(&[]part{}).Error)
		require.ErrorContains(t, db.Reader(t.Context()).Where("id IN ?", make([]string, 65536)).Find(&[]part{}).Error, "65536 values")
	})
	require.Len(t, sent, 3, "what is too long is not sent")
	assert.Regexp(t, `^SELECT \* FROM parts WHERE \(id NOT IN \(:1,[^)]*,:1000\) AND id NOT IN \(:1001,[^)]*,:2000\) AND id NOT IN \(:2001\)\) AND fine = :2002$`, sent[0].SQL)
	assert.Regexp(t, `^DELETE FROM parts WHERE \(parts\.id IN \(:1,[^)]*,:1000\) OR parts\.id IN \(:1001,[^)]*,:2000\) OR parts\.id IN \(:2001\)\)$`, sent[1].SQL)
	assert.Regexp(t, `^SELECT \* FROM parts WHERE id IN \(:1,[^)]*,:1000\)$`, sent[2].SQL)
}

func TestOnOracleASemicolonEndsOnlyABlock(t *testing.T) {
	const block = "-- a comment\nBEGIN\n  DELETE FROM parts;\nEND;"
	sent := onOracle(t, nil, func(db *database.DB) {
		require.NoError(t, db.Writer(t.Context()).Exec("DELETE FROM parts; \n").Error)
		require.NoError(t, db.Writer(t.Context()).Exec(block).Error)
	})
	assert.Equal(t, []string{"DELETE FROM parts", block}, texts(sent))
}

func TestOnOracleAWordThatIsReservedIsQuoted(t *testing.T) {
	sent := onOracle(t, nil, func(db *database.DB) {
		require.NoError(t, db.Writer(t.Context()).Model(&part{}).Where(map[string]any{"size": 1}).Update("size", 2).Error)
	})
	assert.Equal(t, []string{`UPDATE parts SET "SIZE"=:1 WHERE parts."SIZE" = :2`}, texts(sent))
}

func TestOnOracleExclusiveLocksATableOfItsOwn(t *testing.T) {
	missing := true
	sent := onOracle(t, func(statement testkit.Statement) testkit.Reply {
		if missing && strings.HasPrefix(statement.SQL, "LOCK TABLE") {
			missing = false
			return testkit.Reply{Err: testkit.OracleError(942, "ORA-00942: table or view does not exist")}
		}
		return testkit.Reply{}
	}, func(db *database.DB) {
		require.NoError(t, db.Exclusive(t.Context(), func(ctx context.Context, pool *sql.DB) error {
			_, err := pool.ExecContext(ctx, "DROP TABLE parts")
			return err
		}))
	})
	const lock = "LOCK TABLE trellis_lock IN EXCLUSIVE MODE WAIT 1"
	var own []string
	for _, text := range texts(sent) {
		if !strings.HasPrefix(text, "ALTER SESSION") {
			own = append(own, text)
		}
	}
	assert.Equal(t, []string{lock, "CREATE TABLE trellis_lock (nothing NUMBER(1))", lock, "DROP TABLE parts", "ROLLBACK"}, own)
}

func TestOnOracleExclusiveWaitsUntilItsContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	onOracle(t, func(testkit.Statement) testkit.Reply {
		cancel()
		return testkit.Reply{Err: testkit.OracleError(54, "ORA-00054: resource busy and acquire with NOWAIT specified or timeout expired")}
	}, func(db *database.DB) {
		err := db.Exclusive(ctx, func(context.Context, *sql.DB) error { panic("it has no turn") })
		require.ErrorIs(t, err, context.Canceled)
	})
}
