package catalog_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/catalog"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/test/testkit"
)

// skus are the SKUs of a page, in order.
func skus(answer testkit.Answer) []string {
	var all []string
	for _, item := range answer.JSON()["items"].([]any) {
		all = append(all, item.(map[string]any)["sku"].(string))
	}
	return all
}

// walk reads a list to its end by following the links, and gives the SKUs and the number of pages.
func walk(t *testing.T, client testkit.Client, address string) (all []string, pages int) {
	t.Helper()
	for address != "" {
		answer := client.Get(address).Must(200)
		all = append(all, skus(answer)...)
		pages++
		require.Less(t, pages, 100)
		address = ""
		for _, link := range answer.Header.Values("Link") {
			if target, rel, _ := strings.Cut(link, ">; "); rel == `rel="next"` {
				address = strings.TrimPrefix(target, "<")
			}
		}
	}
	return all, pages
}

// shop is a client of a catalog of ten products with equal prices in pairs.
func shop(t *testing.T) testkit.Client {
	t.Helper()
	tick := noon
	client := serveAt(t, func() time.Time { tick = tick.Add(time.Second); return tick })
	for i := range 10 {
		body := fmt.Sprintf(`{"sku":"P%d","name":"%c product","price_cents":%d,"currency":"EUR","active":%t,"categories":["%s"]}`,
			i, "jIhGfEdCbA"[i], i/2*100, i%2 == 0, []string{"Even", "Odd"}[i%2])
		create(t, client, body)
	}
	return client
}

func TestListsAreSortedBothWays(t *testing.T) {
	client := shop(t)
	for _, test := range []struct{ sort, first, last string }{
		{"name", "P9", "P0"}, // without regard to case
		{"price", "P0", "P9"},
		{"created_at", "P0", "P9"},
	} {
		up := skus(client.Get("/api/v1/products?sort=" + test.sort).Must(200))
		down := skus(client.Get("/api/v1/products?sort=-" + test.sort).Must(200))
		assert.Len(t, up, 10)
		assert.Equal(t, test.first, up[0], test.sort)
		assert.Equal(t, test.last, up[9], test.sort)
		slices.Reverse(down)
		assert.Equal(t, up, down, test.sort)
	}
}

func TestTheNewestComesFirstByDefault(t *testing.T) {
	assert.Equal(t, "P9", skus(shop(t).Get("/api/v1/products"))[0])
}

func TestPagesTogetherAreTheWholeList(t *testing.T) {
	client := shop(t)
	for _, sort := range []string{"name", "-name", "price", "-price", "created_at", "-created_at"} {
		whole := skus(client.Get("/api/v1/products?sort=" + sort))
		for _, limit := range []int{1, 3, 5, 10} {
			paged, pages := walk(t, client, fmt.Sprintf("/api/v1/products?sort=%s&limit=%d", sort, limit))
			assert.Equal(t, whole, paged, "sort %s, limit %d", sort, limit)
			assert.Equal(t, (10+limit-1)/limit, pages)
		}
	}
}

func TestTheNextPageKeepsThePathAndTheFilters(t *testing.T) {
	client := shop(t)
	paged, _ := walk(t, client, "/api/products?limit=2&category=even&sort=price")
	assert.Equal(t, []string{"P0", "P2", "P4", "P6", "P8"}, paged)
}

func TestListsAreFiltered(t *testing.T) {
	client := shop(t)
	for query, want := range map[string][]string{
		"active=true":                             {"P0", "P2", "P4", "P6", "P8"},
		"active=false&max_price_cents=100":        {"P1", "P3"},
		"category=ODD":                            {"P1", "P3", "P5", "P7", "P9"},
		"category=nothing":                        nil,
		"min_price_cents=300&max_price_cents=300": {"P6", "P7"},
		"max_price_cents=0":                       {"P0", "P1"},
		"q=A+PROD":                                {"P9"},
		"q=p3":                                    {"P3"},
		"q=%25":                                   nil,
	} {
		assert.Equal(t, want, skus(client.Get("/api/v1/products?sort=created_at&"+query).Must(200)), query)
	}
}

