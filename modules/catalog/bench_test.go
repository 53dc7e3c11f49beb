package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/catalog"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/test/testkit"
)

// benchmarkClient is a client of a catalog of a thousand products.
func benchmarkClient(b *testing.B) (testkit.Client, string) {
	b.Helper()
	repo, err := catalog.NewRepository(settings, testkit.Database(b))
	require.NoError(b, err)
	service := catalog.NewService(repo, testkit.Cache(b, nil), outbox.New(clock.System), clock.System)
	var file strings.Builder
	file.WriteString(header)
	for i := range 1000 {
		fmt.Fprintf(&file, "SKU-%d,Product %d,%d,EUR,true,C%d,\n", i, i, i, i%7)
	}
	_, err = service.Import(b.Context(), strings.NewReader(file.String()), catalog.ImportOptions{})
	require.NoError(b, err)
	product, err := service.CreateProduct(b.Context(), draft("READ"))
	require.NoError(b, err)
	return testkit.Serve(b, catalog.New(catalog.NewHandler(settings, service)).Module), product.ID
}

func BenchmarkGetProduct(b *testing.B) {
	client, id := benchmarkClient(b)
	for b.Loop() {
		client.Get("/api/v1/products/" + id).Must(200)
	}
}

func BenchmarkListProducts(b *testing.B) {
	client, _ := benchmarkClient(b)
	for b.Loop() {
		client.Get("/api/v1/products?limit=50&sort=price").Must(200)
	}
}

func BenchmarkCreateProduct(b *testing.B) {
	client, _ := benchmarkClient(b)
	n := 0
	for b.Loop() {
		n++
		client.Do("POST", "/api/v1/products", tea(fmt.Sprintf("NEW-%d", n))).Must(201)
	}
}

func BenchmarkRefuseProduct(b *testing.B) {
	client, _ := benchmarkClient(b)
	for b.Loop() {
		client.Do("POST", "/api/v1/products", `{"sku":"A","name":"A","price_cents":-1,"currency":"EUR"}`).Must(422)
	}
}
