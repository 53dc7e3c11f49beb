package testkit

import (
	"bufio"
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
)

const (
	// ClickHouseVariable names the environment variable with the DSN of a ClickHouse server, without a database, whose
	// user may create and drop databases: http://127.0.0.1:8123
	ClickHouseVariable = "TRELLIS_TEST_CLICKHOUSE_DSN"
	// ClickHouseNativeVariable names that of the same for the native protocol: clickhouse://127.0.0.1:9000
	ClickHouseNativeVariable = "TRELLIS_TEST_CLICKHOUSE_NATIVE_DSN"
	// ClickHouseServerVariable names that of the file of test/clickhouse, built.
	ClickHouseServerVariable = "TRELLIS_TEST_CLICKHOUSE_SERVER"
)

// EachClickHouse runs a test on a fresh ClickHouse database, which it configures: over HTTP, and also over the native
// protocol where ClickHouseNativeVariable says how. It skips the test when ClickHouseVariable is not set.
func EachClickHouse(t *testing.T, run func(t *testing.T, cfg database.Config)) {
	t.Helper()
	RunsOn(t, "clickhouse native", Elsewhere)
	t.Run("http", func(t *testing.T) { run(t, EmptyClickHouse(t)) })
	if dsn := os.Getenv(ClickHouseNativeVariable); dsn != "" {
		t.Run("native", func(t *testing.T) { run(t, emptyClickHouse(t, dsn)) })
	}
}

// EmptyClickHouse creates a database without tables that is dropped when the test ends, and configures it, over HTTP. It
// skips the test when ClickHouseVariable is not set.
func EmptyClickHouse(t testing.TB) database.Config {
	t.Helper()
	RunsOn(t, "clickhouse", Live)
	return emptyClickHouse(t, variable(t, ClickHouseVariable))
}

func emptyClickHouse(t testing.TB, dsn string) database.Config {
	t.Helper()
	options, err := clickhouse.ParseDSN(dsn)
	require.NoError(t, err)
	server, err := clickhouse.Open(options)
	require.NoError(t, err)
	name := "trellis_test_" + strings.ToLower(rand.Text()[:16])
	require.NoError(t, server.Exec(t.Context(), "CREATE DATABASE "+name))
	t.Cleanup(func() {
		require.NoError(t, server.Exec(context.Background(), "DROP DATABASE "+name))
		require.NoError(t, server.Close())
	})
	address, parameters, _ := strings.Cut(dsn, "?")
	address = strings.TrimSuffix(address, "/") + "/" + name
	if parameters != "" {
		address += "?" + parameters
	}
	return database.Config{Driver: "clickhouse", DSN: config.DSN(address)}
}

func variable(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Skip("needs a ClickHouse server: set " + name + ", or run make services and read .cache/services.env")
	}
	return value
}

// ClickHouseProcess is a ClickHouse server of a test's own, to be killed and started again.
type ClickHouseProcess struct {
	// URL is where it answers.
	URL     string
	path    string
	running *exec.Cmd
}

// NewClickHouseProcess starts a server with no data, and kills it when the test ends. It skips the test when
// ClickHouseServerVariable is not set.
func NewClickHouseProcess(t testing.TB) *ClickHouseProcess {
	t.Helper()
	RunsOn(t, "clickhouse", Live)
	variable(t, ClickHouseServerVariable)
	p := &ClickHouseProcess{path: t.TempDir(), URL: "http://127.0.0.1:0"}
	p.Start(t)
	t.Cleanup(func() { p.Kill() })
	return p
}

// Start starts the server, at the same URL and with the same data as before.
func (p *ClickHouseProcess) Start(t testing.TB) {
	t.Helper()
	server := exec.Command(variable(t, ClickHouseServerVariable), "--path", p.path, "--addr", strings.TrimPrefix(p.URL, "http://"))
	server.Stderr = os.Stderr
	output, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	p.running = server
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		p.Kill()
	}
	require.NoError(t, err, "the server ended before it answered")
	p.URL = strings.TrimSpace(line)
}

// Kill ends the server at once, as a crash would.
func (p *ClickHouseProcess) Kill() {
	_ = p.running.Process.Kill()
	_ = p.running.Wait()
}

// Terminate asks the server to end what it is doing, and then itself.
func (p *ClickHouseProcess) Terminate(t testing.TB) {
	t.Helper()
	require.NoError(t, p.running.Process.Signal(syscall.SIGTERM))
}
