package catalog

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/trellis-go/trellis/platform/cache"
	"github.com/trellis-go/trellis/platform/page"
)

// The tags of what is cached. A change of one product drops its keys and every list; what may have changed many products
// drops all of them.
const (
	tagProducts = "catalog.products"
	tagLists    = "catalog.lists"
)

// cached is what the catalog keeps. Whoever changes products says so in the transaction: changed or changedMany.
type cached struct {
	store    *cache.Store
	products *cache.Cache[Product] // by id and by SKU
	lists    *cache.Cache[page.Page[Product]]
}

// errNothingListed is a first page without products.
var errNothingListed = errors.New("nothing is listed")

func newCached(store *cache.Store) cached {
	return cached{
		store: store,
		products: cache.New[Product](store, cache.Options{
			Name: "catalog.product", NotFound: ErrProductNotFound, Tags: []string{tagProducts},
		}),
		lists: cache.New[page.Page[Product]](store, cache.Options{
			Name: "catalog.list", NotFound: errNothingListed, Tags: []string{tagLists},
		}),
	}
}

func keyOfID(productID string) string { return "id:" + productID }
func keyOfSKU(sku string) string      { return "sku:" + sku }

// product reads through the cache. The product is the caller's, except for its categories.
func (c cached) product(ctx context.Context, key string, load func(context.Context) (*Product, error)) (*Product, error) {
	product, err := c.products.Get(ctx, key, func(ctx context.Context) (Product, error) {
		found, err := load(ctx)
		if err != nil {
			return Product{}, err
		}
		return *found, nil
	})
	if err != nil {
		return nil, err
	}
	return &product, nil
}

// list reads a first page through the cache, unless it is one of those that hardly anybody else asks for: a client could make
// up as many as fill Redis. It can make up categories, too, so what has nothing in it is kept as shortly as what does not exist.
func (c cached) list(
	ctx context.Context, filter ProductFilter, wanted page.Request, load func(context.Context) (page.Page[Product], error),
) (page.Page[Product], error) {
	if wanted.After != nil || filter.Text != "" || filter.MinPrice != nil || filter.MaxPrice != nil {
		return load(ctx)
	}
	found, err := c.lists.Get(ctx, keyOfList(filter, wanted), func(ctx context.Context) (page.Page[Product], error) {
		found, err := load(ctx)
		if err == nil && len(found.Items) == 0 {
			err = errNothingListed
		}
		return found, err
	})
	if errors.Is(err, errNothingListed) {
		return page.Page[Product]{}, nil
	}
	return found, err
}

func keyOfList(f ProductFilter, wanted page.Request) string {
	active := "-"
	if f.Active != nil {
		active = strconv.FormatBool(*f.Active)
	}
	return fmt.Sprintf("%s %d %s %q", wanted.Sort, wanted.Limit, active, fold(f.Category))
}

// changed drops what shows a product that has, or had, these SKUs.
func (c cached) changed(ctx context.Context, productID string, skus ...string) {
	keys := []string{keyOfID(productID)}
	for _, sku := range skus {
		keys = append(keys, keyOfSKU(sku))
	}
	c.products.Invalidate(ctx, keys...)
	c.store.InvalidateTags(ctx, tagLists)
}

// changedMany drops everything.
func (c cached) changedMany(ctx context.Context) { c.store.InvalidateTags(ctx, tagProducts, tagLists) }

// named gives the error for a product that does not exist a text that says which, also when it comes from the cache.
func named(err error, what, value string) error {
	if errors.Is(err, ErrProductNotFound) {
		return ErrProductNotFound.Errorf("no product has the %s %q", what, value)
	}
	return err
}
