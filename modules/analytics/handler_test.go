package analytics_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/modules/analytics"
	"github.com/trellis-go/trellis/modules/order/orderapi"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/migrate"
	"github.com/trellis-go/trellis/test/testkit"
)

// serve is a client of the module alone, who may read reports, and the module.
func serve(t *testing.T) (testkit.Client, shop) {
	t.Helper()
	s := open(t, testkit.Database(t))
	return testkit.Serve(t, s.module.Module), s
}

// buy tells of orders that are placed and paid at these times, each for 20 euros.
func buy(t *testing.T, s shop, times ...time.Time) {
	t.Helper()
	for i, at := range times {
		tell(t, s, 2*i, s.OrderPlaced, orderapi.PlacedV1{Order: order(i, at)})
		tell(t, s, 2*i+1, s.OrderPaid, orderapi.PaidV1{Order: order(i, at)})
	}
}

type salesReport struct {
	Currencies []struct {
		Currency      string
		Orders, Units int64
		RevenueCents  int64 `json:"revenue_cents"`
		Points        []salesPoint
	}
	About struct{ From, To, Language string }
}

type salesPoint struct {
	Start  string
	Orders int64
}

func reported(t *testing.T, client testkit.Client, query string, header ...string) salesReport {
	t.Helper()
	var report salesReport
	client.Get("/api/reports/sales?"+query, header...).Must(http.StatusOK).Into(&report)
	return report
}

func at(text string) time.Time {
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return moment.UTC()
}

func TestSalesHaveEveryIntervalOfThePeriod(t *testing.T) {
	client, s := serve(t)
	buy(t, s, at("2026-11-02T10:00:00Z"), at("2026-11-04T23:59:59Z"), at("2026-11-04T00:00:00Z"), at("2026-11-05T00:00:00Z"))
	report := reported(t, client, "from=2026-11-01&to=2026-11-04")
	require.Len(t, report.Currencies, 1)
	euros := report.Currencies[0]
	assert.Equal(t, "EUR", euros.Currency)
	assert.Equal(t, []salesPoint{
		{"2026-11-01T00:00:00Z", 0}, {"2026-11-02T00:00:00Z", 1}, {"2026-11-03T00:00:00Z", 0}, {"2026-11-04T00:00:00Z", 2},
	}, euros.Points)
	assert.Equal(t, []int64{3, 6, 6000}, []int64{euros.Orders, euros.Units, euros.RevenueCents})
}

func TestMoneyOfTwoCurrenciesIsNeverAddedUp(t *testing.T) {
	client, s := serve(t)
	dollars := order(8, hour(1))
	dollars.Currency = "USD"
	buy(t, s, hour(1))
	tell(t, s, 100, s.OrderPaid, orderapi.PaidV1{Order: dollars})
	report := reported(t, client, "interval=month")
	require.Len(t, report.Currencies, 2)
	for i, currency := range []string{"EUR", "USD"} {
		assert.Equal(t, currency, report.Currencies[i].Currency)
		assert.Equal(t, int64(2000), report.Currencies[i].RevenueCents)
	}
}

func TestADayIsOneOfTheTimeZoneAlsoWhenItsClocksAreChanged(t *testing.T) {
	client, s := serve(t)
	buy(t, s,
		at("2026-10-24T21:59:59Z"), // the 24th in Berlin, where it is 23:59:59
		at("2026-10-24T22:00:00Z"), // the 25th, which has 25 hours
		at("2026-10-25T22:59:59Z"), // still
		at("2026-10-25T23:00:00Z"), // the 26th
	)
	want := []salesPoint{{"2026-10-24T00:00:00+02:00", 1}, {"2026-10-25T00:00:00+02:00", 2}, {"2026-10-26T00:00:00+01:00", 1}}
	query := "from=2026-10-24&to=2026-10-26"
	assert.Equal(t, want, reported(t, client, query+"&time_zone=Europe/Berlin").Currencies[0].Points)

	hours := reported(t, client, "from=2026-10-25&to=2026-10-25&interval=hour&time_zone=Europe/Berlin").Currencies[0].Points
	assert.Len(t, hours, 25)
	assert.Equal(t, "2026-10-25T02:00:00+02:00", hours[2].Start)
	assert.Equal(t, "2026-10-25T02:00:00+01:00", hours[3].Start)
}

