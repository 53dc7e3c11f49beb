package catalog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/modules/catalog"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/test/testkit"
)

const header = "sku,name,price_cents,currency,active,categories,description\n"

func importCSV(client testkit.Client, query, body string) testkit.Answer {
	return client.Do("POST", "/api/v1/products/import"+query, body, "Content-Type", "text/csv")
}

func TestProductsAreImportedFromCSV(t *testing.T) {
	client := serve(t)
	done := importCSV(client, "", "\ufeff"+header+
		"TEA-1,Green tea,1299,EUR,true,Tea|Organic,\"Loose leaf, 100 g\"\nTEA-2,Black tea,999,EUR,false,Tea,\n").Must(200)
	assert.JSONEq(t, `{"created":2,"updated":0,"failed":0,"errors":[]}`, done.Body)
	items := client.Get("/api/v1/products?sort=name").JSON()["items"].([]any)
	green := items[1].(map[string]any)
	assert.Equal(t, "Loose leaf, 100 g", green["description"])
	assert.Equal(t, []any{"Organic", "Tea"}, green["categories"])
	assert.Equal(t, false, items[0].(map[string]any)["active"])
}

func TestOneWrongRowMeansThatNothingIsImported(t *testing.T) {
	client := serve(t)
	doc := importCSV(client, "?on_error=abort", header+"A,A,1,EUR,,,\nB,B,cheap,EUR,,,\nC,,1,EUR,,,\nD,D,1,EUR,,\n").Must(422).Problem()
	assert.Equal(t, "validation_failed", doc.Code)
	assert.Equal(t, []problem.Field{
		{In: "body", Line: 3, Column: "price_cents", Detail: "must be a whole number of cents"},
		{In: "body", Line: 4, Column: "name", Detail: "must be 1 to 200 characters, not only space"},
		{In: "body", Line: 5, Detail: "must have as many fields as the header"},
	}, doc.Errors)
	assert.Empty(t, client.Get("/api/v1/products").JSON()["items"])
}

func TestWrongRowsAreLeftOutWhenAsked(t *testing.T) {
	client := serve(t)
	create(t, client, tea("TAKEN"))
	done := importCSV(client, "?on_error=skip", header+
		"A,A,1,EUR,,,\nTAKEN,B,1,EUR,,,\nC,C,1,eur,,,\nA,A again,2,EUR,,,\nE,E,1,EUR,perhaps,,\n\"F\"x,F,1,EUR,,,\nG,G,1,EUR,,,\n").Must(200)
	var result struct {
		Created, Updated, Failed int
		Errors                   []struct {
			Line           int
			Column, Detail string
		}
	}
	done.Into(&result)
	assert.Equal(t, 2, result.Created)
	assert.Equal(t, 5, result.Failed)
	var lines []string
	for _, e := range result.Errors {
		lines = append(lines, fmt.Sprintf("%d %s", e.Line, e.Column))
	}
	assert.ElementsMatch(t, []string{"3 sku", "4 currency", "5 sku", "6 active", "7 "}, lines)
	assert.ElementsMatch(t, []string{"TAKEN", "A", "G"}, skus(client.Get("/api/v1/products")))
}

func TestARepeatedSKUAbortsTheWholeImport(t *testing.T) {
	client := serve(t)
	doc := importCSV(client, "", header+"A,A,1,EUR,,,\nB,B,1,EUR,,,\nA,A,1,EUR,,,\n").Must(422).Problem()
	assert.Equal(t, []problem.Field{{In: "body", Line: 4, Column: "sku", Detail: "belongs to another product"}}, doc.Errors)
	assert.Empty(t, client.Get("/api/v1/products").JSON()["items"])
}

