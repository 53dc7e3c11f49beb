package tasks_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/tasks"
	"github.com/trellis-go/trellis/test/testkit"
)

// The replica is one that nothing has come to yet: it has the tables, and no rows.
func TestATaskIsFoundAndReadsWhatWasWrittenBeforeItThoughAReplicaLags(t *testing.T) {
	cfg, replica := testkit.EmptyMySQL(t), testkit.EmptyMySQL(t)
	testkit.MigratedOn(t, replica, migrations.Files)
	cfg.Replicas = []config.DSN{replica.DSN}
	m := testkit.MigratedOn(t, cfg, migrations.Files)
	db, err := m.DB(testkit.Name)
	require.NoError(t, err)
	answering := func(ctx context.Context) (name string) {
		assert.NoError(t, db.Reader(ctx).Raw("SELECT DATABASE()").Scan(&name).Error)
		return name
	}
	require.Contains(t, replica.DSN.Reveal(), answering(t.Context()), "other reads do go there")

	in, answered := newTasks(t, m), make(chan string, 1)
	task := enqueue(t, in, "Ada", tasks.Spec{})
	assert.Equal(t, tasks.Queued, read(t, in, task.ID).State, "whoever was told of it finds it")
	work(t, in, greet.On(func(ctx context.Context, run *tasks.Run, _ params) (result, error) {
		assert.Equal(t, task.ID, run.ID)
		answered <- answering(ctx)
		return result{}, nil
	}, tasks.Options{}))
	select {
	case name := <-answered:
		assert.Contains(t, cfg.DSN.Reveal(), name)
	case <-time.After(patience):
		t.Fatal("the task was not found")
	}
}
