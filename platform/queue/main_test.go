package queue_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/queue"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// never is a time that no test waits for.
const never = time.Hour

// quick tries again at once.
var quick = backoff.Exponential{First: time.Millisecond, Last: time.Millisecond}

// eachEngine runs a specification on every engine.
func eachEngine(t *testing.T, run func(t *testing.T, db *database.DB)) {
	t.Helper()
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		db, err := m.DB(testkit.Name)
		require.NoError(t, err)
		run(t, db)
	})
}

func newQueue(db *database.DB) *queue.Queue { return queue.New(db, clock.System, testkit.Quiet()) }

// start runs a worker until the test ends, and gives how to end it before.
func start(t *testing.T, w *queue.Worker) (end func()) {
	t.Helper()
	var running sync.WaitGroup
	running.Go(func() { assert.NoError(t, w.Run(context.Background())) })
	end = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		assert.NoError(t, w.Drain(ctx))
		running.Wait()
	})
	t.Cleanup(end)
	return end
}

// book notes what was carried out.
type book struct {
	mu    sync.Mutex
	lines []string
	more  chan struct{}
}

func newBook() *book { return &book{more: make(chan struct{}, 100_000)} }

func (b *book) note(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, line)
	b.more <- struct{}{}
}

// await waits for so many lines more.
func (b *book) await(t *testing.T, lines int) {
	t.Helper()
	limit := time.After(patience)
	for range lines {
		select {
		case <-b.more:
		case <-limit:
			t.Fatalf("waited for %d lines; there are %v", lines, b.read())
		}
	}
}

func (b *book) read() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.lines...)
}

// noting is a handler that notes the payload.
func (b *book) noting(_ context.Context, job queue.Job) error {
	b.note(string(job.Payload))
	return nil
}

func enqueue(t *testing.T, q *queue.Queue, jobs ...queue.Job) {
	t.Helper()
	require.NoError(t, q.Enqueue(t.Context(), jobs...))
}

// jobs makes one of each payload, with a key.
func jobs(key string, payloads ...string) []queue.Job {
	var all []queue.Job
	for _, payload := range payloads {
		all = append(all, queue.Job{Queue: "work", Key: key, Payload: []byte(payload)})
	}
	return all
}

// empty waits until no job is left.
func empty(t *testing.T, q *queue.Queue) {
	t.Helper()
	left(t, q, 0)
}

// left waits until so many jobs are left: all others are struck off.
func left(t *testing.T, q *queue.Queue, jobs int64) {
	t.Helper()
	require.Eventually(t, func() bool {
		backlogs, err := q.Backlogs(t.Context())
		var all int64
		for _, b := range backlogs {
			all += b.Jobs
		}
		return assert.NoError(t, err) && all == jobs
	}, patience, time.Millisecond)
}
