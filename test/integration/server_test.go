//go:build integration

package integration

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheServerRunsOnEmbeddedDefaults(t *testing.T) {
	server := start(t)
	product := server.create("TEA-1")
	answer, _ := server.do("GET", "/api/products/"+product["id"].(string), "")
	assert.Equal(t, http.StatusOK, answer.StatusCode)
	assert.Equal(t, "2", answer.Header.Get("API-Version"))
	for _, path := range []string{"/livez", "/startupz", "/metrics", "/docs", "/redoc", "/openapi/v1.json", "/openapi/v2.yaml", "/problems"} {
		assert.Equal(t, http.StatusOK, server.status(path), path)
	}
}

func TestWhatIsWrittenSurvivesARestart(t *testing.T) {
	dsn := "TRELLIS_DATABASES_PRIMARY_DSN=" + filepath.Join(t.TempDir(), "kept.db")
	first := start(t, dsn)
	product := first.create("TEA-1")
	first.signal(syscall.SIGTERM)
	require.Equal(t, 0, first.wait(), first.log)

	assert.Equal(t, http.StatusOK, start(t, dsn).status("/api/v1/products/"+product["id"].(string)))
}

// upload is an import whose rows come as they are written. The first is taken once the server asks for it, so that the
// request is under way when that was written.
func upload(t *testing.T, server *process) (*http.Request, *io.PipeWriter) {
	t.Helper()
	reader, writer := io.Pipe()
	request, err := http.NewRequest(http.MethodPost, server.url+"/api/v1/products/import", reader)
	require.NoError(t, err)
	request.Header.Set("Content-Type", "text/csv")
	request.Header.Set("Authorization", server.bearer())
	request.Header.Set("Expect", "100-continue")
	return request, writer
}

// patient waits until the server asks for the body of a request.
var patient = http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}

func TestATermSignalLetsRequestsFinish(t *testing.T) {
	server := start(t)
	request, writer := upload(t, server)
	status := make(chan int, 1)
	go func() {
		answer, err := patient.Do(request)
		if err != nil {
			status <- 0
			return
		}
		_ = answer.Body.Close()
		status <- answer.StatusCode
	}()
	_, err := io.WriteString(writer, "sku,name,price_cents,currency\n")
	require.NoError(t, err)
	server.signal(syscall.SIGTERM)
	require.Eventually(t, func() bool { return server.status("/livez") == 0 }, 10*time.Second, time.Millisecond, "the door closes")
	_, err = io.WriteString(writer, "TEA-1,Tea,1,EUR\n")
	require.NoError(t, err)
	require.NoError(t, writer.Close())

	assert.Equal(t, http.StatusOK, <-status)
	assert.Equal(t, 0, server.wait(), server.log)
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	server := start(t)
	request, writer := upload(t, server)
	defer func() { _ = writer.Close() }()
	go func() { _, _ = patient.Do(request) }()
	_, err := io.WriteString(writer, "sku\n")
	require.NoError(t, err)
	server.signal(syscall.SIGTERM)
	require.Eventually(t, func() bool { return server.status("/livez") == 0 }, 10*time.Second, time.Millisecond)
	server.signal(syscall.SIGTERM)
	assert.Equal(t, 128+int(syscall.SIGTERM), server.wait(), server.log)
}

func TestAHangUpReadsTheLogLevelAgain(t *testing.T) {
	folder := t.TempDir()
	base, err := os.ReadFile("../../configs/default.yaml")
	require.NoError(t, err)
	write := func(level string) {
		text := strings.Replace(string(base), "level: info", "level: "+level, 1)
		require.NoError(t, os.WriteFile(filepath.Join(folder, "default.yaml"), []byte(text), 0o600))
	}
	write("info")
	server := start(t, "TRELLIS_CONFIG_DIR="+folder, "TRELLIS_MIGRATIONS_AUTO=true")
	server.status("/livez")
	require.NotContains(t, server.log.String(), "/livez", "probes are logged at debug level")

	write("debug")
	server.signal(syscall.SIGHUP)
	require.Eventually(t, func() bool {
		server.status("/livez")
		return strings.Contains(server.log.String(), `"path":"/livez"`)
	}, 10*time.Second, 5*time.Millisecond)

	write("loud")
	server.signal(syscall.SIGHUP)
	require.Eventually(t, func() bool { return strings.Contains(server.log.String(), "log.level must be one of") },
		10*time.Second, 5*time.Millisecond, "a bad configuration is reported and the old one stays")
	assert.Equal(t, http.StatusOK, server.status("/readyz"))
}

func TestPendingMigrationsStopTheStart(t *testing.T) {
	server := begin(t, "TRELLIS_MIGRATIONS_AUTO=false")
	assert.NotEqual(t, 0, server.wait())
	assert.Contains(t, server.log.String(), "run server migrate up")
}

func TestMigrationsGoUpAndDown(t *testing.T) {
	folder := t.TempDir()
	status := func() string {
		code, out, errs := run(t, folder, nil, "migrate", "status")
		require.Equal(t, 0, code, errs)
		return out
	}
	assert.Contains(t, status(), "pending")
	for _, step := range []struct{ command, then string }{{"up", "2026-"}, {"down", "pending"}, {"up", "2026-"}, {"redo", "2026-"}} {
		code, _, errs := run(t, folder, nil, "migrate", step.command)
		require.Equal(t, 0, code, errs)
		assert.Contains(t, status(), step.then, step.command)
	}
}

func TestBadConfigurationIsRefusedWithItsOwnExitCode(t *testing.T) {
	code, _, errs := run(t, t.TempDir(), []string{"TRELLIS_HTTP_ADR=:9", "TRELLIS_LOG_LEVEL=loud"}, "serve")
	assert.Equal(t, 78, code)
	assert.Contains(t, errs, "did you mean TRELLIS_HTTP_ADDR?")
	assert.Contains(t, errs, "log.level must be one of")
}

func TestTheConfigurationIsPrintedWithoutItsSecrets(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "dsn")
	require.NoError(t, os.WriteFile(secret, []byte("app:hunter2@tcp(db:3306)/shop\n"), 0o600))
	variables := []string{"TRELLIS_DATABASES_PRIMARY_DRIVER=mysql", "TRELLIS_DATABASES_PRIMARY_DSN_FILE=" + secret}
	for _, args := range [][]string{{"config"}, {"config", "--json"}} {
		code, out, errs := run(t, t.TempDir(), variables, args...)
		require.Equal(t, 0, code, errs)
		assert.NotContains(t, out+errs, "hunter2")
		assert.Contains(t, out, "TRELLIS_DATABASES_PRIMARY_DSN_FILE")
		assert.Contains(t, out, "db:3306")
	}
}

func TestCommandsShowWhatTheServerIsMadeOf(t *testing.T) {
	folder := t.TempDir()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"routes"}, "/api/v2/products/{id}"},
		{[]string{"openapi", "--version", "v1"}, `"openapi": "3.1.0"`},
		{[]string{"version"}, "go1."},
	} {
		code, out, errs := run(t, folder, nil, test.args...)
		require.Equal(t, 0, code, errs)
		assert.Contains(t, out, test.want)
	}
	code, _, _ := run(t, folder, nil, "openapi", "--version", "v9")
	assert.Equal(t, 2, code)
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Empty(t, entries, "looking changes nothing")
}
