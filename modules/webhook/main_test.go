package webhook_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/modules/webhook"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/crypto"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/httpclient"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/log"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// sealing is the key of every replica.
var sealing = crypto.NewKey("first")

func settings() webhook.Config {
	return webhook.Config{
		Database: testkit.Name, Concurrency: 8, PerWebhook: 4, Timeout: 5 * time.Second, Attempts: 3, FirstRetry: time.Millisecond,
		LastRetry: 5 * time.Millisecond, DisableAfter: time.Hour, Overlap: time.Hour, Retention: 24 * time.Hour,
		AllowHTTP: true, AllowPrivate: true,
	}
}

// app is one replica of the module.
type app struct {
	testkit.Client
	t       *testing.T
	repo    *webhook.Repository
	service *webhook.Service
	module  module.Module
	clock   *testkit.Clock
	log     *testkit.Log

	databases *database.Manager
}

func serve(t *testing.T, change ...func(*webhook.Config)) *app {
	t.Helper()
	return serveOn(t, testkit.Database(t), &testkit.Clock{}, sealing, change...)
}

// serveOn is a replica on the database, with these keys.
func serveOn(t *testing.T, m *database.Manager, clock *testkit.Clock, keys string, change ...func(*webhook.Config)) *app {
	t.Helper()
	cfg := settings()
	for _, one := range change {
		one(&cfg)
	}
	a := &app{t: t, clock: clock, log: &testkit.Log{}, databases: m}
	var err error
	a.repo, err = webhook.NewRepository(cfg, m)
	require.NoError(t, err)
	ring, err := crypto.NewRing(crypto.Config{Keys: config.Secret(keys)})
	require.NoError(t, err)
	sender, err := webhook.NewSender(cfg, a.repo, ring, httpclient.NewMetrics(prometheus.NewRegistry()), clock.Now, log.NewTest(a.log))
	require.NoError(t, err)
	a.service = webhook.NewService(cfg, a.repo, ring, sender, clock.Now)
	a.module = webhook.New(webhook.NewHandler(a.service), sender).Module
	a.Client = testkit.ServeBehind(t, testkit.Gate(t, auth.Permissions{auth.Staff: {webhook.Manage}}), a.module).As(auth.Admin)
	return a
}

// work sends what waits until the test ends, or until the function that it gives is called.
func (a *app) work() (end func()) {
	a.t.Helper()
	var running sync.WaitGroup
	running.Go(func() { assert.NoError(a.t, a.module.Workers[0].Run(context.Background())) })
	end = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		assert.NoError(a.t, a.module.Workers[0].Drain(ctx))
		running.Wait()
	})
	a.t.Cleanup(end)
	return end
}

// hook is a webhook as it is shown.
type hook struct {
	ID             string     `json:"id"`
	URL            string     `json:"url"`
	Events         []string   `json:"events"`
	Active         bool       `json:"active"`
	Secret         string     `json:"secret"`
	FailingSince   *time.Time `json:"failing_since"`
	DisabledReason string     `json:"disabled_reason"`
	OldSecretUntil *time.Time `json:"old_secret_until"`
	Version        int        `json:"version"`
}

// delivery is a delivery as it is shown.
type delivery struct {
	ID         string `json:"id"`
	EventID    string `json:"event_id"`
	EventType  string `json:"event_type"`
	State      string `json:"state"`
	Attempts   int    `json:"attempts"`
	LastStatus int    `json:"last_status"`
	LastError  string `json:"last_error"`
	Log        []struct {
		Attempt  int    `json:"attempt"`
		Status   int    `json:"status"`
		Error    string `json:"error"`
		Response string `json:"response"`
	} `json:"log"`
}

// create makes a webhook that is told of everything.
func (a *app) create(url string) hook {
	a.t.Helper()
	var made hook
	a.Do("POST", "/api/webhooks", `{"url":"`+url+`","events":["*"]}`).Must(http.StatusCreated).Into(&made)
	return made
}

func (a *app) webhook(id string) hook {
	a.t.Helper()
	var found hook
	a.Get("/api/webhooks/" + id).Must(http.StatusOK).Into(&found)
	return found
}

func (a *app) deliveries(id, query string) []delivery {
	a.t.Helper()
	var list struct{ Items []delivery }
	a.Get("/api/webhooks/" + id + "/deliveries" + query).Must(http.StatusOK).Into(&list)
	return list.Items
}

func (a *app) delivery(id, deliveryID string) delivery {
	a.t.Helper()
	var found delivery
	a.Get("/api/webhooks/" + id + "/deliveries/" + deliveryID).Must(http.StatusOK).Into(&found)
	return found
}

// tell tells the module of an event, as its subscription does.
func (a *app) tell(eventType string) broker.Message {
	a.t.Helper()
	event := broker.Message{ID: id.New(), Type: eventType, Time: a.clock.Now(), ContentType: broker.JSON, Data: []byte(`{"id":"o-1"}`)}
	require.NoError(a.t, a.service.Deliver(a.t.Context(), event))
	return event
}

// ended waits for the only delivery to a webhook to come to its end.
func (a *app) ended(id string) delivery {
	a.t.Helper()
	var last delivery
	require.Eventually(a.t, func() bool {
		all := a.deliveries(id, "")
		if len(all) != 1 || all[0].State == "pending" {
			return false
		}
		last = a.delivery(id, all[0].ID)
		return true
	}, patience, 5*time.Millisecond)
	return last
}

// tried waits for the first attempt of the only delivery to a webhook.
func (a *app) tried(id string) *webhook.Delivery {
	a.t.Helper()
	only := a.deliveries(id, "")[0].ID
	var found *webhook.Delivery
	require.Eventually(a.t, func() bool {
		var err error
		found, err = a.repo.Delivery(a.t.Context(), only)
		return err == nil && found.Attempts == 1
	}, patience, 5*time.Millisecond)
	return found
}

// exec changes the database by hand.
func (a *app) exec(statement string) {
	a.t.Helper()
	require.NoError(a.t, a.repo.Writer(a.t.Context()).Exec(statement).Error)
}

// waits is how long the job that comes last is put off.
func (a *app) waits() time.Duration {
	a.t.Helper()
	var due int64
	require.NoError(a.t, a.repo.Reader(a.t.Context()).Raw("SELECT COALESCE(MAX(due_at), 0) FROM queue_jobs WHERE owner IS NULL").Scan(&due).Error)
	return time.UnixMicro(due).Sub(a.clock.Now())
}

// receiver is a server that is told of events.
type receiver struct {
	*httptest.Server
	mu  sync.Mutex
	got []received
}

type received struct {
	header http.Header
	body   string
}

// receive answers the n-th request, counted from 1, by calling answer with n.
func receive(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		assert.NoError(t, err)
		r.mu.Lock()
		r.got = append(r.got, received{request.Header, string(body)})
		n := len(r.got)
		r.mu.Unlock()
		answer(n, w, request)
	}))
	t.Cleanup(r.Close)
	return r
}

// answering is a receiver that gives these statuses in turn, and the last one from then on.
func answering(t *testing.T, statuses ...int) *receiver {
	t.Helper()
	return receive(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(statuses[min(n, len(statuses))-1])
	})
}

func (r *receiver) requests() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.got...)
}

// eachEngine runs a specification on every engine.
func eachEngine(t *testing.T, run func(t *testing.T, m *database.Manager)) {
	t.Helper()
	testkit.EachEngine(t, run)
}
