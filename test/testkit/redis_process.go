package testkit

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// RedisProcess is a Redis server of the test's own, to be killed and started again.
type RedisProcess struct {
	Addr   string
	folder string
	args   []string
	cmd    *exec.Cmd
}

// StartRedis starts a server that keeps nothing on disk, with these arguments besides, and ends it with the test. It
// skips the test where redis-server is not installed.
func StartRedis(t testing.TB, args ...string) *RedisProcess {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("needs the program redis-server: install it")
	}
	p := &RedisProcess{Addr: FreeAddress(t), folder: t.TempDir(), args: args}
	p.Start(t)
	t.Cleanup(p.Kill)
	return p
}

// StartSentinel starts a server with this configuration as a sentinel.
func StartSentinel(t testing.TB, configuration string) *RedisProcess {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sentinel.conf") // it is written to
	require.NoError(t, os.WriteFile(file, []byte(configuration), 0o600))
	return StartRedis(t, file, "--sentinel")
}

// Start starts a server that was killed again, and waits until it answers.
func (p *RedisProcess) Start(t testing.TB) {
	t.Helper()
	_, port, err := net.SplitHostPort(p.Addr)
	require.NoError(t, err)
	args := slices.Concat(p.args, []string{"--port", port, "--bind", "127.0.0.1", "--dir", p.folder})
	if !slices.Contains(p.args, "--sentinel") {
		args = append(args, "--save", "", "--appendonly", "no")
	}
	p.cmd = exec.Command("redis-server", args...)
	p.cmd.Stdout, err = os.Create(filepath.Join(p.folder, "log"))
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	client := redis.NewClient(&redis.Options{Addr: p.Addr})
	defer func() { _ = client.Close() }()
	require.Eventually(t, func() bool { return client.Ping(t.Context()).Err() == nil }, 30*time.Second, 5*time.Millisecond)
}

// Kill ends the server at once, as a crash does. Killing it again does nothing.
func (p *RedisProcess) Kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// FreeAddress is a loopback address that nobody listens on now.
func FreeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