func TestBadListRequestsAreRefused(t *testing.T) {
	client := shop(t)
	first := client.Get("/api/v1/products?limit=2&sort=price").JSON()
	cursor := url.QueryEscape(first["next_cursor"].(string))
	for query, want := range map[string]struct {
		status        int
		code, pointer string
	}{
		"sort=colour":                {422, "validation_failed", "/sort"},
		"limit=0":                    {422, "validation_failed", "/limit"},
		"limit=201":                  {422, "validation_failed", "/limit"},
		"limit=many":                 {422, "validation_failed", "/limit"},
		"active=perhaps":             {422, "validation_failed", "/active"},
		"page=2":                     {422, "validation_failed", "/page"},
		"cursor=nonsense":            {400, "invalid_cursor", "/cursor"},
		"cursor=e30":                 {400, "invalid_cursor", "/cursor"},
		"sort=name&cursor=" + cursor: {400, "invalid_cursor", "/cursor"},
		"sort=price&active=true&cursor=" + cursor: {400, "invalid_cursor", "/cursor"},
	} {
		doc := client.Get("/api/v1/products?" + query).Must(want.status).Problem()
		assert.Equal(t, want.code, doc.Code, query)
		require.NotEmpty(t, doc.Errors, query)
		assert.Equal(t, want.pointer, doc.Errors[0].Pointer, query)
	}
}

// forge puts another value into a cursor.
func forge(t *testing.T, cursor, kind, value string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	require.NoError(t, err)
	fields := map[string]string{}
	require.NoError(t, json.Unmarshal(text, &fields))
	fields["t"], fields["v"] = kind, value
	text, err = json.Marshal(fields)
	require.NoError(t, err)
	return base64.RawURLEncoding.EncodeToString(text)
}

func TestACursorWithAnotherValueIsRefusedWhereTheOrderHasNoSuchValues(t *testing.T) {
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		client := testkit.Serve(t, catalog.New(catalog.NewHandler(settings, newService(t, m), testkit.Keys(t))).Module)
		create(t, client, tea("TEA-1"), tea("TEA-2"))
		for _, c := range []struct {
			sort, kind, value string
			status            int
		}{
			{"-created_at", "s", "x", 400}, {"-created_at", "i", "7", 400},
			{"created_at", "t", "0000-01-01T00:00:00+14:00", 400}, {"created_at", "t", "9999-12-31T23:59:59-14:00", 400},
			{"created_at", "t", "0001-01-01T00:00:01Z", 200}, {"-created_at", "t", "9999-12-31T23:59:59.999999Z", 200},
			{"price", "s", "x", 400}, {"price", "t", "2026-01-01T00:00:00Z", 400}, {"-price", "i", "-9223372036854775808", 200},
			{"name", "i", "7", 400}, {"name", "t", "2026-01-01T00:00:00Z", 400}, {"name", "s", "x", 200},
		} {
			first := client.Get("/api/v1/products?limit=1&sort=" + c.sort).Must(200).JSON()
			cursor := forge(t, first["next_cursor"].(string), c.kind, c.value)
			answer := client.Get("/api/v1/products?limit=1&sort=" + c.sort + "&cursor=" + cursor)
			require.Equal(t, c.status, answer.Status, "%+v: %s", c, answer.Body)
			if c.status == 400 {
				assert.Equal(t, "invalid_cursor", answer.Problem().Code)
				assert.Equal(t, "/cursor", answer.Problem().Errors[0].Pointer)
			}
		}
	})
}

func TestAPageIsNotDisturbedByWhatIsAddedBeforeIt(t *testing.T) {
	client := shop(t)
	first := client.Get("/api/v1/products?limit=4&sort=-created_at").JSON()
	create(t, client, tea("NEW"))
	next := client.Get("/api/v1/products?limit=4&sort=-created_at&cursor=" + url.QueryEscape(first["next_cursor"].(string)))
	assert.Equal(t, []string{"P5", "P4", "P3", "P2"}, skus(next))
}
