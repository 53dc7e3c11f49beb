package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/catalog/catalogapi"
	"github.com/trellis-go/trellis/modules/inventory"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/test/testkit"
)

func adjustment(productID string, delta int, more ...string) string {
	return fmt.Sprintf(`{"product_id":%q,"delta":%d,"reason":"received"%s}`, productID, delta, strings.Join(more, ""))
}

// adjust sends an adjustment, with a key of its own.
func adjust(client testkit.Client, body string) testkit.Answer {
	return client.Do("POST", "/api/v2/stock/adjustments", body, "Idempotency-Key", id.New())
}

func TestAnAdjustmentIsAnEntryOfTheLedger(t *testing.T) {
	client := open(t, testkit.Database(t), clock.Fixed(noon)).client()
	made := adjust(client, adjustment(tea, 5, `,"note":"Delivery 4711"`)).Must(http.StatusCreated).JSON()
	assert.Equal(t, map[string]any{
		"id": made["id"], "product_id": tea, "location": "main", "delta": 5.0, "on_hand": 5.0, "version": 1.0, "reason": "received",
		"note": "Delivery 4711", "reference": "", "actor": "admin", "created_at": noon.Format(time.RFC3339),
	}, made)
	client.Do("POST", "/api/v1/stock/adjustments", `{"product_id":"`+tea+`","location":"main","delta":-2,"reason":"damaged"}`,
		"Idempotency-Key", id.New()).Must(http.StatusCreated)

	listed := client.Get("/api/v1/stock/entries?sort=created_at&product_id=" + tea).Must(http.StatusOK).JSON()["items"].([]any)
	require.Len(t, listed, 2)
	assert.Equal(t, made, listed[0])
	assert.Equal(t, []any{-2.0, 3.0, 2.0, "damaged"}, []any{
		listed[1].(map[string]any)["delta"], listed[1].(map[string]any)["on_hand"], listed[1].(map[string]any)["version"],
		listed[1].(map[string]any)["reason"],
	})
	assert.Empty(t, client.Get("/api/v1/stock/entries?product_id=" + mug).Must(200).JSON()["items"])
}

func TestStockNeverFallsBelowWhatIsReserved(t *testing.T) {
	house := open(t, testkit.Database(t), clock.System)
	house.put(tea, "main", 5)
	require.NoError(t, house.reserve("order", never, line(tea, 3)))
	client := house.client()
	refused := adjust(client, adjustment(tea, -3)).Must(http.StatusConflict).Problem()
	assert.Equal(t, "insufficient_stock", refused.Code)
	assert.Equal(t, "2 pieces of the product "+tea+" can be taken from main", refused.Detail)
	assert.Equal(t, "must be at least -2", refused.Errors[0].Detail)
	adjust(client, adjustment(tea, -2)).Must(http.StatusCreated)
	assert.Equal(t, map[string][2]int64{"main": {3, 3}}, house.stock(tea))
}

func TestAdjustmentsThatMakeNoSenseAreRefused(t *testing.T) {
	house := open(t, testkit.Database(t), clock.System)
	client := house.client()
	for body, pointer := range map[string]string{
		adjustment(unknown, 1): "/product_id", adjustment("tea", 1): "/product_id", adjustment(tea, 0): "/delta",
		adjustment(tea, 1_000_000_001): "/delta", adjustment(tea, 1, `,"location":"Main hall"`): "/location",
		`{"product_id":"` + tea + `","delta":1,"reason":"sold"}`: "/reason", `{"product_id":"` + tea + `","delta":1}`: "",
	} {
		refused := adjust(client, body).Must(http.StatusUnprocessableEntity).Problem()
		require.Len(t, refused.Errors, 1, body)
		assert.Equal(t, pointer, refused.Errors[0].Pointer, body)
	}
	adjust(client, adjustment(tea, 1_000_000_000)).Must(http.StatusCreated)
	refused := adjust(client, adjustment(tea, 1)).Must(http.StatusUnprocessableEntity).Problem()
	assert.Contains(t, refused.Errors[0].Detail, "must be at most 0")
	assert.Empty(t, house.stock(mug))
}

