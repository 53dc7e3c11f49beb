package catalog_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/catalog"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestAProductIsCreatedAndRead(t *testing.T) {
	client := serve(t)
	made := client.Do("POST", "/api/v1/products",
		tea("TEA-1", `"description":"Loose leaf"`, `"categories":["Tea","Organic"]`)).Must(http.StatusCreated)

	product := made.JSON()
	assert.Equal(t, path(product), made.Header.Get("Location"))
	assert.Equal(t, `"1"`, made.Header.Get("ETag"))
	assert.Equal(t, map[string]any{
		"id": product["id"], "sku": "TEA-1", "name": "Green tea", "description": "Loose leaf", "price_cents": 1299.0,
		"currency": "EUR", "active": true, "categories": []any{"Organic", "Tea"}, "version": 1.0,
		"created_at": noon.Format(time.RFC3339), "updated_at": noon.Format(time.RFC3339),
	}, product)

	read := client.Get(path(product)).Must(http.StatusOK)
	assert.Equal(t, product, read.JSON())
	assert.Equal(t, `"1"`, read.Header.Get("ETag"))
}

func TestV2ShowsThePriceAsAnAmountOfMoney(t *testing.T) {
	client := serve(t)
	made := client.Do("POST", "/api/v2/products",
		`{"sku":"TEA-1","name":"Tea","price":{"amount_cents":500,"currency":"USD"}}`).Must(http.StatusCreated).JSON()
	assert.Equal(t, map[string]any{"amount_cents": 500.0, "currency": "USD"}, made["price"])
	assert.NotContains(t, made, "price_cents")

	v1 := client.Get(path(made)).Must(http.StatusOK).JSON()
	assert.InDelta(t, 500, v1["price_cents"], 0)
}

func TestWhatIsLeftOutHasItsDefault(t *testing.T) {
	made := create(t, serve(t), tea("TEA-1"))
	assert.Equal(t, true, made["active"])
	assert.Equal(t, []any{}, made["categories"])
	assert.Empty(t, made["description"])
}

func TestAnInactiveProductCanBeCreated(t *testing.T) {
	assert.Equal(t, false, create(t, serve(t), tea("TEA-1", `"active":false`))["active"])
}

func TestBadProductsAreRefusedAndNothingIsWritten(t *testing.T) {
	client := serve(t)
	create(t, client, tea("TAKEN"))
	for name, test := range map[string]struct {
		method, path, body string
		status             int
		code, pointer      string
	}{
		"malformed JSON":     {"POST", "/api/v1/products", `{"sku":`, 400, "malformed_body", ""},
		"a wrong type":       {"POST", "/api/v1/products", tea("A", `"description":5`), 422, "validation_failed", "/description"},
		"an unknown field":   {"POST", "/api/v1/products", tea("A", `"colour":"green"`), 422, "validation_failed", "/colour"},
		"a negative price":   {"POST", "/api/v1/products", `{"sku":"A","name":"A","price_cents":-1,"currency":"EUR"}`, 422, "validation_failed", "/price_cents"},
		"a fraction":         {"POST", "/api/v1/products", `{"sku":"A","name":"A","price_cents":1.5,"currency":"EUR"}`, 422, "validation_failed", "/price_cents"},
		"a bad currency":     {"POST", "/api/v1/products", `{"sku":"A","name":"A","price_cents":1,"currency":"euro"}`, 422, "validation_failed", "/currency"},
		"a blank name":       {"POST", "/api/v1/products", `{"sku":"A","name":"  ","price_cents":1,"currency":"EUR"}`, 422, "validation_failed", "/name"},
		"a SKU with space":   {"POST", "/api/v1/products", tea("A B"), 422, "validation_failed", "/sku"},
		"a SKU beyond ASCII": {"POST", "/api/v1/products", tea("TÉ"), 422, "validation_failed", "/sku"},
		"a blank category":   {"POST", "/api/v1/products", tea("A", `"categories":[" "]`), 422, "validation_failed", "/categories"},
		"a taken SKU":        {"POST", "/api/v1/products", tea("TAKEN"), 409, "sku_taken", "/sku"},
		"an over-long body":  {"POST", "/api/v1/products", tea("A", `"description":"`+strings.Repeat("x", 1<<20)+`"`), 413, "payload_too_large", ""},
		"an unknown version": {"POST", "/api/v7/products", tea("A"), 400, "unknown_version", ""},
		"v1's price in v2":   {"POST", "/api/v2/products", tea("A"), 422, "validation_failed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			doc := client.Do(test.method, test.path, test.body).Must(test.status).Problem()
			assert.Equal(t, test.code, doc.Code)
			if test.pointer != "" {
				require.NotEmpty(t, doc.Errors)
				assert.Equal(t, test.pointer, doc.Errors[0].Pointer)
			}
		})
	}
	assert.Len(t, client.Get("/api/v1/products").JSON()["items"], 1)
}

