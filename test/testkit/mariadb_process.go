package testkit

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
)

// StartMariaDB starts a MariaDB server of the test's own with these arguments, gives its configuration for a client, who
// is root without a password, and ends it with the test. It skips the test where MariaDB is not installed.
func StartMariaDB(t testing.TB, args ...string) *mysql.Config {
	t.Helper()
	for _, program := range []string{"mariadbd", "mariadb-install-db"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("needs the program " + program + ": install mariadb-server")
		}
	}
	var as []string
	if os.Getuid() == 0 {
		as = []string{"--user=root"}
	}
	folder := t.TempDir()
	install := exec.Command("mariadb-install-db", slices.Concat(as, []string{
		"--no-defaults", "--datadir=" + folder, "--auth-root-authentication-method=normal", "--skip-test-db",
	})...)
	output, err := install.CombinedOutput()
	require.NoError(t, err, "%s", output)

	client := mysql.NewConfig()
	client.User, client.Net, client.Addr = "root", "tcp", FreeAddress(t)
	host, port, err := net.SplitHostPort(client.Addr)
	require.NoError(t, err)
	server := exec.Command("mariadbd", slices.Concat([]string{"--no-defaults"}, as, []string{
		"--datadir=" + folder, "--bind-address=" + host, "--port=" + port, "--socket=" + filepath.Join(folder, "s"),
	}, args)...)
	server.Stderr, err = os.Create(filepath.Join(folder, "log"))
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	require.Eventually(t, func() bool {
		connection, err := net.Dial("tcp", client.Addr)
		if err == nil {
			_ = connection.Close()
		}
		return err == nil
	}, time.Minute, 20*time.Millisecond)
	return client
}