func TestAnAdjustmentIsMadeOnceForAKey(t *testing.T) {
	house := open(t, testkit.Database(t), clock.System)
	client := house.client()
	first := client.Do("POST", "/api/v2/stock/adjustments", adjustment(tea, 5), "Idempotency-Key", "delivery").Must(http.StatusCreated)
	again := client.Do("POST", "/api/v2/stock/adjustments", adjustment(tea, 5), "Idempotency-Key", "delivery").Must(http.StatusCreated)
	assert.Equal(t, first.Body, again.Body)
	assert.Equal(t, map[string][2]int64{"main": {5, 0}}, house.stock(tea))
}

func TestAnAdjustmentNeedsAKey(t *testing.T) {
	house := open(t, testkit.Database(t), clock.System)
	refused := house.client().Do("POST", "/api/v2/stock/adjustments", adjustment(tea, 5)).Must(http.StatusBadRequest).Problem()
	assert.Equal(t, "idempotency_key_required", refused.Code)
	assert.Empty(t, house.stock(tea))
}

func TestEverybodyMayKnowHowManyCanBeHad(t *testing.T) {
	house := open(t, testkit.Database(t), clock.System)
	house.put(tea, "main", 5)
	house.put(tea, "cellar", 2)
	require.NoError(t, house.reserve("order", never, line(tea, 4)))
	anybody := house.client().With("")
	for _, version := range []string{"v1", "v2"} {
		assert.Equal(t, map[string]any{"product_id": tea, "available": 3.0},
			anybody.Get("/api/"+version+"/availability/"+tea).Must(200).JSON())
	}
	assert.InDelta(t, 0, anybody.Get("/api/v2/availability/" + mug).Must(200).JSON()["available"], 0)
	assert.Equal(t, "product_unknown", anybody.Get("/api/v2/availability/"+unknown).Must(404).Problem().Code)
}

func TestStockIsForThoseWhoRunTheHouse(t *testing.T) {
	client := open(t, testkit.Database(t), clock.System).client().As(auth.Customer)
	for _, path := range []string{"/stock", "/stock/entries?product_id=" + tea, "/stock/reservations?product_id=" + tea} {
		client.Get("/api/v2" + path).Must(http.StatusForbidden)
	}
	adjust(client, adjustment(tea, 1)).Must(http.StatusForbidden)
}

func TestStockIsListedByProductAndLocation(t *testing.T) {
	house := open(t, testkit.Database(t), clock.Fixed(noon))
	house.put(mug, "main", 1)
	house.put(tea, "main", 2)
	house.put(tea, "cellar", 3)
	client := house.client()
	places := func(query string) (seen []string) {
		for _, item := range client.Get("/api/v2/stock" + query).Must(200).JSON()["items"].([]any) {
			one := item.(map[string]any)
			seen = append(seen, fmt.Sprint(one["product_id"], " ", one["location"], " ", one["available"]))
		}
		return seen
	}
	assert.Equal(t, []string{tea + " cellar 3", tea + " main 2", mug + " main 1"}, places(""))
	assert.Equal(t, []string{tea + " cellar 3", tea + " main 2"}, places("?product_id="+tea))
	assert.Equal(t, []string{tea + " main 2", mug + " main 1"}, places("?location=main"))
	first := client.Get("/api/v2/stock?limit=2").Must(200).JSON()
	assert.Equal(t, []string{mug + " main 1"}, places("?limit=2&cursor="+first["next_cursor"].(string)))
	for _, path := range []string{"/stock?", "/stock/entries?product_id=" + tea, "/stock/reservations?product_id=" + tea} {
		assert.Equal(t, "invalid_cursor", client.Get("/api/v2"+path+"&cursor=x").Must(400).Problem().Code)
	}
}

func TestACatalogThatFailsChangesNothing(t *testing.T) {
	databases := testkit.Database(t)
	repo, err := inventory.NewRepository(settings, databases)
	require.NoError(t, err)
	broken := errors.New("the catalog is on fire")
	service := inventory.NewService(repo, shelves{func(context.Context, []string) (map[string]catalogapi.Product, error) {
		return nil, broken
	}}, outbox.New(clock.System), clock.System)
	_, err = service.Adjust(t.Context(), inventory.Adjustment{ProductID: tea, Location: "main", Delta: 1, Reason: "received"})
	require.ErrorIs(t, err, broken)
	_, err = service.Available(t.Context(), tea)
	require.ErrorIs(t, err, broken)
}

func TestADatabaseThatIsNotConfiguredIsNamed(t *testing.T) {
	_, err := inventory.NewRepository(inventory.Config{Database: "elsewhere"}, testkit.Database(t))
	require.ErrorContains(t, err, "modules.inventory.database")
}
