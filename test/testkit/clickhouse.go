package testkit

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"
)

const (
	// ClickHouseVariable names the environment variable with the DSN of a ClickHouse server, without a database, whose
	// user may create and drop databases: http://127.0.0.1:8123
	ClickHouseVariable = "TRELLIS_TEST_CLICKHOUSE_DSN"
	// ClickHouseServerVariable names that of the file of test/clickhouse, built.
	ClickHouseServerVariable = "TRELLIS_TEST_CLICKHOUSE_SERVER"
)

// ClickHouseServer is a plain connection to the server, beside any database that a test works on. It skips the test when
// ClickHouseVariable is not set.
func ClickHouseServer(t testing.TB) driver.Conn {
	t.Helper()
	return clickhouseAt(t, variable(t, ClickHouseVariable))
}

func clickhouseAt(t testing.TB, dsn string) driver.Conn {
	t.Helper()
	options, err := clickhouse.ParseDSN(dsn)
	require.NoError(t, err)
	server, err := clickhouse.Open(options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return server
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
