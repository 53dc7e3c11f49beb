package queue_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/queue"
	"github.com/trellis-go/trellis/test/testkit"
)

// BenchmarkWorker carries out jobs that do nothing: an operation is a job.
func BenchmarkWorker(b *testing.B) {
	for _, spread := range []struct {
		name string
		keys int
	}{{"unordered", 0}, {"keys=1000", 1000}, {"keys=1", 1}} {
		b.Run("sqlite/"+spread.name, func(b *testing.B) { drainAll(b, testkit.Database(b), spread.keys) })
		b.Run("mysql/"+spread.name, func(b *testing.B) {
			drainAll(b, testkit.MigratedOn(b, testkit.EmptyMySQL(b), migrations.Files), spread.keys)
		})
	}
}

func drainAll(b *testing.B, m *database.Manager, keys int) {
	b.Helper()
	db, err := m.DB(testkit.Name)
	require.NoError(b, err)
	q := newQueue(db)
	var all []queue.Job
	for n := range b.N {
		job := queue.Job{Queue: "work", Payload: []byte(`{"id":"01a20cdb-e452-78e0-abef-0f7ee74747d1","sku":"TEA-0001"}`)}
		if keys > 0 {
			job.Key = fmt.Sprint("key-", n%keys)
		}
		all = append(all, job)
	}
	require.NoError(b, q.Enqueue(b.Context(), all...))
	var left atomic.Int64
	left.Store(int64(b.N))
	ctx, end := context.WithCancel(b.Context())
	b.ResetTimer()
	require.NoError(b, q.Worker("work", func(context.Context, queue.Job) error {
		if left.Add(-1) == 0 {
			end()
		}
		return nil
	}, queue.Options{Concurrency: 16, Prefetch: 256}).Run(ctx))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}
