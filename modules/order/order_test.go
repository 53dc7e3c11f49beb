package order_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/inventory/inventoryapi"
	"github.com/trellis-go/trellis/modules/order"
	"github.com/trellis-go/trellis/modules/order/orderapi"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/test/testkit"
)

var errTooFew = problem.Define(http.StatusConflict, "test_too_few", "Too few", "")

func TestAnOrderHasThePricesOfTheMomentAndItsStock(t *testing.T) {
	s := open(t, testkit.Database(t))
	answer := s.customer().Do("POST", "/api/v2/orders", lines(tea, 2, mug, 1), "Idempotency-Key", key()).Must(http.StatusCreated)
	made := answer.JSON()
	assert.Equal(t, path(made, ""), answer.Header.Get("Location"))
	assert.Equal(t, `"1"`, answer.Header.Get("ETag"))
	eur := func(cents float64) map[string]any { return map[string]any{"amount_cents": cents, "currency": "EUR"} }
	assert.Equal(t, map[string]any{
		"id": made["id"], "customer_id": "ada", "status": "placed", "total": eur(3298), "payment_status": "none", "carrier": "",
		"tracking": "", "version": 1.0, "placed_at": made["placed_at"], "expires_at": made["expires_at"], "updated_at": made["placed_at"],
		"lines": []any{
			map[string]any{"product_id": tea, "sku": "TEA-1", "name": "Green tea", "quantity": 2.0, "price": eur(1299)},
			map[string]any{"product_id": mug, "sku": "MUG-1", "name": "Mug", "quantity": 1.0, "price": eur(700)},
		},
	}, made)
	assert.Equal(t, "reserved 2", s.stock.of(id(made)))
	expires, err := time.Parse(time.RFC3339Nano, made["expires_at"].(string))
	require.NoError(t, err)
	assert.True(t, s.stock.until[id(made)].After(expires), "the order is to expire first")

	s.catalog.price(tea, 9999)
	assert.Equal(t, made, s.customer().Get(path(made, "")).Must(200).JSON())
}

func TestV1ShowsPricesAsCents(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.customer().Do("POST", "/api/v1/orders", lines(tea, 2), "Idempotency-Key", key()).Must(http.StatusCreated).JSON()
	assert.InDelta(t, 2598, made["total_cents"], 0)
	assert.Equal(t, "EUR", made["currency"])
	assert.InDelta(t, 1299, made["lines"].([]any)[0].(map[string]any)["price_cents"], 0)
	assert.NotContains(t, made, "total")
}

func TestLinesThatCannotBeOrderedAreNamed(t *testing.T) {
	s := open(t, testkit.Database(t))
	for body, want := range map[string]string{
		lines(tea, 1, unknown, 1):                     "/lines/1/product_id no product has this id",
		lines(retired, 1):                             "/lines/0/product_id the product is not offered",
		lines(tea, 1, book, 1):                        "/lines/1/product_id is sold in USD, and a line before in EUR: make an order for each currency",
		lines(tea, 1, mug, 1, tea, 2):                 "/lines/2/product_id is the product of line 0, too: order more pieces there",
		lines(tea, 0):                                 "/lines/0/quantity expected number >= 1",
		lines(tea, 1001):                              "/lines/0/quantity expected number <= 1000",
		`{"lines":[]}`:                                "/lines expected array length >= 1",
		manyLines(101):                                "/lines expected array length <= 100",
		`{"lines":[{"quantity":1}]}`:                  "/lines/0 expected required property product_id to be present",
		strings.Replace(lines(tea, 1), tea, "tea", 1): "/lines/0/product_id expected string to be RFC 4122 uuid: invalid UUID length: 3",
	} {
		refused := s.customer().Do("POST", "/api/v2/orders", body, "Idempotency-Key", key()).Must(422).Problem()
		require.NotEmpty(t, refused.Errors, body)
		assert.Equal(t, want, refused.Errors[0].Pointer+" "+refused.Errors[0].Detail)
	}
	all := s.customer().Do("POST", "/api/v2/orders", lines(unknown, 1, tea, 1, retired, 1), "Idempotency-Key", key()).Must(422).Problem()
	assert.Len(t, all.Errors, 2, "all that is wrong is told at once")
	assert.Empty(t, s.Get("/api/v2/orders").Must(200).JSON()["items"])
	assert.Empty(t, s.stock.asked)
}

