//go:build integration

// Package integration runs the server as operators do: the built binary, as a process, against real servers.
package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// binary is the server, built for this run.
var binary string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "trellis-integration-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(folder, "server")
	build := exec.Command("go", "build", "-o", binary, "../../cmd/server")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// process is a running server.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	url  string
	log  *lockedBuffer
	done chan struct{}

	signing sync.Once
	token   string // of the first admin, once something needed it
}

// The first admin of every server.
const (
	email    = "admin@example.com"
	password = "only for these tests"
)

// bearer is the Authorization header of the first admin, who signs in when it is needed for the first time.
func (p *process) bearer() string {
	p.t.Helper()
	p.signing.Do(func() {
		answer, body := p.do("POST", "/api/auth/login", fmt.Sprintf(`{"email":%q,"password":%q}`, email, password))
		require.Equal(p.t, http.StatusOK, answer.StatusCode, body)
		var pair struct {
			AccessToken string `json:"access_token"`
		}
		require.NoError(p.t, json.Unmarshal([]byte(body), &pair))
		p.token = pair.AccessToken
	})
	return "Bearer " + p.token
}

// start runs `server serve` in an empty folder with these variables and waits until it is ready.
func start(t *testing.T, variables ...string) *process {
	t.Helper()
	return begin(t, variables...).ready()
}

// startWorker is start of `server worker`.
func startWorker(t *testing.T, variables ...string) *process {
	t.Helper()
	return launch(t, "worker", "TRELLIS_WORKER_ADDR", variables...).ready()
}

// ready waits until the process says that it is.
func (p *process) ready() *process {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return p.status("/readyz") == http.StatusOK }, 30*time.Second, 5*time.Millisecond, "log:\n%s", p.log)
	return p
}

// begin is start without waiting.
func begin(t *testing.T, variables ...string) *process {
	t.Helper()
	return launch(t, "serve", "TRELLIS_HTTP_ADDR", variables...)
}

// launch runs a command of the server that listens on the address of a variable.
func launch(t *testing.T, command, variable string, variables ...string) *process {
	t.Helper()
	address := freeAddress(t)
	p := &process{t: t, url: "http://" + address, log: &lockedBuffer{}, done: make(chan struct{})}
	p.cmd = exec.Command(binary, command)
	p.cmd.Dir = t.TempDir()
	p.cmd.Env = append(append(os.Environ(), "TRELLIS_ENV=test", variable+"="+address,
		"TRELLIS_AUTH_KEY_STORE=data/auth.pem", "TRELLIS_CRYPTO_KEY_STORE=data/crypto.keys",
		"TRELLIS_MODULES_IDENTITY_ADMIN_EMAIL="+email, "TRELLIS_MODULES_IDENTITY_ADMIN_PASSWORD="+password), variables...)

	p.cmd.Stderr = p.log
	require.NoError(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
	})
	return p
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// signal sends a signal.
func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(s))
}

// wait gives the exit code.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		p.t.Fatalf("the server did not end; log:\n%s", p.log)
	}
	return p.cmd.ProcessState.ExitCode()
}

// do sends a request; the answer's body is read. It fails the test when there is no answer.
func (p *process) do(method, path, body string, header ...string) (*http.Response, string) {
	p.t.Helper()
	answer, text, err := p.try(method, path, body, header...)
	require.NoError(p.t, err)
	return answer, text
}

func (p *process) try(method, path, body string, header ...string) (*http.Response, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, p.url+path, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	return answer, string(text), err
}

// status is the status of a GET, 0 when there is no answer.
func (p *process) status(path string) int {
	answer, _, err := p.try(http.MethodGet, path, "")
	if err != nil {
		return 0
	}
	return answer.StatusCode
}

// create makes a product and gives it.
func (p *process) create(sku string) map[string]any {
	p.t.Helper()
	answer, body := p.do("POST", "/api/v1/products", fmt.Sprintf(`{"sku":%q,"name":"Tea","price_cents":100,"currency":"EUR"}`, sku),
		"Authorization", p.bearer())
	require.Equal(p.t, http.StatusCreated, answer.StatusCode, body)
	var product map[string]any
	require.NoError(p.t, json.Unmarshal([]byte(body), &product))
	return product
}

// run runs a command of the server to its end, in that folder.
func run(t *testing.T, folder string, variables []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errors bytes.Buffer
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, &out, &errors
	cmd.Env = append(append(os.Environ(), "TRELLIS_ENV=test"), variables...)
	_ = cmd.Run()
	return cmd.ProcessState.ExitCode(), out.String(), errors.String()
}

// lockedBuffer is a buffer that may be read while it is written.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
