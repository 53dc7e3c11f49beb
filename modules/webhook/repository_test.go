package webhook_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/webhook"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/test/testkit"
)

// TestRepositoryContract goes through every query of the repository on every engine.
func TestRepositoryContract(t *testing.T) {
	testkit.Shows(t, testkit.Repositories)
	testkit.Contract(t, testkit.Scenarios(func(t *testing.T, m *database.Manager) book {
		repo, err := webhook.NewRepository(settings(), m)
		require.NoError(t, err)
		return book{Repository: repo, ctx: t.Context()}
	}, map[string]func(*testing.T, book){
		"a webhook is found as it was stored":    webhookRoundTrip,
		"a webhook is changed and deleted":       webhookChanged,
		"webhooks have pages in both orders":     webhookPages,
		"active webhooks are found":              webhookActive,
		"a delivery is found as it was stored":   deliveryRoundTrip,
		"deliveries have pages and are filtered": deliveryPages,
		"old deliveries go with their attempts":  deliveryForgotten,
		"attempts are in their order":            attemptOrder,
	}))
}

func TestDeliveriesAreStoredHoweverManyAndLongTheyAre(t *testing.T) {
	for name, c := range map[string]struct{ rows, bytes int }{
		"more values than SQLite takes":              {3000, 2},
		"more bytes than MariaDB takes in a packet":  {50, 400_000},
		"one that is longer than what goes together": {2, 5 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, m *database.Manager) {
				repo, err := webhook.NewRepository(settings(), m)
				require.NoError(t, err)
				deliveries := make([]*webhook.Delivery, c.rows)
				for i := range deliveries {
					deliveries[i] = &webhook.Delivery{
						ID: testkit.ID("d000", i), WebhookID: testkit.ID("a000", i), EventID: "e", EventType: "order.placed.v1",
						Body: bytes.Repeat([]byte("x"), c.bytes), State: webhook.Delivered, CreatedAt: noon,
					}
				}
				require.NoError(t, repo.InTx(t.Context(), func(ctx context.Context) error { return repo.InsertDeliveries(ctx, deliveries) }))
				stored, err := repo.EndedBefore(t.Context(), noon.Add(time.Second), c.rows+1)
				require.NoError(t, err)
				assert.Len(t, stored, c.rows)
			})
		})
	}
}

// book is a repository, with rows to put into it that are the same in each run.
type book struct {
	*webhook.Repository
	ctx context.Context
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 123456000, time.UTC)

func (b book) webhook(t *testing.T, i int, active bool) *webhook.Webhook {
	t.Helper()
	made := &webhook.Webhook{
		ID: testkit.ID("a000", i), URL: fmt.Sprintf("https://example.com/%d", i), Events: "order.* *", Active: active, Secret: "a1.k.x",
		Version: 1, CreatedAt: noon.Add(time.Duration(i) * time.Second), UpdatedAt: noon,
	}
	require.NoError(t, b.InsertWebhook(b.ctx, made))
	return made
}

func (b book) delivery(t *testing.T, i int, state webhook.State) *webhook.Delivery {
	t.Helper()
	made := &webhook.Delivery{
		ID: testkit.ID("d000", i), WebhookID: testkit.ID("a000", 1), EventID: testkit.ID("e000", i), EventType: "order.placed.v1",
		Body: []byte(`{"a":1}`), State: state, NextAt: &noon, CreatedAt: noon.Add(time.Duration(i) * time.Second),
	}
	require.NoError(t, b.InsertDeliveries(b.ctx, []*webhook.Delivery{made}))
	return made
}

func webhookRoundTrip(t *testing.T, b book) {
	made := b.webhook(t, 1, true)
	found, err := b.Webhook(b.ctx, made.ID)
	require.NoError(t, err)
	assert.Equal(t, made, found)
	_, err = b.Webhook(b.ctx, "unknown")
	require.ErrorIs(t, err, webhook.ErrWebhookNotFound)
	ids, err := b.All(b.ctx)
	require.NoError(t, err)
	assert.Equal(t, []string{made.ID}, ids)
}

func webhookChanged(t *testing.T, b book) {
	made := b.webhook(t, 1, true)
	require.NoError(t, b.InTx(b.ctx, func(ctx context.Context) error {
		locked, err := b.LockWebhook(ctx, made.ID)
		require.NoError(t, err)
		locked.Description, locked.Active, locked.OldSecret, locked.DisabledReason = "Äpfel", false, "a1.k.y", "gone"
		locked.OldSecretUntil, locked.FailingSince, locked.DisabledAt, locked.Version = &noon, &noon, &noon, 2
		made = locked
		return b.UpdateWebhook(ctx, locked)
	}))
	found, err := b.Webhook(b.ctx, made.ID)
	require.NoError(t, err)
	assert.Equal(t, made, found)
	require.NoError(t, b.DeleteWebhook(b.ctx, made.ID))
	_, err = b.Webhook(b.ctx, made.ID)
	require.ErrorIs(t, err, webhook.ErrWebhookNotFound)
}

func webhookPages(t *testing.T, b book) {
	for i := 1; i <= 3; i++ {
		b.webhook(t, i, true)
	}
	// A list, not a map: what was recorded of Oracle is replayed in its order.
	for _, order := range []struct {
		sort string
		want [3]int
	}{{"created_at", [3]int{1, 2, 3}}, {"-created_at", [3]int{3, 2, 1}}} {
		wanted, got, want := page.Request{Limit: 2, Sort: order.sort}, []string{}, order.want
		for {
			found, err := b.Webhooks(b.ctx, wanted)
			require.NoError(t, err)
			for _, w := range found.Items {
				got = append(got, w.ID)
			}
			if wanted.After = found.Next; wanted.After == nil {
				break
			}
		}
		assert.Equal(t, []string{testkit.ID("a000", want[0]), testkit.ID("a000", want[1]), testkit.ID("a000", want[2])}, got)
	}
}

