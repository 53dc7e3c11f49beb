package tasks_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/health"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/ratelimit"
	"github.com/trellis-go/trellis/platform/tasks"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestATaskIsReadInEveryVersion(t *testing.T) {
	in := newTasks(t, testkit.Database(t))
	client := testkit.Serve(t, module.Module{Routes: in.Routes})
	task := enqueue(t, in, "Ada", tasks.Spec{})
	for _, prefix := range []string{"/api/v1", "/api/v2", "/api"} {
		waiting := client.Get(prefix + "/tasks/" + task.ID).Must(200)
		assert.Equal(t, "queued", waiting.JSON()["state"])
		assert.Equal(t, "2", waiting.Header.Get("Retry-After"))
		assert.Equal(t, "no-store", waiting.Header.Get("Cache-Control"))
	}
	work(t, in, greet.On(hello, tasks.Options{}))
	ended(t, in, task.ID, tasks.Succeeded)
	done := client.Get("/api/v2/tasks/" + task.ID).Must(200)
	assert.Equal(t, map[string]any{"Greeting": "hello Ada"}, done.JSON()["result"])
	assert.Empty(t, done.Header.Get("Retry-After"))
	listed, _ := client.Get("/api/v2/tasks").Must(200).JSON()["items"].([]any)
	require.Len(t, listed, 1)
	assert.NotContains(t, listed[0], "result", "it may be large")
	assert.Equal(t, "task_not_found", client.Get("/api/v2/tasks/nothing").Must(404).Problem().Code)
}

func TestATaskIsCanceledOverHTTP(t *testing.T) {
	in := newTasks(t, testkit.Database(t))
	client := testkit.Serve(t, module.Module{Routes: in.Routes})
	task := enqueue(t, in, "unwanted", tasks.Spec{})
	path := "/api/v2/tasks/" + task.ID + "/cancel"
	assert.Equal(t, "canceled", client.Do("POST", path, "").Must(200).JSON()["state"])
	client.Do("POST", path, "").Must(200)

	begun := make(chan int)
	work(t, in, greet.On(func(ctx context.Context, run *tasks.Run, p params) (result, error) {
		if p.Name == "long" {
			return patient(begun)(ctx, run, p)
		}
		return hello(ctx, run, p)
	}, tasks.Options{}))
	long := enqueue(t, in, "long", tasks.Spec{})
	<-begun
	told := client.Do("POST", "/api/v2/tasks/"+long.ID+"/cancel", "")
	assert.Contains(t, []int{200, 202}, told.Status, "it may have heard of it at once")
	ended(t, in, long.ID, tasks.Canceled)

	short := enqueue(t, in, "short", tasks.Spec{})
	ended(t, in, short.ID, tasks.Succeeded)
	assert.Equal(t, "task_finished", client.Do("POST", "/api/v2/tasks/"+short.ID+"/cancel", "").Must(409).Problem().Code)
	client.Do("POST", "/api/v2/tasks/nothing/cancel", "").Must(404)
}

// as is a context of requests by a customer.
func as(t *testing.T, user string) context.Context {
	t.Helper()
	return auth.With(t.Context(), auth.Principal{UserID: user, Role: auth.Customer})
}