func TestPointsBeginWhereIntervalsDo(t *testing.T) {
	for _, test := range []struct {
		query, first, last string
		points             int
	}{
		{"from=2026-03-29&to=2026-03-29&interval=hour&time_zone=Europe/Berlin", "2026-03-29T00:00:00+01:00", "2026-03-29T23:00:00+02:00", 23},
		{"from=2026-11-01&to=2026-11-30&interval=week&time_zone=Europe/Berlin", "2026-10-26T00:00:00+01:00", "2026-11-30T00:00:00+01:00", 6},
		{"from=2026-01-15&to=2026-12-31&interval=month&time_zone=America/New_York", "2026-01-01T00:00:00-05:00", "2026-12-01T00:00:00-05:00", 12},
		{"from=2026-11-24&to=2026-11-24&interval=hour&time_zone=Asia/Kathmandu", "2026-11-24T00:00:00+05:45", "2026-11-24T23:00:00+05:45", 24},
		// Clocks go from 00:00 to 01:00: the day begins at 01:00.
		{"from=2026-04-23&to=2026-04-25&time_zone=Africa/Cairo", "2026-04-23T00:00:00+02:00", "2026-04-25T00:00:00+03:00", 3},
		// A day was left out in Apia, and on Lord Howe clocks are changed by half an hour.
		{"from=2011-12-29&to=2011-12-31&time_zone=Pacific/Apia", "2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00", 2},
		{"from=2011-12-30&to=2011-12-31&time_zone=Pacific/Apia", "2011-12-31T00:00:00+14:00", "2011-12-31T00:00:00+14:00", 1},
		{"from=2026-04-05&to=2026-04-05&interval=hour&time_zone=Australia/Lord_Howe", "2026-04-05T00:00:00+11:00", "2026-04-05T23:00:00+10:30", 25},
		{"from=2026-04-05T01:40:00%2B10:30&to=2026-04-05T07:00:00Z&interval=hour&time_zone=Australia/Lord_Howe", "2026-04-05T01:30:00+10:30", "2026-04-05T17:00:00+10:30", 17},
		{"from=2026-10-04&to=2026-10-04&interval=hour&time_zone=Australia/Lord_Howe", "2026-10-04T00:00:00+10:30", "2026-10-04T23:00:00+11:00", 24},
		{"from=2026-04-24&to=2026-04-24&time_zone=Africa/Cairo", "2026-04-24T01:00:00+03:00", "2026-04-24T01:00:00+03:00", 1},
		// Clocks go from 01:00 back to 00:00: the day begins with the first of the two.
		{"from=2026-11-01&to=2026-11-02&time_zone=America/Havana", "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00", 2},
	} {
		client, s := serve(t)
		var report salesReport
		buy(t, s, at("2026-04-24T12:00:00Z"), at("2026-03-29T12:00:00Z"), at("2026-11-01T12:00:00Z"), at("2026-11-24T12:00:00Z"),
			at("2011-12-30T12:00:00Z"), at("2026-04-05T06:00:00Z"), at("2026-10-04T06:00:00Z"))
		client.Get("/api/reports/sales?" + test.query).Must(http.StatusOK).Into(&report)
		require.Len(t, report.Currencies, 1, test.query)
		points := report.Currencies[0].Points
		assert.Len(t, points, test.points, test.query)
		assert.Equal(t, test.first, points[0].Start, test.query)
		assert.Equal(t, test.last, points[len(points)-1].Start, test.query)
	}
}

