//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// manyProducts is a file that takes a while to import.
func manyProducts(rows int) string {
	var file strings.Builder
	file.WriteString("sku,name,price_cents,currency\n")
	for i := range rows {
		fmt.Fprintf(&file, "SKU-%d,Tea,%d,EUR\n", i, i)
	}
	return file.String()
}

// importLater sends a file to be imported in the background, and gives the path of the task.
func (p *process) importLater(query, file string) string {
	p.t.Helper()
	answer, body := p.do("POST", "/api/v1/products/import"+query, file, "Content-Type", "text/csv", "Prefer", "respond-async",
		"Authorization", p.bearer())
	require.Equal(p.t, http.StatusAccepted, answer.StatusCode, body)
	return answer.Header.Get("Location")
}

func (p *process) task(path string) (task struct {
	State    string
	Attempt  int
	Progress int
	Result   struct{ Created, Failed int }
}) {
	p.t.Helper()
	answer, body := p.do("GET", path, "", "Authorization", p.bearer())
	require.Equal(p.t, http.StatusOK, answer.StatusCode, body)
	require.NoError(p.t, json.Unmarshal([]byte(body), &task))
	return task
}

func TestAKilledWorkersTaskIsFinishedByAnother(t *testing.T) {
	shared := []string{
		"TRELLIS_DATABASES_PRIMARY_DSN=" + filepath.Join(t.TempDir(), "shared.db"), "TRELLIS_TASKS_LEASE=2s",
	}
	api := start(t, append(shared, "TRELLIS_WORKER_ENABLED=false")...)
	const rows = 60_000
	path := api.importLater("?on_error=skip", manyProducts(rows))
	assert.Equal(t, "queued", api.task(path).State, "serve leaves it to workers")

	worker := startWorker(t, shared...)
	require.Eventually(t, func() bool { return api.task(path).Progress > 0 }, time.Minute, 5*time.Millisecond, "log:\n%s", worker.log)
	worker.signal(syscall.SIGKILL)
	worker.wait()
	require.Equal(t, "running", api.task(path).State, "killed in the middle")

	startWorker(t, shared...)
	require.Eventually(t, func() bool { return api.task(path).State == "succeeded" }, time.Minute, 20*time.Millisecond)
	done := api.task(path)
	assert.Equal(t, 2, done.Attempt)
	assert.Equal(t, rows, done.Result.Created, "each row once")
	assert.Zero(t, done.Result.Failed)
}

func TestAWorkerThatIsToldToEndGivesItsTaskBack(t *testing.T) {
	shared := []string{"TRELLIS_DATABASES_PRIMARY_DSN=" + filepath.Join(t.TempDir(), "shared.db"), "TRELLIS_APP_DRAIN_TIMEOUT=2s"}
	api := start(t, append(shared, "TRELLIS_WORKER_ENABLED=false")...)
	path := api.importLater("?on_error=skip", manyProducts(200_000))
	worker := startWorker(t, shared...)
	require.Eventually(t, func() bool { return api.task(path).Progress > 0 }, time.Minute, 5*time.Millisecond)
	worker.signal(syscall.SIGTERM)
	assert.Equal(t, 0, worker.wait(), worker.log)
	back := api.task(path)
	assert.Equal(t, "queued", back.State)
	assert.Zero(t, back.Attempt)

	startWorker(t, shared...)
	require.Eventually(t, func() bool { return api.task(path).State == "succeeded" }, time.Minute, 20*time.Millisecond)
	assert.Equal(t, 200_000, api.task(path).Result.Created)
}

func TestAWorkerAnswersProbesAndNothingElse(t *testing.T) {
	worker := startWorker(t)
	for path, status := range map[string]int{"/livez": 200, "/readyz": 200, "/startupz": 200, "/metrics": 200, "/api/v1/products": 404, "/docs": 404} {
		assert.Equal(t, status, worker.status(path), path)
	}
	_, metrics := worker.do("GET", "/metrics", "")
	assert.Contains(t, metrics, "trellis_tasks_running 0")
	assert.Contains(t, metrics, `trellis_tasks_unfinished{state="queued"}`)
}
