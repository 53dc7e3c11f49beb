package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/modules/catalog"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/test/testkit"
)

// TestRepositoryContract goes through every query of the repository on every engine.
func TestRepositoryContract(t *testing.T) {
	testkit.Shows(t, testkit.Repositories)
	testkit.Contract(t, testkit.Scenarios(func(t *testing.T, m *database.Manager) shelf {
		repo, err := catalog.NewRepository(settings, m)
		require.NoError(t, err)
		return shelf{Repository: repo, ctx: t.Context()}
	}, map[string]func(*testing.T, shelf){
		"a product is found as it was stored":              productRoundTrip,
		"a product that is not there":                      productMissing,
		"a SKU belongs to one product that lives":          skuUnique,
		"a product is updated once from a version":         productUpdate,
		"a deleted product is gone":                        productDelete,
		"products are found by SKU, also many":             productsBySKU,
		"products are found by id":                         productsByID,
		"many products are stored at once, or none":        productsAtOnce,
		"lists have pages in every order":                  productPages,
		"lists are filtered":                               productFilters,
		"an export goes through all":                       productExport,
		"a category is found as it was stored":             categoryRoundTrip,
		"a category's name is its own":                     categoryUnique,
		"categories that exist are passed over":            categoriesAdded,
		"a renamed category changes its products":          categoryRename,
		"a category with products stays":                   categoryDelete,
		"categories have pages":                            categoryPages,
		"a category that is gone makes a transaction busy": categoryGone,
	}))
}

// shelf is a repository, with things to put into it that are the same in each run.
type shelf struct {
	*catalog.Repository
	ctx context.Context
}

// within runs fn in a transaction.
func (s shelf) within(fn func(ctx context.Context) error) error { return s.InTx(s.ctx, fn) }

func category(i int, name string) catalog.Category {
	return catalog.Category{
		ID: testkit.ID("c000", i), Name: name, NameFolded: strings.ToLower(name), Version: 1, CreatedAt: noon, UpdatedAt: noon,
	}
}

// product has a name, a price and a time that order it by i.
func product(i int, categories ...catalog.Category) *catalog.Product {
	name := fmt.Sprintf("Tea %03d", i)
	return &catalog.Product{
		ID: testkit.ID("a000", i), SKU: fmt.Sprintf("SKU-%d", i), Name: name, NameFolded: strings.ToLower(name), Description: "Leaves",
		PriceCents: int64(i), Currency: "EUR", Active: i%2 == 0, Version: 1, CreatedAt: noon.Add(time.Duration(i) * time.Second),
		UpdatedAt: noon, Categories: categories,
	}
}

// insert stores categories and products.
func (s shelf) insert(t *testing.T, categories []catalog.Category, products ...*catalog.Product) {
	t.Helper()
	for i := range categories {
		require.NoError(t, s.InsertCategory(s.ctx, &categories[i]))
	}
	for _, product := range products {
		require.NoError(t, s.within(func(ctx context.Context) error { return s.InsertProduct(ctx, product) }))
	}
}

func productRoundTrip(t *testing.T, s shelf) {
	categories := []catalog.Category{category(1, "Green"), category(2, "Loose")}
	stored := product(2, categories...)
	stored.Description = "" // which is NULL to Oracle
	long := product(3)
	long.Description = strings.Repeat("長", 10_000)
	s.insert(t, categories, stored, long)
	for _, want := range []*catalog.Product{stored, long} {
		found, err := s.Product(s.ctx, want.ID)
		require.NoError(t, err)
		assert.Equal(t, want, found)
		require.NoError(t, s.within(func(ctx context.Context) error {
			locked, err := s.LockProduct(ctx, want.ID)
			assert.Equal(t, want, locked)
			return err
		}))
	}
}

func productMissing(t *testing.T, s shelf) {
	_, err := s.Product(s.ctx, testkit.ID("a000", 1))
	require.ErrorIs(t, err, catalog.ErrProductNotFound)
	_, err = s.Category(s.ctx, testkit.ID("c000", 1))
	require.ErrorIs(t, err, catalog.ErrCategoryNotFound)
}

