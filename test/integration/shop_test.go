//go:build integration

package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/test/testkit"
	"github.com/trellis-go/trellis/test/testkit/graph"
)

// servers are the variables of a service that stands on MariaDB, Redis, RabbitMQ and ClickHouse.
func servers(t *testing.T) []string {
	t.Helper()
	variables, _ := behind(t)
	shared, _ := sharing(t)
	url, exchange := testkit.RabbitMQ(t), "shop."+id.New()
	t.Cleanup(func() { takeAway(t, url, exchange) })
	return append(append(variables, shared...),
		"TRELLIS_DATABASES_WAREHOUSE_DRIVER=clickhouse", "TRELLIS_DATABASES_WAREHOUSE_DSN="+testkit.EmptyClickHouse(t).DSN.Reveal(),
		"TRELLIS_BROKER_DRIVER=rabbitmq", "TRELLIS_BROKER_URL="+url, "TRELLIS_BROKER_EXCHANGE="+exchange)
}

// takeAway deletes what the service has declared in RabbitMQ.
func takeAway(t *testing.T, url, exchange string) {
	t.Helper()
	connection, err := amqp.Dial(url)
	require.NoError(t, err)
	defer func() { _ = connection.Close() }()
	channel, err := connection.Channel()
	require.NoError(t, err)
	for _, module := range graph.New(t).Modules {
		for _, s := range module.Subscriptions {
			for _, queue := range []string{exchange + "." + s.Name, exchange + "." + s.Name + ".dead"} {
				_, err := channel.QueueDelete(queue, false, false, false)
				require.NoError(t, err)
			}
		}
	}
	require.NoError(t, channel.ExchangeDelete(exchange, false, false))
}

// receiver is a server of somebody else that takes deliveries, and keeps those whose signature is right.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	secret string
	types  map[string]int // what came, by the type of the event
	forged int
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{types: map[string]int{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		verifier, err := standardwebhooks.NewWebhook(r.secret)
		if err != nil || verifier.Verify(body, request.Header) != nil {
			r.forged++
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var event struct{ Type string }
		_ = json.Unmarshal(body, &event)
		r.types[event.Type]++
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) received() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	came := map[string]int{}
	for name, times := range r.types {
		came[name] = times
	}
	return came
}

// as sends a request of whoever has the token and reads the answer, which must have that status.
func (p *process) as(token string, want int, method, path, body string, header ...string) map[string]any {
	p.t.Helper()
	answer, text := p.do(method, path, body, append(header, "Authorization", token)...)
	require.Equal(p.t, want, answer.StatusCode, "%s %s: %s", method, path, text)
	var read map[string]any
	require.NoError(p.t, json.Unmarshal([]byte(text), &read))
	return read
}

// register makes a customer and signs them in.
func (p *process) register(email string) (token string) {
	p.t.Helper()
	account := fmt.Sprintf(`{"email":%q,"password":"seven green bottles"}`, email)
	answer, body := p.do("POST", "/api/v2/auth/register", account)
	require.Equal(p.t, http.StatusCreated, answer.StatusCode, body)
	answer, body = p.do("POST", "/api/v2/auth/login", account)
	require.Equal(p.t, http.StatusOK, answer.StatusCode, body)
	var pair struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(p.t, json.Unmarshal([]byte(body), &pair))
	return "Bearer " + pair.AccessToken
}

// TestAShopFromTheFirstCustomerToTheReport goes the way of a whole business, over HTTP alone.
func TestAShopFromTheFirstCustomerToTheReport(t *testing.T) {
	for name, variables := range map[string]func(*testing.T) []string{
		"embedded": func(*testing.T) []string { return nil }, "servers": servers,
	} {
		t.Run(name, func(t *testing.T) {
			hooks := receive(t)
			server := start(t, append(variables(t), "TRELLIS_MODULES_WEBHOOK_ALLOW_HTTP=true", "TRELLIS_MODULES_WEBHOOK_ALLOW_PRIVATE=true",
				"TRELLIS_MODULES_ANALYTICS_BATCH_AGE=100ms")...)
			admin, customer := server.bearer(), server.register("ada@example.com")
			hook := server.as(admin, 201, "POST", "/api/v2/webhooks", fmt.Sprintf(`{"url":%q,"events":["order.*"]}`, hooks.URL))
			hooks.mu.Lock()
			hooks.secret = hook["secret"].(string)
			hooks.mu.Unlock()

			imported := server.as(admin, 200, "POST", "/api/v2/products/import",
				"sku,name,price_cents,currency\nTEA-1,Green tea,1299,EUR\nCUP-1,Cup,500,EUR\n", "Content-Type", "text/csv")
			require.EqualValues(t, 2, imported["created"])
			_, body := server.do("GET", "/api/v2/products/by-sku/TEA-1", "")
			var tea struct{ ID string }
			require.NoError(t, json.Unmarshal([]byte(body), &tea))
			server.as(admin, 201, "POST", "/api/v2/stock/adjustments", fmt.Sprintf(`{"product_id":%q,"delta":5,"reason":"received"}`, tea.ID),
				"Idempotency-Key", "delivery")

			order := server.as(customer, 201, "POST", "/api/v2/orders",
				fmt.Sprintf(`{"lines":[{"product_id":%q,"quantity":2}]}`, tea.ID), "Idempotency-Key", "first")
			path := "/api/v2/orders/" + order["id"].(string)
			assert.Equal(t, 3, server.available(tea.ID))
			assert.Equal(t, "paid", server.as(customer, 200, "POST", path+"/pay", `{"method":"card"}`)["status"])
			server.as(customer, 403, "POST", path+"/ship", "")
			assert.Equal(t, "shipped", server.as(admin, 200, "POST", path+"/ship", `{"carrier":"DHL"}`)["status"])

			require.Eventually(t, func() bool { return len(hooks.received()) == 3 }, 30*time.Second, 10*time.Millisecond)
			assert.Equal(t, map[string]int{"order.placed.v1": 1, "order.paid.v1": 1, "order.shipped.v1": 1}, hooks.received())
			assert.Zero(t, hooks.forged)
			assert.Eventually(t, func() bool {
				_, sales := server.do("GET", "/api/v2/reports/sales?time_zone=Europe/Berlin", "", "Authorization", admin)
				_, top := server.do("GET", "/api/v2/reports/top-products", "", "Authorization", admin)
				return strings.Contains(sales, `"revenue_cents":2598`) && strings.Contains(top, `"sku":"TEA-1"`)
			}, 30*time.Second, 50*time.Millisecond, "the report shows it")
		})
	}
}
