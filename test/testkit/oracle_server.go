package testkit

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	ora "github.com/sijms/go-ora/v2"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
)

// OracleVariable names the environment variable with the DSN of an Oracle whose user may create and drop users, such as
// SYSTEM: oracle://system:password@127.0.0.1:1521/FREEPDB1
const OracleVariable = "TRELLIS_TEST_ORACLE_DSN"

// onOracle runs a test on Oracle where there is one. Elsewhere it is no test that was skipped: the recorder stands in.
func onOracle(t *testing.T, run func(t *testing.T)) {
	t.Helper()
	RunsOn(t, "oracle", Elsewhere)
	if os.Getenv(OracleVariable) != "" {
		t.Run("oracle", run)
	}
}

// EmptyOracle creates a user with the rights that the documentation asks for and no tables, who is dropped when the test
// ends, and configures it.
func EmptyOracle(t testing.TB) database.Config {
	t.Helper()
	RunsOn(t, "oracle", Live)
	dsn, err := url.Parse(os.Getenv(OracleVariable))
	require.NoError(t, err, OracleVariable)
	server := sql.OpenDB(ora.NewConnector(dsn.String()))
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	name, password := "trellis_test_"+strings.ToLower(rand.Text()[:16]), rand.Text()
	for _, statement := range []string{
		"CREATE USER " + name + ` IDENTIFIED BY "` + password + `" QUOTA UNLIMITED ON users DEFAULT TABLESPACE users`,
		"GRANT CREATE SESSION, CREATE TABLE TO " + name,
	} {
		_, err := server.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	t.Cleanup(func() { dropUser(t, server, name) })
	user := *dsn
	user.User = url.UserPassword(name, password)
	return database.Config{Driver: "oracle", DSN: config.DSN(user.String())}
}

// dropUser waits for the server to notice that the user's connections were closed.
func dropUser(t testing.TB, server *sql.DB, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), setUpTimeout)
	defer cancel()
	require.Eventually(t, func() bool {
		_, err := server.ExecContext(ctx, "DROP USER "+name+" CASCADE")
		return err == nil
	}, setUpTimeout, 100*time.Millisecond, "dropping the user %s", name)
}