func webhookActive(t *testing.T, b book) {
	b.webhook(t, 1, true)
	b.webhook(t, 2, false)
	found, err := b.Active(b.ctx)
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.Equal(t, testkit.ID("a000", 1), found[0].ID)
}

func deliveryRoundTrip(t *testing.T, b book) {
	made := b.delivery(t, 1, webhook.Pending)
	require.NoError(t, b.InTx(b.ctx, func(ctx context.Context) error {
		locked, err := b.LockDelivery(ctx, made.ID)
		require.NoError(t, err)
		assert.Equal(t, made, locked)
		locked.State, locked.Attempts, locked.Round, locked.LastStatus, locked.LastError = webhook.Failed, 3, 2, 500, "no"
		locked.NextAt, locked.FinishedAt = nil, &noon
		made = locked
		return b.UpdateDelivery(ctx, locked)
	}))
	found, err := b.Delivery(b.ctx, made.ID)
	require.NoError(t, err)
	assert.Equal(t, made, found)
	_, err = b.Delivery(b.ctx, "unknown")
	require.ErrorIs(t, err, webhook.ErrDeliveryNotFound)
}

func deliveryPages(t *testing.T, b book) {
	for i, state := range []webhook.State{webhook.Pending, webhook.Delivered, webhook.Pending} {
		b.delivery(t, i+1, state)
	}
	first, err := b.Deliveries(b.ctx, testkit.ID("a000", 1), "", page.Request{Limit: 2, Sort: "-created_at"})
	require.NoError(t, err)
	assert.Equal(t, testkit.ID("d000", 3), first.Items[0].ID)
	assert.Empty(t, first.Items[0].Body)
	second, err := b.Deliveries(b.ctx, testkit.ID("a000", 1), "", page.Request{Limit: 2, Sort: "-created_at", After: first.Next})
	require.NoError(t, err)
	require.Len(t, second.Items, 1)
	pending, err := b.Deliveries(b.ctx, testkit.ID("a000", 1), webhook.Pending, page.Request{Limit: 2, Sort: "created_at"})
	require.NoError(t, err)
	assert.Equal(t, []string{testkit.ID("d000", 1), testkit.ID("d000", 3)}, []string{pending.Items[0].ID, pending.Items[1].ID})
	others, err := b.Deliveries(b.ctx, testkit.ID("a000", 2), "", page.Request{Limit: 2, Sort: "created_at"})
	require.NoError(t, err)
	assert.Empty(t, others.Items)
}

func deliveryForgotten(t *testing.T, b book) {
	for i, state := range []webhook.State{webhook.Failed, webhook.Pending, webhook.Delivered, webhook.Delivered} {
		b.delivery(t, i+1, state)
	}
	require.NoError(t, b.InsertAttempt(b.ctx, &webhook.Attempt{ID: testkit.ID("c000", 1), DeliveryID: testkit.ID("d000", 1), Attempt: 1, StartedAt: noon}))
	require.NoError(t, b.InsertAttempt(b.ctx, &webhook.Attempt{ID: testkit.ID("c000", 2), DeliveryID: testkit.ID("d000", 2), Attempt: 1, StartedAt: noon}))
	old, err := b.EndedBefore(b.ctx, noon.Add(4*time.Second), 1)
	require.NoError(t, err)
	assert.Equal(t, []string{testkit.ID("d000", 1)}, old)
	old, err = b.EndedBefore(b.ctx, noon.Add(4*time.Second), 10)
	require.NoError(t, err)
	assert.Equal(t, []string{testkit.ID("d000", 1), testkit.ID("d000", 3)}, old)
	again := testkit.ID("d000", 2) // as if it had ended when it was looked for
	require.NoError(t, b.InTx(b.ctx, func(ctx context.Context) error {
		gone, err := b.DeleteEnded(ctx, append(old, again))
		assert.Equal(t, 2, gone)
		return err
	}))
	left, err := b.Deliveries(b.ctx, testkit.ID("a000", 1), "", page.Request{Limit: 10, Sort: "created_at"})
	require.NoError(t, err)
	require.Len(t, left.Items, 2)
	attempts, err := b.Attempts(b.ctx, testkit.ID("d000", 1))
	require.NoError(t, err)
	assert.Empty(t, attempts)
	attempts, err = b.Attempts(b.ctx, again)
	require.NoError(t, err)
	assert.Len(t, attempts, 1, "what is sent again keeps its log")
}

func attemptOrder(t *testing.T, b book) {
	second := webhook.Attempt{ID: testkit.ID("c000", 1), DeliveryID: "d", Attempt: 2, StartedAt: noon, Status: 200}
	first := webhook.Attempt{ID: testkit.ID("c000", 2), DeliveryID: "d", Attempt: 1, StartedAt: noon, DurationMS: 12, Error: "no", Response: "nö"}
	require.NoError(t, b.InsertAttempt(b.ctx, &second))
	require.NoError(t, b.InsertAttempt(b.ctx, &first))
	found, err := b.Attempts(b.ctx, "d")
	require.NoError(t, err)
	assert.Equal(t, []webhook.Attempt{first, second}, found)
}