func manyLines(n int) string {
	pairs := make([]any, 0, 2*n)
	for i := range n {
		pairs = append(pairs, uuid(i), 1)
	}
	return lines(pairs...)
}

func TestAnOrderThatStockIsMissingForIsNotPlaced(t *testing.T) {
	s := open(t, testkit.Database(t))
	s.stock.reserve = func(string, []inventoryapi.Line, time.Time) error { return errTooFew.New("2 are there") }
	refused := s.customer().Do("POST", "/api/v2/orders", lines(tea, 3), "Idempotency-Key", key()).Must(http.StatusConflict).Problem()
	assert.Equal(t, "test_too_few", refused.Code)
	assert.Empty(t, s.Get("/api/v2/orders").Must(200).JSON()["items"])
	assert.Empty(t, s.told())
}

func TestAnOrderIsPlacedOnceForItsKey(t *testing.T) {
	s := open(t, testkit.Database(t))
	assert.Equal(t, "idempotency_key_required", s.customer().Do("POST", "/api/v2/orders", lines(tea, 1)).Must(400).Problem().Code)
	first := s.customer().Do("POST", "/api/v2/orders", lines(tea, 1), "Idempotency-Key", "mine").Must(201)
	again := s.customer().Do("POST", "/api/v2/orders", lines(tea, 1), "Idempotency-Key", "mine").Must(201)
	assert.Equal(t, first.Body, again.Body)
	assert.Equal(t, first.Header.Get("Location"), again.Header.Get("Location"))
	s.customer().Do("POST", "/api/v2/orders", lines(tea, 2), "Idempotency-Key", "mine").Must(422)
	other := s.as("bob", auth.Customer).Do("POST", "/api/v2/orders", lines(tea, 1), "Idempotency-Key", "mine").Must(201)
	assert.NotEqual(t, first.Body, other.Body, "a key is of whoever sends it")
	assert.Len(t, s.Get("/api/v2/orders").Must(200).JSON()["items"], 2)
}

func TestOrdersOfOthersDoNotExist(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	bob, staff := s.as("bob", auth.Customer), s.as("eve", auth.Staff)
	for _, answer := range []testkit.Answer{
		bob.Get(path(made, "")), bob.Get(path(made, "history")), bob.Do("POST", path(made, "pay"), `{"method":"card"}`),
		bob.Do("POST", path(made, "cancel"), ""), s.customer().Get("/api/v2/orders/" + unknown), s.customer().Get(path(made, "") + "%20"),
	} {
		assert.Equal(t, "order_not_found", answer.Must(http.StatusNotFound).Problem().Code)
	}
	bob.Do("POST", path(made, "ship"), "").Must(http.StatusForbidden)
	assert.Equal(t, made, staff.Get(path(made, "")).Must(200).JSON())
	assert.Equal(t, "placed none", s.status(made))
}

func TestEverybodyListsTheirOwnOrders(t *testing.T) {
	s := open(t, testkit.Database(t))
	var own []string
	for range 3 {
		s.clock.Advance(time.Second)
		own = append([]string{id(s.place(tea, 1))}, own...)
	}
	bob, staff := s.as("bob", auth.Customer), s.as("eve", auth.Staff)
	s.clock.Advance(time.Second)
	his := id(bob.Do("POST", "/api/v2/orders", lines(mug, 1), "Idempotency-Key", key()).Must(201).JSON())
	s.customer().Do("POST", "/api/v2/orders/"+own[1]+"/cancel", "").Must(200)
	listed := func(client testkit.Client, query string) (ids []string) {
		for _, item := range client.Get("/api/v2/orders" + query).Must(200).JSON()["items"].([]any) {
			ids = append(ids, id(item.(map[string]any)))
		}
		return ids
	}
	assert.Equal(t, own, listed(s.customer(), ""))
	assert.Equal(t, own, listed(s.customer(), "?customer_id=ada"))
	assert.Empty(t, listed(s.customer(), "?customer_id=bob"), "not somebody else's")
	assert.Equal(t, []string{his}, listed(bob, ""))
	assert.Equal(t, append([]string{his}, own...), listed(staff, ""))
	assert.Equal(t, own, listed(staff, "?customer_id=ada"))
	assert.Equal(t, own[1:2], listed(staff, "?status=canceled"))
	first := s.customer().Get("/api/v2/orders?limit=2&sort=placed_at").Must(200).JSON()
	assert.Equal(t, own[:1], listed(s.customer(), "?limit=2&sort=placed_at&cursor="+first["next_cursor"].(string)))
	s.customer().Get("/api/v2/orders?cursor=x").Must(400)
	s.customer().Get("/api/v2/orders/" + own[0] + "/history?cursor=x").Must(400)
}