func TestAnUnknownProductIsNotFound(t *testing.T) {
	client := serve(t)
	for _, id := range []string{"0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c01", "nonsense"} {
		assert.Equal(t, "product_not_found", client.Get("/api/v1/products/"+id).Must(404).Problem().Code)
	}
}

func TestAReaderWhoHasTheVersionGetsNoBody(t *testing.T) {
	client := serve(t)
	product := create(t, client, tea("TEA-1"))
	for _, tag := range []string{`"1"`, `W/"1"`, `"7", "1"`, `*`} {
		answer := client.Get(path(product), "If-None-Match", tag).Must(http.StatusNotModified)
		assert.Empty(t, answer.Body)
		assert.Equal(t, `"1"`, answer.Header.Get("ETag"))
	}
	client.Get(path(product), "If-None-Match", `"2"`).Must(http.StatusOK)
}

func TestAProductIsReplaced(t *testing.T) {
	client := serve(t)
	product := create(t, client, tea("TEA-1", `"description":"old"`, `"categories":["A","B"]`))
	replaced := client.Do("PUT", path(product), tea("TEA-2", `"categories":["b","C"]`), "If-Match", `"1"`).Must(200)
	assert.Equal(t, `"2"`, replaced.Header.Get("ETag"))
	after := client.Get(path(product)).JSON()
	assert.Equal(t, replaced.JSON(), after)
	assert.Equal(t, "TEA-2", after["sku"])
	assert.Empty(t, after["description"], "what is left out goes back to its default")
	assert.Equal(t, []any{"B", "C"}, after["categories"], "categories are found without regard to case")
}

func TestWhatWasReadCanBeSentBack(t *testing.T) {
	client := serve(t)
	product := create(t, client, tea("TEA-1"))
	whole := client.Get(path(product))
	client.Do("PUT", path(product), whole.Body, "If-Match", whole.Header.Get("ETag")).Must(200)
}

func TestReadOnlyMembersAreIgnored(t *testing.T) {
	client := serve(t)
	made := create(t, client, tea("TEA-1", `"id":"0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c01"`, `"version":9`))
	assert.InDelta(t, 1, made["version"], 0)
	assert.NotEqual(t, "0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c01", made["id"])
}

func TestAPatchChangesOnlyWhatItNames(t *testing.T) {
	client := serve(t)
	product := create(t, client, tea("TEA-1", `"description":"old"`, `"active":false`, `"categories":["A"]`))
	patched := client.Do("PATCH", path(product), `{"price_cents":1,"description":null}`,
		"If-Match", `"1"`, "Content-Type", "application/merge-patch+json").Must(200).JSON()
	assert.InDelta(t, 1, patched["price_cents"], 0)
	assert.Empty(t, patched["description"], "null takes a member back to its default")
	assert.Equal(t, false, patched["active"])
	assert.Equal(t, []any{"A"}, patched["categories"])
	assert.Equal(t, "Green tea", patched["name"])
}