func TestWithoutAPeriodItIsTheLast30Days(t *testing.T) {
	client, _ := serve(t)
	report := reported(t, client, "time_zone=Europe/Berlin", "Accept-Language", "de-AT")
	assert.Equal(t, "2026-10-26T00:00:00+01:00", report.About.From)
	assert.Equal(t, "2026-11-25T00:00:00+01:00", report.About.To)
	assert.Equal(t, "de-AT", report.About.Language)
	assert.Empty(t, report.Currencies)
}

func TestAPeriodThatIsNoneIsRefusedWithTheRule(t *testing.T) {
	client, _ := serve(t)
	for query, pointer := range map[string]string{
		"from=yesterday": "/from", "from=1999-12-31": "/from", "to=2026-13-01": "/to", "to=2300-01-01": "/to",
		"from=2026-11-24&to=2026-11-23": "/to", "from=2026-11-24T12:00:00Z&to=2026-11-24T12:00:00Z": "/to",
	} {
		document := client.Get("/api/reports/sales?" + query).Must(http.StatusUnprocessableEntity).Problem()
		require.Len(t, document.Errors, 1, query)
		assert.Equal(t, pointer, document.Errors[0].Pointer, query)
	}
	both := client.Get("/api/reports/baskets?from=a&to=b").Must(http.StatusUnprocessableEntity).Problem()
	assert.Len(t, both.Errors, 2)
	long := client.Get("/api/reports/sales?from=2020-01-01&interval=hour").Must(http.StatusUnprocessableEntity).Problem()
	assert.Equal(t, "too_many_points", long.Code)
}

func TestTopProductsAreRankedByRevenueOrQuantity(t *testing.T) {
	client, s := serve(t)
	o := order(1, hour(1))
	o.Lines = append(o.Lines, orderapi.Line{ProductID: productID(2), SKU: "TEA-2", Name: "=Black tea", Quantity: 5, PriceCents: 10})
	tell(t, s, 1, s.OrderPlaced, orderapi.PlacedV1{Order: o})
	tell(t, s, 2, s.OrderPaid, orderapi.PaidV1{Order: o})
	names := func(query string) []string {
		var report struct {
			Currencies []struct {
				Products []struct{ Name, SKU, State string }
			}
		}
		client.Get("/api/reports/top-products" + query).Must(http.StatusOK).Into(&report)
		var found []string
		for _, product := range report.Currencies[0].Products {
			found = append(found, product.Name)
			assert.Equal(t, "active", product.State)
		}
		return found
	}
	assert.Equal(t, []string{"Green tea", "=Black tea"}, names(""))
	assert.Equal(t, []string{"=Black tea"}, names("?by=quantity&limit=1"))

	answer := client.Get("/api/v1/reports/top-products/export").Must(http.StatusOK)
	assert.Equal(t, "currency,rank,product_id,sku,name,state,quantity,revenue_cents\n"+
		"EUR,1,"+productID(1)+",TEA-1,Green tea,active,2,2000\n"+
		"EUR,2,"+productID(2)+",TEA-2,'=Black tea,active,5,50\n", answer.Body, "a spreadsheet must not take a name for a formula")
}

func TestConversionAndBasketsAreReported(t *testing.T) {
	client, s := serve(t)
	buy(t, s, hour(1), hour(2))
	place(t, s, 7, 8)
	steps := client.Get("/api/reports/conversion").Must(http.StatusOK).JSON()["steps"].([]any)
	require.Len(t, steps, 5)
	assert.Equal(t, map[string]any{"step": "placed", "orders": 4.0, "rate": 1.0, "median_seconds": nil}, steps[0])
	assert.Equal(t, map[string]any{"step": "paid", "orders": 2.0, "rate": 0.5, "median_seconds": 0.0}, steps[1])
	assert.Equal(t, map[string]any{"step": "expired", "orders": 0.0, "rate": 0.0, "median_seconds": nil}, steps[4])
	baskets := client.Get("/api/reports/baskets").Must(http.StatusOK).JSON()["currencies"].([]any)[0].(map[string]any)
	assert.InEpsilon(t, 4000.0, baskets["revenue_cents"], 0)
	assert.Contains(t, baskets["quantiles"], map[string]any{"quantile": 0.99, "cents": 2000.0})
}

