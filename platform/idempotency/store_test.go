package idempotency_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/idempotency"
	"github.com/trellis-go/trellis/test/testkit"
)

// TestStoreContract goes through every statement on every engine.
func TestStoreContract(t *testing.T) {
	testkit.Shows(t, testkit.Repositories)
	suite := testkit.Suite{}
	for name, scenario := range map[string]func(*testing.T, *office, testkit.Client, *testkit.Clock){
		"a key is taken once and has its answer":  keyTaken,
		"a key is let go of after an error":       keyReleased,
		"a key is free when its time is over":     keyForgotten,
		"keys that count for nothing are deleted": keysSwept,
	} {
		suite[name] = func(t *testing.T, m *database.Manager) {
			db, err := m.DB(testkit.Name)
			require.NoError(t, err)
			o, clock := &office{DB: db, free: true}, &testkit.Clock{}
			scenario(t, o, o.open(t, clock), clock)
		}
	}
	testkit.Contract(t, suite)
}

func keyTaken(t *testing.T, o *office, client testkit.Client, _ *testkit.Clock) {
	o.before = func(context.Context) error {
		sell(client, "k", seat).Must(http.StatusConflict)
		return nil
	}
	first := sell(client, "k", seat).Must(http.StatusCreated)
	again := sell(client, "k", seat).Must(http.StatusCreated)
	assert.Equal(t, first.Header.Get("ETag"), again.Header.Get("ETag"))
	assert.Equal(t, "true", again.Header.Get(idempotency.ReplayedHeader))
	sell(client, "k", `{"seat":"A2"}`).Must(http.StatusUnprocessableEntity)
}

func keyReleased(_ *testing.T, o *office, client testkit.Client, _ *testkit.Clock) {
	o.before = func(context.Context) error { return errSoldOut }
	sell(client, "k", seat).Must(http.StatusConflict)
	o.before = nil
	sell(client, "k", seat).Must(http.StatusCreated)
}

func keyForgotten(_ *testing.T, _ *office, client testkit.Client, clock *testkit.Clock) {
	sell(client, "k", seat).Must(http.StatusCreated)
	clock.Advance(retention + time.Minute)
	sell(client, "k", `{"seat":"A2"}`).Must(http.StatusCreated)
}

func keysSwept(t *testing.T, o *office, client testkit.Client, clock *testkit.Clock) {
	sell(client, "k", seat).Must(http.StatusCreated)
	clock.Advance(retention + time.Minute)
	for _, want := range []int{1, 0} {
		found, err := testkit.KeysAt(t, clock.Now).Sweep(t.Context(), o.DB, 10)
		require.NoError(t, err)
		assert.Equal(t, want, found)
	}
}