func skuUnique(t *testing.T, s shelf) {
	first, second := product(1), product(2)
	second.SKU = first.SKU
	s.insert(t, nil, first)
	require.ErrorIs(t, s.InsertProduct(s.ctx, second), catalog.ErrSKUTaken)
	require.ErrorIs(t, s.InsertProducts(s.ctx, []*catalog.Product{second, product(3)}), catalog.ErrSKUTaken)
	second.SKU = "SKU-2"
	s.insert(t, nil, second)
	second.SKU = first.SKU
	require.ErrorIs(t, s.UpdateProduct(s.ctx, second), catalog.ErrSKUTaken)
}

func productUpdate(t *testing.T, s shelf) {
	categories := []catalog.Category{category(1, "Green"), category(2, "Black")}
	changed := product(1, categories[0])
	s.insert(t, categories, changed)
	changed.Name, changed.NameFolded, changed.Active, changed.UpdatedAt = "Tee", "tee", true, noon.Add(time.Hour)
	changed.Categories = categories[1:]
	require.NoError(t, s.within(func(ctx context.Context) error { return s.UpdateProduct(ctx, changed) }))
	assert.Equal(t, int64(2), changed.Version)
	found, err := s.Product(s.ctx, changed.ID)
	require.NoError(t, err)
	assert.Equal(t, changed, found)
	changed.Version = 1
	require.ErrorIs(t, s.UpdateProduct(s.ctx, changed), problem.PreconditionFailed)
}

func productDelete(t *testing.T, s shelf) {
	deleted := product(1)
	s.insert(t, nil, deleted)
	deleted.DeletedAt = noon.UnixMicro()
	require.NoError(t, s.DeleteProduct(s.ctx, deleted))
	require.ErrorIs(t, s.DeleteProduct(s.ctx, deleted), problem.PreconditionFailed)
	_, err := s.Product(s.ctx, deleted.ID)
	require.ErrorIs(t, err, catalog.ErrProductNotFound)
	again := product(2)
	again.SKU = deleted.SKU
	s.insert(t, nil, again)
}

func productsBySKU(t *testing.T, s shelf) {
	s.insert(t, nil, product(1), product(2), product(3))
	skus := []string{"SKU-1", "SKU-3", "SKU-4"}
	found, err := s.ProductsBySKU(s.ctx, skus)
	require.NoError(t, err)
	assert.Equal(t, map[string]*catalog.Product{"SKU-1": product(1), "SKU-3": product(3)}, found)
	require.NoError(t, s.within(func(ctx context.Context) error {
		locked, err := s.LockProductsBySKU(ctx, skus)
		assert.Equal(t, found, locked)
		return err
	}))
	for i := range 1200 { // more than one list takes on Oracle
		skus = append(skus, fmt.Sprintf("NO-%d", i))
	}
	found, err = s.ProductsBySKU(s.ctx, skus)
	require.NoError(t, err)
	assert.Len(t, found, 2)
}

func productsByID(t *testing.T, s shelf) {
	s.insert(t, nil, product(1), product(2), product(3))
	deleted := product(3)
	deleted.DeletedAt = noon.UnixMicro()
	require.NoError(t, s.DeleteProduct(s.ctx, deleted))
	found, err := s.ProductsByID(s.ctx, []string{product(1).ID, product(3).ID, product(4).ID})
	require.NoError(t, err)
	assert.Equal(t, []catalog.Product{*product(1)}, found)
}

func productsAtOnce(t *testing.T, s shelf) {
	categories := []catalog.Category{category(1, "Green")}
	s.insert(t, categories)
	require.NoError(t, s.InsertProducts(s.ctx, nil))
	var products []*catalog.Product
	for i := range 100 { // more than one INSERT ALL takes on Oracle
		products = append(products, product(i, categories...))
	}
	require.NoError(t, s.within(func(ctx context.Context) error { return s.InsertProducts(ctx, products) }))
	found, err := s.Product(s.ctx, products[99].ID)
	require.NoError(t, err)
	assert.Equal(t, products[99], found)
}

