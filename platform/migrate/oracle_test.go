package migrate_test

import (
	"database/sql/driver"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	ora "github.com/sijms/go-ora/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/migrate"
	"github.com/trellis-go/trellis/test/testkit"
)

// noted answers as an Oracle that has nothing but the table of versions.
type noted struct {
	mu    sync.Mutex
	made  bool
	rows  []string // the versions, in the order in which they were noted
	fails string   // the statement that fails
}

func (v *noted) reply(sent testkit.Statement) testkit.Reply {
	v.mu.Lock()
	defer v.mu.Unlock()
	text := sent.SQL
	begins := func(with string) bool { return strings.HasPrefix(text, with) }
	switch {
	case v.fails != "" && begins(v.fails):
		return testkit.Reply{Err: testkit.OracleError(1031, "ORA-01031: insufficient privileges")}
	case begins("SELECT LOWER(table_name)"):
		return v.tables("goose_db_version")
	case begins("SELECT COUNT(*) FROM user_tables"):
		return testkit.Reply{Columns: []string{"COUNT(*)"}, Rows: [][]driver.Value{{map[bool]string{true: "1", false: "0"}[v.made]}}}
	case begins("CREATE TABLE goose_db_version"):
		v.made = true
	case begins("INSERT INTO goose_db_version"):
		v.rows = append(v.rows, number(sent.Args[0]))
		return testkit.Reply{Affected: 1}
	case begins("DELETE FROM goose_db_version"):
		for i, version := range v.rows {
			if version == number(sent.Args[0]) {
				v.rows = append(v.rows[:i:i], v.rows[i+1:]...)
				break
			}
		}
		return testkit.Reply{Affected: 1}
	case begins("SELECT tstamp"):
		return v.found(number(sent.Args[0]))
	case text == "SELECT version_id, is_applied FROM goose_db_version ORDER BY id DESC":
		reply := testkit.Reply{Columns: []string{"VERSION_ID", "IS_APPLIED"}}
		for i := len(v.rows) - 1; i >= 0; i-- {
			reply.Rows = append(reply.Rows, []driver.Value{v.rows[i], "1"})
		}
		return reply
	}
	return testkit.Reply{}
}

func (v *noted) tables(name string) testkit.Reply {
	reply := testkit.Reply{Columns: []string{"LOWER(TABLE_NAME)"}}
	if v.made {
		reply.Rows = [][]driver.Value{{name}}
	}
	return reply
}

func (v *noted) found(version string) testkit.Reply {
	reply := testkit.Reply{Columns: []string{"TSTAMP", "IS_APPLIED"}}
	for _, row := range v.rows {
		if row == version {
			reply.Rows = [][]driver.Value{{time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC), "1"}}
		}
	}
	return reply
}

func number(value any) string {
	text, _ := ora.NewNumber(value)
	digits, _ := text.String()
	return digits
}

// oracleFiles are two migrations, with a block in one of them.
var oracleFiles = fstest.MapFS{
	"oracle/1_first.sql": {Data: []byte("-- +goose Up\nCREATE TABLE first (id NUMBER(10));\n-- +goose Down\nDROP TABLE first;\n")},
	"oracle/2_second.sql": {Data: []byte("-- +goose Up\n-- +goose StatementBegin\nBEGIN\n  DELETE FROM first;\nEND;\n-- +goose StatementEnd\n" +
		"CREATE TABLE second (id NUMBER(10));\n-- +goose Down\nDROP TABLE second;\n")},
}

// onOracle is a migrator on that Oracle, and what it is sent beside the keeping of versions.
func onOracle(t *testing.T, v *noted) (*migrate.Migrator, func() []string) {
	t.Helper()
	m, recorder := testkit.RecordOracle(t, v.reply)
	return migrate.New(m, oracleFiles, testkit.Quiet()), func() []string {
		var own []string
		for _, statement := range recorder.Sent() {
			if strings.Contains(statement.SQL, " first") || strings.Contains(statement.SQL, " second") {
				own = append(own, statement.SQL)
			}
		}
		return own
	}
}

func TestOracleIsMigratedUpAndDownAndShowsItsStatus(t *testing.T) {
	testkit.Shows(t, testkit.Migrate)
	v := &noted{}
	migrator, sent := onOracle(t, v)
	pending, err := migrator.Pending(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 2, pending)
	assert.False(t, v.made, "looking makes nothing")

	require.NoError(t, migrator.Up(t.Context()))
	assert.Equal(t, []string{"0", "1", "2"}, v.rows)
	assert.Equal(t, []string{
		"CREATE TABLE first (id NUMBER(10))", "BEGIN\n  DELETE FROM first;\nEND;", "CREATE TABLE second (id NUMBER(10))",
	}, sent(), "no semicolon is sent, but that of a block")

	require.NoError(t, migrator.Apply(t.Context(), migrate.Down()))
	assert.Equal(t, []string{"0", "1"}, v.rows)
	status, err := migrator.Status(t.Context())
	require.NoError(t, err)
	require.Len(t, status, 2)
	assert.Equal(t, time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC), status[0].Applied)
	assert.True(t, status[1].Pending())

	steps, err := migrator.Preview(t.Context(), migrate.Up())
	require.NoError(t, err)
	require.Len(t, steps, 1)
	assert.Equal(t, "2_second.sql", steps[0].Name)
}

func TestOnOracleWhatFailsIsNamedAndSaysWhatToDo(t *testing.T) {
	migrator, _ := onOracle(t, &noted{fails: "CREATE TABLE second"})
	err := migrator.Up(t.Context())
	require.ErrorContains(t, err, "2_second.sql: statement 2 (CREATE TABLE second")
	assert.ErrorContains(t, err, "GRANT CREATE SESSION, CREATE TABLE")
	assert.False(t, errors.Is(err, database.ErrUnavailable))
}

func TestEveryStatementOfThePlatformOnOracleHasItsValues(t *testing.T) {
	v := &noted{}
	m, recorder := testkit.RecordOracle(t, v.reply)
	require.NoError(t, migrate.New(m, oracleFiles, testkit.Quiet()).Up(t.Context()))
	for _, statement := range recorder.Sent() {
		if !strings.HasPrefix(statement.SQL, "BEGIN") {
			assert.Empty(t, testkit.Faults(statement), statement.SQL)
		}
	}
}
