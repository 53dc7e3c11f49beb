package inbox_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/inbox"
	"github.com/trellis-go/trellis/test/testkit"
)

// TestContract goes through every statement on every engine.
func TestContract(t *testing.T) {
	testkit.Contract(t, testkit.Suite{"a receipt is written once and swept": func(t *testing.T, m *database.Manager) {
		db, err := m.DB(testkit.Name)
		require.NoError(t, err)
		for _, want := range []bool{true, false} {
			handled, err := inbox.Once(t.Context(), db, "stock", "event-1", func(context.Context) error { return nil })
			require.NoError(t, err)
			assert.Equal(t, want, handled)
		}
		for _, want := range []int{1, 0} {
			found, err := inbox.Sweep(t.Context(), db, time.Now().Add(time.Second), 10)
			require.NoError(t, err)
			assert.Equal(t, want, found)
		}
	}})
}
