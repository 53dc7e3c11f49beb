package database_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm/clause"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

// failing is a database that answers everything with one error of Oracle's.
func failing(t *testing.T, code int, text string) *database.DB {
	t.Helper()
	m, _ := testkit.RecordOracle(t, func(testkit.Statement) testkit.Reply {
		return testkit.Reply{Err: testkit.OracleError(code, text)}
	})
	return primary(t, m)
}

func TestOnOracleErrorsAreThoseOfEveryEngine(t *testing.T) {
	for code, want := range map[int]error{
		1: database.ErrDuplicate, 2291: database.ErrForeignKey, 2292: database.ErrForeignKey,
		54: database.ErrBusy, 60: database.ErrBusy, 8177: database.ErrBusy, 30006: database.ErrBusy,
		28: database.ErrUnavailable, 1033: database.ErrUnavailable, 1034: database.ErrUnavailable, 1089: database.ErrUnavailable,
		3113: database.ErrUnavailable, 3114: database.ErrUnavailable, 12514: database.ErrUnavailable, 12541: database.ErrUnavailable,
	} {
		err := failing(t, code, fmt.Sprintf("ORA-%05d: something", code)).Writer(t.Context()).Create(&part{ID: "1"}).Error
		assert.ErrorIs(t, err, want, "ORA-%05d", code)
	}
	for _, code := range []int{900, 942, 1017, 1400, 12899} {
		err := failing(t, code, fmt.Sprintf("ORA-%05d: something", code)).Writer(t.Context()).Create(&part{ID: "1"}).Error
		for _, kind := range []error{database.ErrDuplicate, database.ErrForeignKey, database.ErrBusy, database.ErrUnavailable} {
			assert.NotErrorIs(t, err, kind, "ORA-%05d", code)
		}
		assert.ErrorContains(t, err, fmt.Sprintf("ORA-%05d", code))
	}
}

func TestOnOracleADuplicateNamesItsIndex(t *testing.T) {
	db := failing(t, 1, "ORA-00001: unique constraint (APP.PARTS_CODE) violated on table APP.PARTS columns (CODE)")
	var duplicate *database.DuplicateError
	require.ErrorAs(t, db.Writer(t.Context()).Create(&part{ID: "1"}).Error, &duplicate)
	assert.Equal(t, "parts_code", duplicate.Constraint)
}

func TestOnOracleATransactionIsRepeatedAfterADeadlockAndALostSession(t *testing.T) {
	testkit.Shows(t, testkit.Transactions, testkit.Failure)
	for _, code := range []int{60, 3113} {
		m, recorder := testkit.RecordOracle(t, once(code))
		require.NoError(t, primary(t, m).InTx(t.Context(), func(ctx context.Context) error {
			return primary(t, m).Writer(ctx).Delete(&part{ID: "1"}).Error
		}))
		assert.Equal(t, []string{"DELETE FROM parts WHERE parts.id = :1", "ROLLBACK", "DELETE FROM parts WHERE parts.id = :1", "COMMIT"},
			texts(recorder.Sent())[1:5])
	}
}

func TestOnOracleAMergeThatMeetsWhatIsJustCommittedFindsItTheNextTime(t *testing.T) {
	m, recorder := testkit.RecordOracle(t, once(1))
	ignore := clause.OnConflict{DoNothing: true}
	require.NoError(t, primary(t, m).Writer(t.Context()).Clauses(ignore).Create(&part{ID: "1"}).Error)
	sent := recorder.Sent()[1:]
	require.Len(t, sent, 2)
	assert.Equal(t, sent[0], sent[1])

	always := failing(t, 1, "ORA-00001: unique constraint (APP.PARTS_CODE) violated")
	require.ErrorIs(t, always.Writer(t.Context()).Clauses(ignore).Create(&part{ID: "1"}).Error, database.ErrDuplicate)
}

// once answers the first statement with an error.
func once(code int) func(testkit.Statement) testkit.Reply {
	failed := false
	return func(testkit.Statement) testkit.Reply {
		if failed {
			return testkit.Reply{Affected: 1}
		}
		failed = true
		return testkit.Reply{Err: testkit.OracleError(code, fmt.Sprintf("ORA-%05d: once", code))}
	}
}

