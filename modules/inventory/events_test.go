package inventory_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/inventory"
	"github.com/trellis-go/trellis/modules/inventory/inventoryapi"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/test/testkit"
)

// post keeps what is sent to it.
type post struct{ sent []broker.Message }

func (p *post) Publish(_ context.Context, messages []broker.Message) []error {
	p.sent = append(p.sent, messages...)
	return make([]error, len(messages))
}

func TestEveryChangeOfStockIsAnEvent(t *testing.T) {
	databases := testkit.Database(t)
	repo, err := inventory.NewRepository(settings, databases)
	require.NoError(t, err)
	events, now := outbox.New(clock.System), clock.Fixed(noon)
	house := house{inventory.NewService(repo, stocked, events, now), t, repo}
	house.put(tea, "main", 5)
	require.NoError(t, house.reserve("first", never, line(tea, 3)))
	require.ErrorIs(t, house.reserve("refused", never, line(tea, 3)), inventory.ErrInsufficientStock)
	require.NoError(t, house.Commit(t.Context(), "first"))
	require.NoError(t, house.reserve("second", noon, line(tea, 2)))
	require.NoError(t, house.Release(t.Context(), "second"))
	require.NoError(t, house.reserve("third", noon, line(tea, 2)))
	_, err = house.Expire(t.Context())
	require.NoError(t, err)

	to := &post{}
	relay := events.NewRelay(outbox.Config{Batch: 100, Poll: time.Minute, Lease: time.Minute}, repo.DB, to, testkit.Quiet())
	var running sync.WaitGroup
	running.Go(func() { assert.NoError(t, relay.Run(context.Background())) })
	require.NoError(t, relay.Drain(t.Context()))
	running.Wait()
	var seen []string
	for i, message := range to.sent {
		var told inventoryapi.ChangedV1
		require.NoError(t, json.Unmarshal(message.Data, &told))
		assert.Equal(t, "stock.changed.v1", message.Type)
		assert.Equal(t, tea, message.Subject)
		assert.Equal(t, []any{tea, "main", noon, int64(i + 1)}, []any{told.ProductID, told.Location, told.ChangedAt, told.Version})
		seen = append(seen, fmt.Sprint(told.Reason, " ", told.OnHand, " ", told.Reserved, " ", told.Available))
	}
	assert.Equal(t, []string{
		"received 5 0 5", "reserved 5 3 2", "sold 2 0 2", "reserved 2 2 0", "released 2 0 2", "reserved 2 2 0", "expired 2 0 2",
	}, seen)
}
