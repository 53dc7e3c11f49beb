package queue_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/queue"
	"github.com/trellis-go/trellis/test/testkit"
)

// The replica is one that nothing has come to yet: it has the tables, and no rows.
func TestAWorkerFindsWhatOthersEnqueuedThoughAReplicaLags(t *testing.T) {
	cfg, replica := testkit.EmptyMySQL(t), testkit.EmptyMySQL(t)
	testkit.MigratedOn(t, replica, migrations.Files)
	cfg.Replicas = []config.DSN{replica.DSN}
	db, err := testkit.MigratedOn(t, cfg, migrations.Files).DB(testkit.Name)
	require.NoError(t, err)
	q, done := newQueue(db), newBook()
	enqueue(t, q, jobs("", "a")...)
	took, err := q.Worker("work", done.noting, queue.Options{}).Turn(t.Context(), 1)
	require.NoError(t, err)
	assert.Equal(t, 1, took)
}