func productPages(t *testing.T, s shelf) {
	s.insert(t, nil, product(1), product(2), product(3), product(4), product(5))
	for _, sort := range []string{"name", "-name", "price", "-price", "created_at", "-created_at"} {
		var read []int64
		wanted := page.Request{Limit: 2, Sort: sort}
		for {
			found, err := s.Products(s.ctx, catalog.ProductFilter{}, wanted)
			require.NoError(t, err)
			for _, one := range found.Items {
				read = append(read, one.PriceCents)
			}
			if found.Next == nil {
				break
			}
			wanted.After = found.Next
		}
		want := []int64{1, 2, 3, 4, 5}
		if strings.HasPrefix(sort, "-") {
			want = []int64{5, 4, 3, 2, 1}
		}
		assert.Equal(t, want, read, sort)
	}
}

func productFilters(t *testing.T, s shelf) {
	categories := []catalog.Category{category(1, "Green")}
	s.insert(t, categories, product(1, categories...), product(2), product(3), product(4, categories...))
	yes, two, three := true, int64(2), int64(3)
	for _, filter := range []struct { // in one order in each run
		catalog.ProductFilter
		want []int64
	}{
		{catalog.ProductFilter{Category: "GREEN"}, []int64{1, 4}},
		{catalog.ProductFilter{Text: "TEA 003"}, []int64{3}},
		{catalog.ProductFilter{Text: "sku-2"}, []int64{2}},
		{catalog.ProductFilter{Active: &yes}, []int64{2, 4}},
		{catalog.ProductFilter{MinPrice: &two, MaxPrice: &three}, []int64{2, 3}},
		{catalog.ProductFilter{Category: "green", Text: "tea", Active: &yes, MinPrice: &two, MaxPrice: &three}, nil},
	} {
		var read []int64
		found, err := s.Products(s.ctx, filter.ProductFilter, page.Request{Limit: 10, Sort: "name"})
		require.NoError(t, err)
		for _, one := range found.Items {
			read = append(read, one.PriceCents)
		}
		assert.Equal(t, filter.want, read, "%+v", filter.ProductFilter)
	}
	after := &page.Position{Value: "tea 001", ID: product(1).ID}
	found, err := s.Products(s.ctx, catalog.ProductFilter{Category: "green"}, page.Request{Limit: 10, Sort: "name", After: after})
	require.NoError(t, err)
	assert.Len(t, found.Items, 1)
}

func productExport(t *testing.T, s shelf) {
	s.insert(t, nil, product(1), product(2))
	var read []string
	for one, err := range s.EachProduct(s.ctx, catalog.ProductFilter{}) {
		require.NoError(t, err)
		read = append(read, one.SKU)
	}
	assert.Equal(t, []string{"SKU-1", "SKU-2"}, read)
}

func categoryRoundTrip(t *testing.T, s shelf) {
	want := category(1, "Green")
	s.insert(t, []catalog.Category{want})
	found, err := s.Category(s.ctx, want.ID)
	require.NoError(t, err)
	assert.Equal(t, &want, found)
	require.NoError(t, s.within(func(ctx context.Context) error {
		locked, err := s.LockCategory(ctx, want.ID)
		assert.Equal(t, &want, locked)
		return err
	}))
	require.NoError(t, s.within(func(ctx context.Context) error {
		byName, err := s.LockCategories(ctx, []string{"GREEN", "none"})
		assert.Equal(t, []catalog.Category{want}, byName)
		return err
	}))
}

func categoryUnique(t *testing.T, s shelf) {
	green, other := category(1, "Green"), category(2, "green")
	s.insert(t, []catalog.Category{green})
	require.ErrorIs(t, s.InsertCategory(s.ctx, &other), catalog.ErrCategoryNameTaken)
	other = category(2, "Black")
	s.insert(t, []catalog.Category{other})
	other.NameFolded = green.NameFolded
	require.ErrorIs(t, s.UpdateCategory(s.ctx, &other), catalog.ErrCategoryNameTaken)
}