func TestAPatchReachesIntoTheV2Price(t *testing.T) {
	client := serve(t)
	product := create(t, client, tea("TEA-1"))
	id := product["id"].(string)
	patched := client.Do("PATCH", "/api/v2/products/"+id, `{"price":{"amount_cents":7}}`, "If-Match", `"1"`).Must(200).JSON()
	assert.Equal(t, map[string]any{"amount_cents": 7.0, "currency": "EUR"}, patched["price"])
}

func TestBadPatchesAreRefusedAndNothingIsWritten(t *testing.T) {
	client := serve(t)
	product := create(t, client, tea("TEA-1"), tea("TEA-2"))
	for name, test := range map[string]struct {
		body, code, pointer string
		status              int
	}{
		"a required member taken away": {`{"name":null}`, "validation_failed", "", 422},
		"a rule broken":                {`{"price_cents":-1}`, "validation_failed", "/price_cents", 422},
		"a number written as 1.0":      {`{"price_cents":1.0}`, "validation_failed", "", 422},
		"an unknown member":            {`{"colour":"green"}`, "validation_failed", "/colour", 422},
		"another's SKU":                {`{"sku":"TEA-1"}`, "sku_taken", "/sku", 409},
		"not an object":                {`[]`, "validation_failed", "", 422},
	} {
		t.Run(name, func(t *testing.T) {
			doc := client.Do("PATCH", path(product), test.body, "If-Match", `"1"`).Must(test.status).Problem()
			assert.Equal(t, test.code, doc.Code)
			if test.pointer != "" {
				assert.Equal(t, test.pointer, doc.Errors[0].Pointer)
			}
		})
	}
	assert.Equal(t, product, client.Get(path(product)).JSON())
}

func TestAChangeNeedsTheCurrentVersion(t *testing.T) {
	client := serve(t)
	product := create(t, client, tea("TEA-1"))
	for _, method := range []string{"PUT", "PATCH", "DELETE"} {
		body := map[string]string{"PUT": tea("X"), "PATCH": `{"sku":"X"}`}[method]
		assert.Equal(t, "precondition_required", client.Do(method, path(product), body).Must(428).Problem().Code)
		stale := client.Do(method, path(product), body, "If-Match", `"7"`).Must(412).Problem()
		assert.Equal(t, "precondition_failed", stale.Code)
		weak := client.Do(method, path(product), body, "If-Match", `W/"1"`).Must(412).Problem()
		assert.Equal(t, "precondition_failed", weak.Code, "a weak tag promises nothing for writing")
	}
	assert.Equal(t, product, client.Get(path(product)).JSON())
	client.Do("DELETE", path(product), "", "If-Match", "*").Must(http.StatusNoContent)
}

func TestADeletedProductIsGoneAndItsSKUFree(t *testing.T) {
	client := serve(t)
	product := create(t, client, tea("TEA-1"))
	deleted := client.Do("DELETE", path(product), "", "If-Match", `"1"`).Must(http.StatusNoContent)
	assert.Empty(t, deleted.Body)
	client.Get(path(product)).Must(404)
	client.Do("PUT", path(product), tea("TEA-1"), "If-Match", `"2"`).Must(404)
	client.Do("DELETE", path(product), "", "If-Match", `"2"`).Must(404)
	assert.Empty(t, client.Get("/api/v1/products").JSON()["items"])
	create(t, client, tea("TEA-1"))
}

func TestOfManyChangesOfOneVersionOneWins(t *testing.T) {
	testkit.Shows(t, testkit.Repositories)
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		service := newService(t, m)
		product, err := service.CreateProduct(t.Context(), draft("TEA-1"))
		require.NoError(t, err)
		onlyFirst := func(version int64) error {
			if version != 1 {
				return errStale
			}
			return nil
		}
		var won, lost int
		var lock sync.Mutex
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				_, err := service.UpdateProduct(t.Context(), product.ID, onlyFirst, func(*catalog.Product) (catalog.Draft, error) {
					return draft(fmt.Sprintf("NEW-%d", i)), nil
				})
				lock.Lock()
				defer lock.Unlock()
				switch {
				case err == nil:
					won++
				case errors.Is(err, errStale):
					lost++
				default:
					assert.NoError(t, err)
				}
			})
		}
		all.Wait()
		assert.Equal(t, 1, won)
		assert.Equal(t, 15, lost)
	})
}

