package catalog_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/catalog"
	"github.com/trellis-go/trellis/modules/catalog/catalogapi"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/test/testkit"
)

// post keeps what is sent to it.
type post struct{ sent []broker.Message }

func (p *post) Publish(_ context.Context, messages []broker.Message) []error {
	p.sent = append(p.sent, messages...)
	return make([]error, len(messages))
}

// observed is the catalog's service, and what gives the events that it has published so far.
func observed(t *testing.T) (*catalog.Service, func() []broker.Message) {
	t.Helper()
	databases := testkit.Database(t)
	db, err := databases.DB(testkit.Name)
	require.NoError(t, err)
	repo, err := catalog.NewRepository(settings, databases)
	require.NoError(t, err)
	events, to := outbox.New(clock.System), &post{}
	return catalog.NewService(repo, testkit.Cache(t, nil), events, nil, clock.System), func() []broker.Message {
		cfg := outbox.Config{Batch: 100, Poll: time.Minute, Lease: time.Minute}
		relay := events.NewRelay(cfg, db, to, testkit.Quiet())
		var running sync.WaitGroup
		running.Go(func() { assert.NoError(t, relay.Run(context.Background())) })
		require.NoError(t, relay.Drain(t.Context()))
		running.Wait()
		return to.sent
	}
}

func anyVersion(int64) error { return nil }

func TestEveryChangeOfAProductIsAnEvent(t *testing.T) {
	service, sent := observed(t)
	product, err := service.CreateProduct(t.Context(), draft("TEA-1"))
	require.NoError(t, err)
	_, err = service.UpdateProduct(t.Context(), product.ID, anyVersion, func(*catalog.Product) (catalog.Draft, error) {
		changed := draft("TEA-1")
		changed.PriceCents = 999
		return changed, nil
	})
	require.NoError(t, err)
	require.NoError(t, service.DeleteProduct(t.Context(), product.ID, anyVersion))

	state := catalogapi.Product{ID: product.ID, SKU: "TEA-1", Name: "Green tea", PriceCents: 1299, Currency: "EUR", Active: true, Version: 1}
	all := sent()
	require.Len(t, all, 3)
	for i, want := range []struct {
		eventType string
		cents     int64
	}{{"product.created.v1", 1299}, {"product.updated.v1", 999}, {"product.deleted.v1", 999}} {
		state.PriceCents, state.Version = want.cents, int64(i+1)
		var told catalogapi.Product
		require.NoError(t, json.Unmarshal(all[i].Data, &told))
		assert.Equal(t, state, told)
		assert.Equal(t, want.eventType, all[i].Type)
		assert.Equal(t, product.ID, all[i].Subject)
	}
}

func TestANewNameOfACategoryIsAnEventOfEachOfItsProducts(t *testing.T) {
	service, sent := observed(t)
	member, err := service.CreateProduct(t.Context(), draft("TEA-1", "Tea"))
	require.NoError(t, err)
	_, err = service.CreateProduct(t.Context(), draft("CUP-1", "Cups"))
	require.NoError(t, err)
	gone, err := service.CreateProduct(t.Context(), draft("TEA-2", "Tea"))
	require.NoError(t, err)
	require.NoError(t, service.DeleteProduct(t.Context(), gone.ID, anyVersion))
	before := len(sent())

	_, err = service.RenameCategory(t.Context(), member.Categories[0].ID, anyVersion, "Green tea")
	require.NoError(t, err)
	told := sent()[before:]
	require.Len(t, told, 1)
	assert.Equal(t, "product.updated.v1", told[0].Type)
	var product catalogapi.Product
	require.NoError(t, json.Unmarshal(told[0].Data, &product))
	assert.Equal(t, catalogapi.Product{
		ID: member.ID, SKU: "TEA-1", Name: "Green tea", PriceCents: 1299, Currency: "EUR", Active: true, Version: 2,
	}, product)
}

func TestWhatIsRefusedIsNoEvent(t *testing.T) {
	service, sent := observed(t)
	product, err := service.CreateProduct(t.Context(), draft("TEA-1"))
	require.NoError(t, err)
	_, err = service.CreateProduct(t.Context(), draft("TEA-1"))
	require.ErrorIs(t, err, catalog.ErrSKUTaken)
	require.ErrorIs(t, service.DeleteProduct(t.Context(), product.ID, func(int64) error { return errStale }), errStale)
	assert.Len(t, sent(), 1)
}

func TestImportedProductsAreEvents(t *testing.T) {
	service, sent := observed(t)
	_, err := service.CreateProduct(t.Context(), draft("TEA-1"))
	require.NoError(t, err)
	_, err = service.Import(t.Context(), strings.NewReader("sku,name,price_cents,currency\nTEA-1,Tea,1,EUR\nTEA-2,Tea,2,EUR\n"),
		catalog.ImportOptions{UpdateDuplicates: true})
	require.NoError(t, err)
	var types []string
	for _, m := range sent()[1:] {
		types = append(types, m.Type)
	}
	assert.ElementsMatch(t, []string{"product.updated.v1", "product.created.v1"}, types)
}

func TestOthersGetProductsAsTheyAreInTheDatabase(t *testing.T) {
	service, _ := observed(t)
	product, err := service.CreateProduct(t.Context(), draft("TEA-1"))
	require.NoError(t, err)
	gone, err := service.CreateProduct(t.Context(), draft("TEA-2"))
	require.NoError(t, err)
	require.NoError(t, service.DeleteProduct(t.Context(), gone.ID, anyVersion))
	found, err := service.ProductsByID(t.Context(), []string{product.ID, gone.ID})
	require.NoError(t, err)
	assert.Equal(t, map[string]catalogapi.Product{product.ID: {
		ID: product.ID, SKU: "TEA-1", Name: "Green tea", PriceCents: 1299, Currency: "EUR", Active: true, Version: 1,
	}}, found)
}