func TestEveryReportIsStreamedAsCSV(t *testing.T) {
	client, s := serve(t)
	buy(t, s, hour(1))
	for report, want := range map[string]string{
		"sales?from=2026-11-23&to=2026-11-24&time_zone=Europe/Berlin": "start,currency,orders,units,revenue_cents\n" +
			"2026-11-23T00:00:00+01:00,EUR,0,0,0\n2026-11-24T00:00:00+01:00,EUR,1,2,2000\n",
		"sales?to=2026-11-01": "start,currency,orders,units,revenue_cents\n",
		"conversion":          "step,orders,rate,median_seconds\nplaced,1,1,\npaid,1,1,0\nshipped,0,0,\ncanceled,0,0,\nexpired,0,0,\n",
		"baskets": "currency,quantile,cents\nEUR,0.1,2000\nEUR,0.25,2000\nEUR,0.5,2000\nEUR,0.75,2000\nEUR,0.9,2000\n" +
			"EUR,0.95,2000\nEUR,0.99,2000\n",
	} {
		name, query, _ := strings.Cut(report, "?")
		answer := client.Get("/api/reports/" + name + "/export?" + query).Must(http.StatusOK)
		assert.Equal(t, "text/csv", answer.Header.Get("Content-Type"))
		assert.Contains(t, answer.Header.Get("Content-Disposition"), `filename=`+name+`_2026-`)
		assert.Equal(t, want, answer.Body, report)
	}
	client.Get("/api/reports/sales/export?from=never").Must(http.StatusUnprocessableEntity)
}

func TestReportsAreForStaff(t *testing.T) {
	s := open(t, testkit.Database(t))
	staff := testkit.ServeBehind(t, testkit.Gate(t, auth.Permissions{auth.Staff: {analytics.Read}}), s.module.Module).As(auth.Staff)
	staff.Get("/api/reports/sales").Must(http.StatusOK)
	staff.As(auth.Customer).Get("/api/reports/sales").Must(http.StatusForbidden)
	staff.With("").Get("/api/reports/sales/export").Must(http.StatusUnauthorized)
}

func TestWithoutItsWarehouseAReportIsUnavailableAndSaysWhenToComeAgain(t *testing.T) {
	m := testkit.Start(t, database.Configs{testkit.Name: testkit.EmptySQLite(t), "warehouse": {Driver: "clickhouse",
		DSN: "http://127.0.0.1:1/none", ConnectTimeout: time.Millisecond}})
	require.NoError(t, migrate.New(m, migrations.Files, testkit.Quiet()).Ensure(t.Context(), true))
	s := open(t, m)
	client := testkit.Serve(t, s.module.Module)
	place(t, s, 1)
	for _, path := range []string{"sales", "top-products", "conversion", "baskets", "sales/export", "top-products/export", "conversion/export", "baskets/export"} {
		answer := client.Get("/api/reports/" + path).Must(http.StatusServiceUnavailable)
		assert.Equal(t, "warehouse_unavailable", answer.Problem().Code, path)
	}
	assert.Equal(t, "10", client.Get("/api/reports/sales").Header.Get("Retry-After"))
	assert.Equal(t, int64(1), waiting(t, s), "what happens meanwhile is kept")
}

func TestTheDashboardIsAPageOfItsOwnScripts(t *testing.T) {
	client, _ := serve(t)
	page := client.With("").Get("/dashboard").Must(http.StatusOK)
	assert.Contains(t, page.Header.Get("Content-Security-Policy"), "script-src 'self'")
	assert.Contains(t, page.Body, "<title>")
}