func TestAnOrderIsReadConditionally(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	s.customer().Get(path(made, ""), "If-None-Match", `"1"`).Must(http.StatusNotModified)
	s.customer().Do("POST", path(made, "pay"), `{"method":"card"}`, "If-Match", `"7"`).Must(http.StatusPreconditionFailed)
	s.customer().Do("POST", path(made, "pay"), `{"method":"card"}`, "If-Match", `"1"`).Must(http.StatusOK)
	s.customer().Get(path(made, ""), "If-None-Match", `"1"`).Must(http.StatusOK)
}

func TestTheHistorySaysWhoDidWhatWhenAndWhy(t *testing.T) {
	s := open(t, testkit.Database(t))
	made := s.place(tea, 1)
	s.customer().Do("POST", path(made, "pay"), `{"method":"card"}`).Must(200)
	s.as("eve", auth.Staff).Do("POST", path(made, "cancel"), `{"reason":"out of tea"}`).Must(200)
	var seen []string
	for _, item := range s.customer().Get(path(made, "history")).Must(200).JSON()["items"].([]any) {
		one := item.(map[string]any)
		seen = append(seen, fmt.Sprint(one["from"], " → ", one["to"], " by ", one["actor"], ": ", one["reason"]))
	}
	assert.Equal(t, []string{"<nil> → placed by ada: ", "placed → paid by ada: ", "paid → canceled by eve: out of tea"}, seen)
}

func TestEveryMoveOfAnOrderIsAnEvent(t *testing.T) {
	s := open(t, testkit.Database(t))
	shipped := s.place(tea, 2)
	s.customer().Do("POST", path(shipped, "pay"), `{"method":"card"}`).Must(200)
	s.Do("POST", path(shipped, "ship"), `{"carrier":"DHL","tracking":"4711"}`).Must(200)
	canceled := s.place(mug, 1)
	s.customer().Do("POST", path(canceled, "cancel"), `{"reason":"too dear"}`).Must(200)
	s.customer().Do("POST", path(canceled, "cancel"), ``).Must(409)
	expired := s.place(mug, 1)
	s.clock.Advance(settings.PaymentWindow)
	_, err := s.Expire(t.Context())
	require.NoError(t, err)

	var types []string
	versions := map[string]int64{}
	for _, message := range s.told() {
		types = append(types, message.Type)
		var told orderapi.CanceledV1
		require.NoError(t, json.Unmarshal(message.Data, &told))
		assert.Equal(t, message.Subject, told.ID)
		assert.Equal(t, message.Type, "order."+told.Status+".v1")
		assert.Greater(t, told.Version, versions[told.ID], "versions grow")
		versions[told.ID] = told.Version
		if told.ID == id(shipped) {
			assert.Equal(t, []orderapi.Line{{ProductID: tea, SKU: "TEA-1", Name: "Green tea", Quantity: 2, PriceCents: 1299}}, told.Lines)
			assert.Equal(t, int64(2598), told.TotalCents)
		}
		if told.Status == "canceled" {
			assert.Equal(t, "too dear", told.Reason)
		}
	}
	assert.Equal(t, []string{
		"order.placed.v1", "order.paid.v1", "order.shipped.v1", "order.placed.v1", "order.canceled.v1", "order.placed.v1", "order.expired.v1",
	}, types)
	assert.Equal(t, "expired none", s.status(expired))
}

func TestADatabaseThatIsNotConfiguredIsNamed(t *testing.T) {
	_, err := order.NewRepository(order.Config{Database: "elsewhere"}, testkit.Database(t))
	require.ErrorContains(t, err, "modules.order.database")
}