func TestExistingProductsAreChangedWhenAsked(t *testing.T) {
	client := serve(t)
	product := create(t, client, tea("TEA-1", `"description":"kept"`, `"active":false`, `"categories":["Kept"]`))
	done := importCSV(client, "?on_duplicate=update", "sku,name,price_cents,currency\nTEA-1,New name,5,USD\nTEA-2,Other,5,USD\nTEA-1,Newer name,6,USD\n").Must(200)
	assert.JSONEq(t, `{"created":1,"updated":2,"failed":0,"errors":[]}`, done.Body)
	after := client.Get(path(product)).JSON()
	assert.Equal(t, "Newer name", after["name"], "the later row wins")
	assert.InDelta(t, 3, after["version"], 0)
	assert.Equal(t, "kept", after["description"], "the file has no such column")
	assert.Equal(t, false, after["active"])
	assert.Equal(t, []any{"Kept"}, after["categories"])
}

func TestFilesThatAreNotWhatTheyShouldBeAreRefused(t *testing.T) {
	client := serve(t)
	for name, test := range map[string]struct{ body, column, detail string }{
		"empty":              {" ", "", "is not a column"},
		"an unknown column":  {"sku,name,price_cents,currency,colour\n", "colour", "is not a column"},
		"a missing column":   {"sku,name,currency\n", "price_cents", "must be there"},
		"a repeated column":  {"sku,name,price_cents,currency,sku\n", "sku", "must not be there twice"},
		"a malformed header": {"sku,na\"me\n", "", "is not well-formed CSV at character 7"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := importCSV(client, "?on_error=skip", test.body).Must(422).Problem()
			require.Len(t, doc.Errors, 1)
			assert.Equal(t, 1, doc.Errors[0].Line)
			assert.Equal(t, test.column, strings.TrimSpace(doc.Errors[0].Column))
			assert.Contains(t, doc.Errors[0].Detail, test.detail)
		})
	}
	assert.Equal(t, "unsupported_media_type", client.Do("POST", "/api/v1/products/import", "{}").Must(415).Problem().Code)
	assert.Equal(t, "payload_too_large", importCSV(client, "", header+strings.Repeat("x", 70_000)).Must(413).Problem().Code)
}

func TestARowWithoutEndDoesNotFillTheMemory(t *testing.T) {
	service := newService(t, testkit.Database(t))
	_, err := service.Import(t.Context(), strings.NewReader(header+`"`+strings.Repeat("x", 2<<20)), catalog.ImportOptions{SkipErrors: true})
	require.ErrorIs(t, err, problem.Invalid)
	assert.Contains(t, err.Error(), "longer than 1 MiB")
}

func TestAQuoteThatIsLeftOpenRefusesTheFile(t *testing.T) {
	client := serve(t)
	doc := importCSV(client, "?on_error=skip", header+"A,A,1,EUR,,,\nB,\"B,1,EUR,,,\nC,C,1,EUR,,,\n").Must(422).Problem()
	assert.Contains(t, doc.Detail, "line 3: a quote is opened and not closed")
	assert.Empty(t, skus(client.Get("/api/v1/products")))
}

func TestOnlyTheFirstHundredWrongRowsAreReported(t *testing.T) {
	done := importCSV(serve(t), "?on_error=skip", header+strings.Repeat("A B,A,1,EUR,,,\n", 150)).Must(200).JSON()
	assert.InDelta(t, 150, done["failed"], 0)
	assert.Len(t, done["errors"], 100)
}

func TestAnExportCanBeImportedAgain(t *testing.T) {
	client := serve(t)
	create(t, client, tea("TEA-1", `"description":"a \"quoted\", text\nof two lines"`, `"categories":["Tea","Organic"]`), tea("TEA-2", `"active":false`))
	exported := client.Get("/api/v1/products/export").Must(200)
	assert.Equal(t, "text/csv", exported.Header.Get("Content-Type"))
	assert.Equal(t, "attachment; filename=products-2026-11-24.csv", exported.Header.Get("Content-Disposition"))

	other := serve(t)
	importCSV(other, "", exported.Body).Must(200)
	strip := func(csv string) string { // what the server sets is not imported
		var lines []string
		for line := range strings.Lines(csv) {
			_, rest, _ := strings.Cut(line, ",")
			lines = append(lines, rest)
		}
		return strings.Join(lines, "")
	}
	assert.Equal(t, strip(exported.Body), strip(other.Get("/api/v1/products/export").Body))
}

