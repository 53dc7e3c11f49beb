//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// eachShop runs a test on the embedded defaults and, where there is one, on MySQL.
func eachShop(t *testing.T, run func(t *testing.T, server *process), variables ...string) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, start(t, variables...)) })
	t.Run("mysql", func(t *testing.T) {
		database, _ := behind(t)
		run(t, start(t, append(variables, database...)...))
	})
}

// stocked makes a product of which there are so many pieces, and gives its id.
func (p *process) stocked(sku string, pieces int) string {
	p.t.Helper()
	productID := p.create(sku)["id"].(string)
	answer, body := p.do("POST", "/api/v2/stock/adjustments",
		fmt.Sprintf(`{"product_id":%q,"delta":%d,"reason":"received"}`, productID, pieces), "Authorization", p.bearer(),
		"Idempotency-Key", "delivery-"+sku)
	require.Equal(p.t, http.StatusCreated, answer.StatusCode, body)
	return productID
}

func (p *process) available(productID string) (available int) {
	p.t.Helper()
	_, body := p.do("GET", "/api/v2/availability/"+productID, "")
	var answer struct{ Available *int }
	require.NoError(p.t, json.Unmarshal([]byte(body), &answer), body)
	require.NotNil(p.t, answer.Available, body)
	return *answer.Available
}

// order asks for one piece of each product, and gives the status, the code of the problem and the body.
func (p *process) order(key string, productIDs ...string) (status int, code, body string) {
	lines := ""
	for i, productID := range productIDs {
		if i > 0 {
			lines += ","
		}
		lines += fmt.Sprintf(`{"product_id":%q,"quantity":1}`, productID)
	}
	answer, body, err := p.try("POST", "/api/v2/orders", `{"lines":[`+lines+`]}`, "Authorization", p.bearer(), "Idempotency-Key", key)
	if !assert.NoError(p.t, err) {
		return 0, "", ""
	}
	var document struct{ Code string }
	assert.NoError(p.t, json.Unmarshal([]byte(body), &document), body)
	return answer.StatusCode, document.Code, body
}

// outcomes runs fn so many times, so many of them at once, and counts what it gives.
func outcomes(times, atOnce int, fn func(i int) string) map[string]int {
	numbers := make(chan int)
	go func() {
		defer close(numbers)
		for i := range times {
			numbers <- i
		}
	}()
	var mu sync.Mutex
	counted := map[string]int{}
	var running sync.WaitGroup
	for range atOnce {
		running.Go(func() {
			for i := range numbers {
				outcome := fn(i)
				mu.Lock()
				counted[outcome]++
				mu.Unlock()
			}
		})
	}
	running.Wait()
	return counted
}

func (p *process) orders() (found int) {
	p.t.Helper()
	for path := "/api/v2/orders?limit=200"; path != ""; {
		answer, body := p.do("GET", path, "", "Authorization", p.bearer())
		require.Equal(p.t, http.StatusOK, answer.StatusCode, body)
		var list struct {
			Items []json.RawMessage
			Next  string `json:"next_cursor"`
		}
		require.NoError(p.t, json.Unmarshal([]byte(body), &list))
		found += len(list.Items)
		path = ""
		if list.Next != "" {
			path = "/api/v2/orders?limit=200&cursor=" + list.Next
		}
	}
	return found
}

func TestTheLastTenPiecesAreSoldToTenOfFiftyBuyers(t *testing.T) {
	eachShop(t, func(t *testing.T, server *process) {
		tea := server.stocked("TEA-1", 10)
		server.bearer()
		counted := outcomes(50, 50, func(i int) string {
			status, code, _ := server.order(fmt.Sprint("buyer-", i), tea)
			return fmt.Sprint(status, " ", code)
		})
		assert.Equal(t, map[string]int{"201 ": 10, "409 insufficient_stock": 40}, counted)
		assert.Zero(t, server.available(tea))
		assert.Equal(t, 10, server.orders())
	})
}

func TestCrossedBasketsAreAllServed(t *testing.T) {
	eachShop(t, func(t *testing.T, server *process) {
		tea, mug := server.stocked("TEA-1", 1000), server.stocked("MUG-1", 1000)
		counted := outcomes(200, 40, func(i int) string {
			basket := []string{tea, mug}
			if i%2 == 1 {
				basket = []string{mug, tea}
			}
			status, code, _ := server.order(fmt.Sprint("buyer-", i), basket...)
			return fmt.Sprint(status, " ", code)
		})
		assert.Equal(t, map[string]int{"201 ": 200}, counted)
		assert.Equal(t, 800, server.available(tea))
		assert.Equal(t, 800, server.available(mug))
	})
}

func TestAThousandKeysThatComeFiveTimesAtOnceAreAThousandOrders(t *testing.T) {
	const keys, times = 1000, 5
	eachShop(t, func(t *testing.T, server *process) {
		tea := server.stocked("TEA-1", 2*keys)
		server.bearer()
		var bodies sync.Map
		counted := outcomes(keys*times, 10*times, func(i int) string {
			key := fmt.Sprint("key-", i/times) // beside each other
			status, code, body := server.order(key, tea)
			if status == http.StatusCreated {
				if first, there := bodies.LoadOrStore(key, body); there && first != body {
					return "another answer"
				}
				return "ordered"
			}
			return fmt.Sprint(status, " ", code)
		})
		assert.Equal(t, keys*times, counted["ordered"]+counted["409 idempotency_in_flight"], counted)
		made := 0
		bodies.Range(func(_, _ any) bool { made++; return true })
		assert.Equal(t, keys, made)
		assert.Equal(t, keys, server.orders())
		assert.Equal(t, keys, server.available(tea))
	})
}

func TestAnOrderIsPaidShippedOrExpires(t *testing.T) {
	eachShop(t, func(t *testing.T, server *process) {
		tea := server.stocked("TEA-1", 2)
		_, _, first := server.order("first", tea)
		_, _, second := server.order("second", tea)
		path := func(body string) string {
			var order struct{ ID string }
			require.NoError(t, json.Unmarshal([]byte(body), &order), body)
			return "/api/v2/orders/" + order.ID
		}
		answer, body := server.do("POST", path(first)+"/pay", `{"method":"card"}`, "Authorization", server.bearer())
		require.Equal(t, http.StatusOK, answer.StatusCode, body)
		answer, body = server.do("POST", path(first)+"/ship", "", "Authorization", server.bearer())
		require.Equal(t, http.StatusOK, answer.StatusCode, body)
		require.Eventually(t, func() bool {
			_, body := server.do("GET", path(second), "", "Authorization", server.bearer())
			var order struct{ Status string }
			require.NoError(t, json.Unmarshal([]byte(body), &order), body)
			return order.Status == "expired"
		}, time.Minute, 50*time.Millisecond)
		assert.Equal(t, 1, server.available(tea), "what was not paid can be had again")
	}, "TRELLIS_MODULES_ORDER_PAYMENT_WINDOW=3s", "TRELLIS_MODULES_ORDER_EXPIRE_EVERY=1s")
}
