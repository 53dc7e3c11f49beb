package httpclient_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/httpclient"
)

func TestMain(m *testing.M) {
	// It is read once in a process, and nothing of this machine is called by way of it.
	if err := os.Setenv("HTTP_PROXY", "http://127.0.0.1:9"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// service is a server that answers as the test says and remembers what came.
type service struct {
	*httptest.Server
	registry *prometheus.Registry
	metrics  *httpclient.Metrics

	mu    sync.Mutex
	calls []call
}

type call struct {
	at     time.Time
	header http.Header
}

// serve answers the n-th request, counted from 1, by calling answer with n.
func serve(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *service {
	t.Helper()
	s := &service{registry: prometheus.NewRegistry()}
	s.metrics = httpclient.NewMetrics(s.registry)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.calls = append(s.calls, call{time.Now(), r.Header})
		n := len(s.calls)
		s.mu.Unlock()
		answer(n, w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// statuses answers with these statuses in turn, and with the last one from then on.
func statuses(t *testing.T, all ...int) *service {
	t.Helper()
	return serve(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(all[min(n, len(all))-1])
	})
}

func (s *service) seen() []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]call{}, s.calls...)
}

func (s *service) client(t *testing.T, cfg httpclient.Config, guards ...httpclient.Guard) *httpclient.Client {
	t.Helper()
	if cfg.Backoff == 0 {
		cfg.Backoff = time.Millisecond
	}
	client := httpclient.New("test", cfg, s.metrics, guards...)
	t.Cleanup(client.Close)
	return client
}

func (s *service) request(t *testing.T, method, body string, header ...string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/path?secret=s3cret", strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return request
}
