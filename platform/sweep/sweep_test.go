package sweep_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/sweep"
	"github.com/trellis-go/trellis/test/testkit"
)

// heap is rows that are old.
type heap struct {
	rows   int
	fails  error
	limits []int
}

func (h *heap) delete(_ context.Context, _ *database.DB, limit int) (int, error) {
	h.limits = append(h.limits, limit)
	found := min(h.rows, limit)
	h.rows -= found
	return found, h.fails
}

// run runs a sweeper of one database until it has swept, once or twice.
func run(t *testing.T, all ...sweep.Old) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, sweep.New([]*database.DB{{}}, testkit.Quiet(), all...).Run(ctx))
}

func TestEverythingOldIsDeletedAFewAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		receipts := &heap{rows: 12_345}
		run(t, sweep.Old{What: "receipts", Delete: receipts.delete})
		assert.Zero(t, receipts.rows)
		for _, limit := range receipts.limits {
			assert.LessOrEqual(t, limit, 500)
		}
	})
}

func TestWhatCannotBeDeletedHoldsUpNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck, keys := &heap{rows: 500_000, fails: errors.New("locked")}, &heap{rows: 1}
		run(t, sweep.Old{What: "receipts", Delete: stuck.delete}, sweep.Old{What: "keys", Delete: keys.delete})
		assert.Zero(t, keys.rows)
		assert.LessOrEqual(t, len(stuck.limits), 2, "it is tried again the next time, and not at once")
	})
}

// The replica is one that nothing has come to yet: it has no tables at all.
func TestWhatIsOldIsNotLookedForOnAReplica(t *testing.T) {
	cfg, replica := testkit.EmptyMySQL(t), testkit.EmptyMySQL(t)
	cfg.Replicas = []config.DSN{replica.DSN}
	db, err := testkit.Start(t, database.Configs{testkit.Name: cfg}).DB(testkit.Name)
	require.NoError(t, err)
	var answering string
	sweep.New([]*database.DB{db}, testkit.Quiet(), sweep.Old{Delete: func(ctx context.Context, db *database.DB, _ int) (int, error) {
		return 0, db.Reader(ctx).Raw("SELECT DATABASE()").Scan(&answering).Error
	}}).Sweep(t.Context())
	assert.Contains(t, cfg.DSN.Reveal(), answering)
	assert.NotEmpty(t, answering)
}