func TestAnExportIsFiltered(t *testing.T) {
	client := shop(t)
	body := client.Get("/api/v2/products/export?category=even&max_price_cents=100").Must(200).Body
	assert.Equal(t, 3, strings.Count(body, "\n"), body)
}

func TestManyRowsAreImportedOnEveryEngine(t *testing.T) {
	testkit.Shows(t, testkit.Repositories)
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) {
		service := newService(t, m)
		var file strings.Builder
		file.WriteString(header)
		for i := range 1234 {
			fmt.Fprintf(&file, "SKU-%d,Product %d,%d,EUR,true,C%d|All,\n", i, i, i, i%7)
		}
		result, err := service.Import(t.Context(), strings.NewReader(file.String()), catalog.ImportOptions{})
		require.NoError(t, err)
		assert.Equal(t, 1234, result.Created)

		again, err := service.Import(t.Context(), strings.NewReader(file.String()), catalog.ImportOptions{SkipErrors: true, UpdateDuplicates: true})
		require.NoError(t, err)
		assert.Equal(t, 1234, again.Updated)

		found, err := service.Products(t.Context(), catalog.ProductFilter{Category: "c3"}, page.Request{Limit: 200, Sort: "-price"})
		require.NoError(t, err)
		assert.Len(t, found.Items, 176)
		assert.Equal(t, int64(1228), found.Items[0].PriceCents)
	})
}

func TestAnImportEndsWithItsContextAndWritesNothing(t *testing.T) {
	service := newService(t, testkit.Database(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := service.Import(ctx, strings.NewReader(header+"A,A,1,EUR,,,\n"), catalog.ImportOptions{})
	require.ErrorIs(t, err, context.Canceled)
	found, err := service.Products(t.Context(), catalog.ProductFilter{}, page.Request{Limit: 1, Sort: "name"})
	require.NoError(t, err)
	assert.Empty(t, found.Items)
}

func TestAFileThatCannotBeReadToItsEndWritesNothingEvenWhenErrorsAreSkipped(t *testing.T) {
	service := newService(t, testkit.Database(t))
	var file strings.Builder
	file.WriteString(header)
	for i := range 600 {
		fmt.Fprintf(&file, "SKU-%d,A,1,EUR,,,\n", i)
	}
	file.WriteString(`"` + strings.Repeat("x", 2<<20))
	_, err := service.Import(t.Context(), strings.NewReader(file.String()), catalog.ImportOptions{SkipErrors: true})
	require.ErrorIs(t, err, problem.Invalid)
	found, err := service.Products(t.Context(), catalog.ProductFilter{}, page.Request{Limit: 1, Sort: "name"})
	require.NoError(t, err)
	assert.Empty(t, found.Items)
}

func TestAnImportMayNameThousandsOfNewCategories(t *testing.T) {
	service := newService(t, testkit.Database(t))
	var file strings.Builder
	file.WriteString(header)
	for i := range 500 {
		fmt.Fprintf(&file, "SKU-%d,A,1,EUR,true,", i)
		for j := range 19 {
			fmt.Fprintf(&file, "C%d-%d|", i, j)
		}
		fmt.Fprintf(&file, "C%d,\n", i)
	}
	result, err := service.Import(t.Context(), strings.NewReader(file.String()), catalog.ImportOptions{})
	require.NoError(t, err)
	assert.Equal(t, 500, result.Created)
}

func TestABatchOfLongRowsIsNoMoreThanAServerTakesAtOnce(t *testing.T) {
	service := newService(t, testkit.MigratedOn(t, testkit.EmptyMySQL(t), migrations.Files))
	var file strings.Builder
	file.WriteString(header)
	const rows = 450 // of 40 kB: together more than MariaDB's max_allowed_packet
	for i := range rows {
		fmt.Fprintf(&file, "SKU-%d,A,1,EUR,,,%s\n", i, strings.Repeat("\U0001f375", 10_000))
	}
	done, err := service.Import(t.Context(), strings.NewReader(file.String()), catalog.ImportOptions{})
	require.NoError(t, err)
	assert.Equal(t, rows, done.Created)
}
