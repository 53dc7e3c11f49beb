package cache_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/cache"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

// A replica that is behind would give what was invalidated, and it would be kept.
func TestWhatIsCachedIsReadFromThePrimary(t *testing.T) {
	cfg, replica := testkit.EmptyMySQL(t), testkit.EmptyMySQL(t)
	cfg.Replicas = []config.DSN{replica.DSN}
	db, err := testkit.Start(t, database.Configs{testkit.Name: cfg}).DB(testkit.Name)
	require.NoError(t, err)
	read := func(ctx context.Context) (answering string, err error) {
		return answering, db.Reader(ctx).Raw("SELECT DATABASE()").Scan(&answering).Error
	}
	behind, err := read(t.Context())
	require.NoError(t, err)
	require.Contains(t, replica.DSN.Reveal(), behind)

	store, _ := alone(t, settings())
	cached, err := cache.New[string](store, cache.Options{Name: "a"}).Get(t.Context(), "key", read)
	require.NoError(t, err)
	assert.Contains(t, cfg.DSN.Reveal(), cached)
}