func TestAnOracleDSNIsReadAndNeverShown(t *testing.T) {
	for dsn, want := range map[config.DSN]string{
		"oracle://app:hunter2@localhost":         "names no service: it must end in /service",
		"oracle://app:hunter2@localhost:port/x":  "is not of the form oracle://user:password@host:1521/service",
		"postgres://app:hunter2@localhost/x":     "is not of the form oracle://user:password@host:1521/service",
		"app/hunter2@localhost:1521/x":           "is not of the form oracle://user:password@host:1521/service",
		"oracle://app:hun%zzter2@localhost/free": "is not of the form oracle://user:password@host:1521/service",
	} {
		_, err := database.Open(database.Configs{"x": {Driver: "oracle", DSN: dsn}}, testkit.Quiet())
		require.ErrorContains(t, err, "databases.x.dsn: "+want)
		assert.NotContains(t, err.Error(), "hun")
	}
	m, err := database.Open(database.Configs{"x": {Driver: "oracle", DSN: "oracle://APP:hunter2@localhost/FREEPDB1?TIMEOUT=5"}}, testkit.Quiet())
	require.NoError(t, err)
	assert.Equal(t, "app@localhost:1521/freepdb1", m.SQL()[0].Target())
	require.NoError(t, m.Close(t.Context()))
}

func TestAnOracleThatIsMissingOrWrongSaysWhatToDo(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, nobody.Close())
	for addr, want := range map[string]string{
		nobody.Addr().String(): "nothing listens there: start Oracle's listener, or correct host and port in the DSN",
		listener(t, 12514):     "the listener knows no such service: correct the end of the DSN",
		listener(t, 12505):     "the listener knows no such SID",
	} {
		t.Run(want, func(t *testing.T) {
			m, err := database.Open(database.Configs{"x": {
				Driver: "oracle", DSN: config.DSN("oracle://app:hunter2@" + addr + "/none"), ConnectTimeout: 5 * time.Second,
			}}, testkit.Quiet())
			require.NoError(t, err)
			err = m.Start(t.Context())
			require.ErrorIs(t, err, database.ErrUnavailable)
			assert.ErrorContains(t, err, "the database x (oracle) is not reachable")
			assert.ErrorContains(t, err, want)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestOracleIsReachedThroughTLSWithOurCertificate(t *testing.T) {
	server, client := newIdentity(t, "oracle.test"), newIdentity(t, "trellis.test")
	address := encrypted(t, listener(t, 12514), server, client)
	section := database.TLS{CA: server.cert, Cert: client.cert, Key: client.key, ServerName: "oracle.test"}
	answer := func(section database.TLS) error {
		m, err := database.Open(database.Configs{"x": {Driver: "oracle", DSN: config.DSN("oracle://app:hunter2@" + address + "/none"), TLS: section}}, testkit.Quiet())
		require.NoError(t, err)
		defer func() { assert.NoError(t, m.Close(t.Context())) }()
		return m.SQL()[0].Ping(t.Context())
	}
	require.ErrorContains(t, answer(section), "the listener knows no such service", "it was reached")
	for name, wrong := range map[string]func(*database.TLS){
		"a name that the certificate does not have": func(s *database.TLS) { s.ServerName = "other.test" },
		"the name of the host, which is not it":     func(s *database.TLS) { s.ServerName = "" },
		"authorities that did not sign it":          func(s *database.TLS) { s.CA = client.cert },
		"no certificate of ours":                    func(s *database.TLS) { s.Cert, s.Key = "", "" },
	} {
		section := section
		wrong(&section)
		err := answer(section)
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), "12514", name)
	}
}

// listener is one of Oracle's that refuses everybody, with the packet that it refuses with.
func listener(t *testing.T, code int) string {
	t.Helper()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			client, err := server.Accept()
			if err != nil {
				return
			}
			_, _ = client.Read(make([]byte, 8<<10))
			_, _ = client.Write(refusal(code))
			_ = client.Close()
		}
	}()
	t.Cleanup(func() { assert.NoError(t, server.Close()); <-done })
	return server.Addr().String()
}

func refusal(code int) []byte {
	const header, refuse = 12, 4
	text := fmt.Sprintf("(DESCRIPTION=(TMP=)(VSNNUM=0)(ERR=%d)(ERROR_STACK=(ERROR=(CODE=%d)(EMFI=4))))", code, code)
	packet := make([]byte, header, header+len(text))
	binary.BigEndian.PutUint16(packet, uint16(header+len(text)))
	packet[4], packet[8], packet[9] = refuse, 34, 0
	binary.BigEndian.PutUint16(packet[10:], uint16(len(text)))
	return append(packet, text...)
}