func TestManyUnconditionalChangesAllSucceedOneAfterTheOther(t *testing.T) {
	testkit.Shows(t, testkit.Repositories)
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		service := newService(t, m)
		product, err := service.CreateProduct(t.Context(), draft("TEA-1", "A", "B"))
		require.NoError(t, err)
		always := func(int64) error { return nil }
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				_, err := service.UpdateProduct(t.Context(), product.ID, always, func(p *catalog.Product) (catalog.Draft, error) {
					next := draft("TEA-1", "A", "B")
					next.PriceCents = p.PriceCents + 1
					return next, nil
				})
				assert.NoError(t, err)
			})
		}
		all.Wait()
		after, err := service.Product(t.Context(), product.ID)
		require.NoError(t, err)
		assert.Equal(t, product.PriceCents+16, after.PriceCents, "no change was lost")
		assert.Equal(t, int64(17), after.Version)
	})
}

func TestTheLongestTextsAreStoredOnEveryEngine(t *testing.T) {
	testkit.Shows(t, testkit.Repositories)
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		service := newService(t, m)
		longest := draft(strings.Repeat("S", 64), strings.Repeat("ΐ", 100))
		longest.Name = strings.Repeat("ΐ", 200) // three letters when its case is folded
		longest.Description = strings.Repeat("😀", 10_000)
		made, err := service.CreateProduct(t.Context(), longest)
		require.NoError(t, err)
		read, err := service.Product(t.Context(), made.ID)
		require.NoError(t, err)
		assert.Equal(t, made, read)
	})
}

func TestTextThatIsNotUTF8IsNotStoredAndFindsNothing(t *testing.T) {
	testkit.Shows(t, testkit.Repositories)
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		client := testkit.Serve(t, catalog.New(catalog.NewHandler(settings, newService(t, m), testkit.Keys(t))).Module)
		client.Do("POST", "/api/v1/products", "{\"sku\":\"A\",\"name\":\"\xff\",\"price_cents\":1,\"currency\":\"EUR\"}").Must(400)
		create(t, client, tea("B", `"categories":["Tea"]`))
		for _, query := range []string{"q=%ff", "category=%ff"} {
			client.Get("/api/v1/products?" + query).Must(400)
		}
		assert.Empty(t, client.Get("/api/v1/products?q=%00").Must(200).JSON()["items"])
		client.Get("/api/v1/products/%ff").Must(404)
	})
}

func TestAProductIsCreatedOnceForAKey(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		client := testkit.Serve(t, catalog.New(catalog.NewHandler(settings, newService(t, m), testkit.Keys(t))).Module)
		first := client.Do("POST", "/api/v2/products", `{"sku":"A","name":"Tea","price":{"amount_cents":1,"currency":"EUR"}}`, "Idempotency-Key", "k").Must(201)
		again := client.Do("POST", "/api/v2/products", `{"sku":"A","name":"Tea","price":{"amount_cents":1,"currency":"EUR"}}`, "Idempotency-Key", "k").Must(201)
		assert.Equal(t, first.Body, again.Body)
		assert.Equal(t, first.Header.Get("Location"), again.Header.Get("Location"))
		client.Do("POST", "/api/v1/products", tea("B"), "Idempotency-Key", "k").Must(422)
		client.Do("POST", "/api/v1/products", tea("A"), "Idempotency-Key", "another").Must(409)
		client.Do("POST", "/api/v1/products", tea("C"), "Idempotency-Key", "another").Must(201)
	})
}