func TestATaskIsSeenByWhoBeganItAndByWhoMayManageAll(t *testing.T) {
	in := newTasks(t, testkit.Database(t))
	gate := testkit.Gate(t, auth.Permissions{auth.Staff: {tasks.Manage}})
	client := testkit.ServeBehind(t, gate, module.Module{Routes: in.Routes})
	mine, err := greet.Enqueue(as(t, "customer"), in, params{}, tasks.Spec{})
	require.NoError(t, err)
	theirs, err := greet.Enqueue(as(t, "somebody"), in, params{}, tasks.Spec{})
	require.NoError(t, err)
	ours := enqueue(t, in, "", tasks.Spec{})

	customer, staff := client.As(auth.Customer), client.As(auth.Staff)
	customer.Get("/api/v2/tasks/" + mine.ID).Must(200)
	for _, hidden := range []string{theirs.ID, ours.ID} {
		assert.Equal(t, "task_not_found", customer.Get("/api/v2/tasks/"+hidden).Must(404).Problem().Code)
		customer.Get("/api/v2/tasks/" + hidden + "/events").Must(404)
		customer.Do("POST", "/api/v2/tasks/"+hidden+"/cancel", "").Must(404)
		assert.Equal(t, "queued", staff.Get("/api/v2/tasks/" + hidden).Must(200).JSON()["state"], "nobody has canceled it")
	}
	assert.Equal(t, []string{mine.ID}, ids(customer.Get("/api/v2/tasks")))
	assert.Equal(t, []string{ours.ID, theirs.ID, mine.ID}, ids(staff.Get("/api/v2/tasks")))
	assert.Empty(t, ids(staff.Get("/api/v2/tasks?mine=true")))
}

func TestATaskThatIsOwedIsTheProgramsAndIsNotCanceled(t *testing.T) {
	in := newTasks(t, testkit.Database(t))
	client := testkit.Serve(t, module.Module{Routes: in.Routes})
	task, err := greet.Enqueue(as(t, "customer"), in, params{}, tasks.Spec{Owner: "customer", Owed: true})
	require.NoError(t, err)
	client.As(auth.Customer).Get("/api/v2/tasks/" + task.ID).Must(404)
	assert.Equal(t, "task_owed", client.Do("POST", "/api/v2/tasks/"+task.ID+"/cancel", "").Must(409).Problem().Code)
	work(t, in, greet.On(hello, tasks.Options{}))
	ended(t, in, task.ID, tasks.Succeeded)
}

// ids are those of the tasks on a page.
func ids(answer testkit.Answer) []string {
	found := []string{}
	for _, item := range answer.Must(200).JSON()["items"].([]any) { //nolint:forcetypeassert // fails the test
		found = append(found, item.(map[string]any)["id"].(string)) //nolint:forcetypeassert // fails the test
	}
	return found
}

func TestTasksAreListedAPageAtATime(t *testing.T) {
	eachEngine(t, func(t *testing.T, m *database.Manager) {
		in := newTasks(t, m)
		client := testkit.Serve(t, module.Module{Routes: in.Routes})
		var all []string
		for range 3 {
			all = append([]string{enqueue(t, in, "", tasks.Spec{}).ID}, all...)
		}
		_, err := wait.Enqueue(t.Context(), in, params{}, tasks.Spec{})
		require.NoError(t, err)
		_, err = in.Cancel(t.Context(), all[0])
		require.NoError(t, err)

		first := client.Get("/api/v2/tasks?kind=test.greet&limit=2")
		assert.Equal(t, all[:2], ids(first))
		cursor, _ := first.JSON()["next_cursor"].(string)
		assert.Equal(t, all[2:], ids(client.Get("/api/v2/tasks?kind=test.greet&limit=2&cursor="+cursor)))
		assert.Equal(t, "invalid_cursor", client.Get("/api/v2/tasks?cursor="+cursor).Must(400).Problem().Code)
		assert.Equal(t, all[:1], ids(client.Get("/api/v2/tasks?state=canceled")))
	})
}