func categoriesAdded(t *testing.T, s shelf) {
	there := category(1, "Green")
	s.insert(t, []catalog.Category{there})
	require.NoError(t, s.within(func(ctx context.Context) error {
		missing := []catalog.Category{category(2, "Loose"), category(3, "GREEN"), category(4, "Black")}
		found, err := s.AddCategories(ctx, missing, []string{"Green", "Loose", "Black"})
		assert.Equal(t, []catalog.Category{category(4, "Black"), there, category(2, "Loose")}, found)
		return err
	}))
}

func categoryRename(t *testing.T, s shelf) {
	categories := []catalog.Category{category(1, "Green"), category(2, "Black")}
	s.insert(t, categories, product(3, categories[0]), product(1, categories[0]), product(2, categories[1]))
	renamed := categories[0]
	renamed.Name, renamed.NameFolded, renamed.UpdatedAt = "White", "white", noon.Add(time.Hour)
	require.NoError(t, s.within(func(ctx context.Context) error { return s.UpdateCategory(ctx, &renamed) }))
	members, err := s.Members(s.ctx, renamed.ID, "", 1)
	require.NoError(t, err)
	assert.Equal(t, []string{product(1).ID}, members)
	members, err = s.Members(s.ctx, renamed.ID, members[0], 5)
	require.NoError(t, err)
	assert.Equal(t, []string{product(3).ID}, members)
	require.NoError(t, s.RaiseProducts(s.ctx, []string{product(1).ID, product(3).ID}, renamed.UpdatedAt))
	for i, want := range []int64{2, 1, 2} {
		found, err := s.Product(s.ctx, product(i+1).ID)
		require.NoError(t, err)
		assert.Equal(t, want, found.Version)
	}
	renamed.Version = 1
	require.ErrorIs(t, s.UpdateCategory(s.ctx, &renamed), problem.PreconditionFailed)
}

func categoryDelete(t *testing.T, s shelf) {
	categories := []catalog.Category{category(1, "Green")}
	s.insert(t, categories, product(1, categories...))
	require.ErrorIs(t, s.DeleteCategory(s.ctx, &categories[0]), catalog.ErrCategoryInUse)
	deleted := product(1)
	deleted.DeletedAt = noon.UnixMicro()
	require.NoError(t, s.DeleteProduct(s.ctx, deleted))
	require.NoError(t, s.within(func(ctx context.Context) error { return s.DeleteCategory(ctx, &categories[0]) }))
	require.ErrorIs(t, s.DeleteCategory(s.ctx, &categories[0]), problem.PreconditionFailed)
}

func categoryPages(t *testing.T, s shelf) {
	s.insert(t, []catalog.Category{category(1, "a"), category(2, "b"), category(3, "c")})
	first, err := s.Categories(s.ctx, page.Request{Limit: 2, Sort: "name"})
	require.NoError(t, err)
	assert.Equal(t, []catalog.Category{category(1, "a"), category(2, "b")}, first.Items)
	second, err := s.Categories(s.ctx, page.Request{Limit: 2, Sort: "name", After: first.Next})
	require.NoError(t, err)
	assert.Equal(t, []catalog.Category{category(3, "c")}, second.Items)
	last, err := s.Categories(s.ctx, page.Request{Limit: 1, Sort: "-name", After: second.Next})
	require.NoError(t, err)
	assert.Equal(t, []catalog.Category{category(3, "c")}, last.Items)
}

func categoryGone(t *testing.T, s shelf) {
	attempts := 0
	err := s.within(func(ctx context.Context) error {
		if attempts++; attempts > 1 {
			return errors.New("it was begun again")
		}
		return s.InsertProduct(ctx, product(1, category(1, "Never")))
	})
	require.EqualError(t, err, "it was begun again")
}