// listen serves tasks over a real network.
func listen(t *testing.T, in *tasks.Tasks) (server *httpapi.Server, url string) {
	t.Helper()
	limiter := ratelimit.NewMemory()
	probes := health.New(testkit.Quiet())
	t.Cleanup(func() { require.NoError(t, probes.Close(context.Background())) })
	cfg := httpapi.Config{
		Addr: "127.0.0.1:0", RequestTimeout: time.Minute, ReadHeaderTimeout: time.Minute, ReadTimeout: time.Minute,
		WriteTimeout: 2 * time.Minute, IdleTimeout: time.Minute, MaxBody: config.MiB, MaxHeader: 64 * config.KiB,
	}
	api, err := httpapi.New(cfg, ratelimit.Config{}, limiter, testkit.Gate(t, nil), testkit.Quiet(), probes, prometheus.NewRegistry())
	require.NoError(t, err)
	in.Routes(api)
	server = httpapi.NewServer(api)
	require.NoError(t, server.Start(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Run(context.Background()) }()
	t.Cleanup(func() {
		require.NoError(t, server.Stop(context.Background()))
		require.NoError(t, <-ended)
		http.DefaultClient.CloseIdleConnections()
	})
	return server, "http://" + server.Addr()
}

// events opens a stream.
func events(t *testing.T, url, id string) (*http.Response, *bufio.Scanner) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/v2/tasks/"+id+"/events", nil)
	require.NoError(t, err)
	request.Header.Set("Accept", httpapi.EventsType)
	token, err := testkit.Tokens(t).Issue(auth.Principal{UserID: "u1", Role: auth.Admin, SessionID: "s1"})
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer, bufio.NewScanner(answer.Body)
}

// next gives the task of the next event; there is none at the end of the stream.
func next(t *testing.T, lines *bufio.Scanner) *tasks.Task {
	t.Helper()
	for lines.Scan() {
		if data, found := strings.CutPrefix(lines.Text(), "data: "); found {
			var task tasks.Task
			require.NoError(t, json.Unmarshal([]byte(data), &task))
			return &task
		}
	}
	require.NoError(t, lines.Err())
	return nil
}

func TestATaskIsWatchedToItsEnd(t *testing.T) {
	in := newTasks(t, testkit.Database(t))
	_, url := listen(t, in)
	task := enqueue(t, in, "Ada", tasks.Spec{})
	answer, lines := events(t, url, task.ID)
	assert.Equal(t, 200, answer.StatusCode)
	assert.Equal(t, httpapi.EventsType, answer.Header.Get("Content-Type"))
	assert.Equal(t, tasks.Queued, next(t, lines).State)

	release := make(chan struct{})
	work(t, in, greet.On(func(ctx context.Context, run *tasks.Run, p params) (result, error) {
		run.Progress(40, "half-way")
		<-release
		return hello(ctx, run, p)
	}, tasks.Options{}))
	seen := next(t, lines)
	for seen.Progress == 0 {
		seen = next(t, lines)
	}
	assert.Equal(t, 40, seen.Progress)
	assert.Equal(t, tasks.Running, seen.State)
	close(release)
	last := seen
	for seen != nil {
		last, seen = seen, next(t, lines)
	}
	assert.Equal(t, tasks.Succeeded, last.State)
	assert.JSONEq(t, `{"Greeting":"hello Ada"}`, string(last.Result))
}

func TestWhatCannotBeWatchedIsAProblem(t *testing.T) {
	few := settings
	few.Streams = 1
	in := configured(t, testkit.Database(t), few, clock.System)
	_, url := listen(t, in)
	answer, _ := events(t, url, "nothing")
	assert.Equal(t, 404, answer.StatusCode)
	assert.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))

	task := enqueue(t, in, "Ada", tasks.Spec{})
	first, lines := events(t, url, task.ID)
	require.NotNil(t, next(t, lines))
	refused, _ := events(t, url, task.ID)
	assert.Equal(t, 503, refused.StatusCode, "one too many")
	assert.Equal(t, "2", refused.Header.Get("Retry-After"))
	require.NoError(t, first.Body.Close())
	require.Eventually(t, func() bool {
		again, _ := events(t, url, task.ID)
		return again.StatusCode == http.StatusOK
	}, patience, 10*time.Millisecond, "its place is free once it has gone")
}

func TestStreamsEndWhenTheServerDrains(t *testing.T) {
	in := newTasks(t, testkit.Database(t))
	server, url := listen(t, in)
	_, lines := events(t, url, enqueue(t, in, "Ada", tasks.Spec{}).ID)
	require.NotNil(t, next(t, lines))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, server.Drain(ctx))
	assert.Nil(t, next(t, lines))
}
