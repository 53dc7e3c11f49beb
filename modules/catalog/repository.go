package catalog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"gorm.io/gorm"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/problem"
)

// Repository has every query of the catalog. Its methods join the transaction of their context.
type Repository struct{ *database.DB }

// NewRepository takes the database that the configuration names.
func NewRepository(cfg Config, databases *database.Manager) (*Repository, error) {
	db, err := databases.DB(cfg.Database)
	if err != nil {
		return nil, fmt.Errorf("modules.catalog.database: %w", err)
	}
	return &Repository{DB: db}, nil
}

// ProductFilter chooses products. Its zero value chooses all.
type ProductFilter struct {
	Category string // by name, without regard to case; "": any
	Text     string // a part of the name or the SKU, without regard to case; "": any
	Active   *bool  // nil: both
	MinPrice *int64 // in cents; nil: none
	MaxPrice *int64 // in cents; nil: none
}

// productOrder is a column that products can be sorted by, and a product's place in it.
type productOrder struct {
	column string
	value  func(*Product) any
}

var productOrders = map[string]productOrder{
	"name":       {"name_folded", func(p *Product) any { return p.NameFolded }},
	"price":      {"price_cents", func(p *Product) any { return p.PriceCents }},
	"created_at": {"created_at", func(p *Product) any { return p.CreatedAt }},
}

// live leaves the deleted products out. Every query of products goes through it.
func live(db *gorm.DB) *gorm.DB { return db.Where("deleted_at = 0") }

// Product finds a product with its categories. The error is ErrProductNotFound when there is none.
func (r *Repository) Product(ctx context.Context, productID string) (*Product, error) {
	return r.product(ctx, r.Reader(ctx).Where("id = ?", productID), func(p *Product) bool { return p.ID == productID })
}

// ProductBySKU finds the product that has the SKU, with its categories. The error is ErrProductNotFound when there is
// none.
func (r *Repository) ProductBySKU(ctx context.Context, sku string) (*Product, error) {
	return r.product(ctx, r.Reader(ctx).Where("sku = ?", sku), func(p *Product) bool { return p.SKU == sku })
}

// ProductsByID finds those of the products that exist, without their categories, in no particular order.
func (r *Repository) ProductsByID(ctx context.Context, productIDs []string) ([]Product, error) {
	var found []Product
	if err := r.Reader(ctx).Scopes(live).Where("id IN ?", productIDs).Find(&found).Error; err != nil {
		return nil, fmt.Errorf("find products by id: %w", err)
	}
	return found, nil
}

// LockProduct is Product for a transaction that is going to change it: others who want to change it wait.
func (r *Repository) LockProduct(ctx context.Context, productID string) (*Product, error) {
	locked := r.Writer(ctx).Scopes(database.ForUpdate).Where("id = ?", productID)
	return r.product(ctx, locked, func(p *Product) bool { return p.ID == productID })
}

// product finds the one that db chooses. It is the one that was meant: for MySQL texts are equal when one has spaces at
// its end.
func (r *Repository) product(ctx context.Context, db *gorm.DB, meant func(*Product) bool) (*Product, error) {
	var found Product
	err := db.Scopes(live).Take(&found).Error
	if database.IsNotFound(err) || err == nil && !meant(&found) {
		return nil, ErrProductNotFound.New("no product has this id or SKU")
	}
	if err != nil {
		return nil, fmt.Errorf("find a product: %w", err)
	}
	products := []Product{found}
	if err := r.loadCategories(ctx, products); err != nil {
		return nil, err
	}
	return &products[0], nil
}

// ProductsBySKU finds the products that have one of the SKUs, with their categories, by SKU.
func (r *Repository) ProductsBySKU(ctx context.Context, skus []string) (map[string]*Product, error) {
	return r.productsBySKU(ctx, r.Reader(ctx), skus)
}

// LockProductsBySKU is ProductsBySKU for a transaction that is going to change them: others who want to do so wait.
func (r *Repository) LockProductsBySKU(ctx context.Context, skus []string) (map[string]*Product, error) {
	return r.productsBySKU(ctx, r.Writer(ctx).Scopes(database.ForUpdate), skus)
}

func (r *Repository) productsBySKU(ctx context.Context, db *gorm.DB, skus []string) (map[string]*Product, error) {
	var found []Product
	if err := db.Scopes(live).Where("sku IN ?", skus).Find(&found).Error; err != nil {
		return nil, fmt.Errorf("find products by SKU: %w", err)
	}
	if err := r.loadCategories(ctx, found); err != nil {
		return nil, err
	}
	bySKU := make(map[string]*Product, len(found))
	for i := range found {
		bySKU[found[i].SKU] = &found[i]
	}
	return bySKU, nil
}

// Products lists products with their categories, a page at a time.
func (r *Repository) Products(ctx context.Context, f ProductFilter, wanted page.Request) (page.Page[Product], error) {
	none := page.Page[Product]{}
	order, ok := productOrders[wanted.Column()]
	if !ok {
		return none, problem.Trace(fmt.Errorf("list products: there is no order %q", wanted.Sort))
	}
	var rows []Product
	err := r.Reader(ctx).Scopes(live, r.matching(ctx, f), wanted.Keyset(order.column).Scope).Find(&rows).Error
	if err != nil {
		return none, fmt.Errorf("list products: %w", err)
	}
	found := page.Cut(rows, wanted.Limit, func(p *Product) page.Position {
		return page.Position{Value: order.value(p), ID: p.ID}
	})
	return found, r.loadCategories(ctx, found.Items)
}

// exportPage is how many products EachProduct holds at a time.
const exportPage = 500

// EachProduct goes through the products that the filter chooses, in the order in which they were made.
func (r *Repository) EachProduct(ctx context.Context, filter ProductFilter) iter.Seq2[*Product, error] {
	return func(yield func(*Product, error) bool) {
		wanted := page.Request{Limit: exportPage, Sort: "created_at"}
		for {
			found, err := r.Products(ctx, filter, wanted)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range found.Items {
				if !yield(&found.Items[i], nil) {
					return
				}
			}
			if found.Next == nil {
				return
			}
			wanted.After = found.Next
		}
	}
}

// matching puts the filter on a query of products. INSTR is the one search for a part of a text that needs no escaping
// and is the same on every engine.
func (r *Repository) matching(ctx context.Context, f ProductFilter) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		if f.Active != nil {
			db = db.Where("active = ?", *f.Active)
		}
		if f.MinPrice != nil {
			db = db.Where("price_cents >= ?", *f.MinPrice)
		}
		if f.MaxPrice != nil {
			db = db.Where("price_cents <= ?", *f.MaxPrice)
		}
		if f.Text != "" {
			db = db.Where("(INSTR(name_folded, ?) > 0 OR INSTR(LOWER(sku), ?) > 0)", fold(f.Text), fold(f.Text))
		}
		if f.Category != "" {
			members := r.Reader(ctx).Model(&productCategory{}).Select("product_id").
				Joins("JOIN catalog_categories ON catalog_categories.id = catalog_product_categories.category_id").
				Where("catalog_categories.name_folded = ?", fold(f.Category))
			db = db.Where("catalog_products.id IN (?)", members)
		}
		return db
	}
}

// InsertProduct stores a new product with its categories. The error is ErrSKUTaken when its SKU is in use.
func (r *Repository) InsertProduct(ctx context.Context, product *Product) error {
	err := r.Writer(ctx).Create(product).Error
	if errors.Is(err, database.ErrDuplicate) {
		return skuTaken(product.SKU, err)
	}
	if err != nil {
		return fmt.Errorf("insert the product %q: %w", product.SKU, err)
	}
	return r.insertMemberships(ctx, []*Product{product})
}

// InsertProducts stores many new products with their categories. The error is ErrSKUTaken when one of the SKUs is in
// use; it does not say which.
func (r *Repository) InsertProducts(ctx context.Context, products []*Product) error {
	if len(products) == 0 {
		return nil
	}
	err := r.Writer(ctx).Create(products).Error
	if errors.Is(err, database.ErrDuplicate) {
		return ErrSKUTaken.New("one of the SKUs was taken meanwhile").Because(err)
	}
	if err != nil {
		return fmt.Errorf("insert %d products: %w", len(products), err)
	}
	return r.insertMemberships(ctx, products)
}

// UpdateProduct stores a changed product with its categories and raises its version. The errors are ErrSKUTaken, and
// problem.PreconditionFailed when the stored version is not the one that was changed.
func (r *Repository) UpdateProduct(ctx context.Context, product *Product) error {
	read := product.Version
	product.Version++
	stored := r.Writer(ctx).Model(&Product{}).Scopes(live).Where("id = ? AND version = ?", product.ID, read).
		Select("*").Omit("id", "created_at", "deleted_at").Updates(product)
	if errors.Is(stored.Error, database.ErrDuplicate) {
		return skuTaken(product.SKU, stored.Error)
	}
	if stored.Error != nil {
		return fmt.Errorf("update the product %s: %w", product.ID, stored.Error)
	}
	if stored.RowsAffected == 0 {
		return changedMeanwhile()
	}
	err := r.Writer(ctx).Where("product_id = ?", product.ID).Delete(&productCategory{}).Error
	if err != nil {
		return fmt.Errorf("clear the categories of the product %s: %w", product.ID, err)
	}
	return r.insertMemberships(ctx, []*Product{product})
}

// DeleteProduct marks a product as deleted. The error is problem.PreconditionFailed when the stored version is not the
// one that was read.
func (r *Repository) DeleteProduct(ctx context.Context, product *Product) error {
	stored := r.Writer(ctx).Model(&Product{}).Scopes(live).Where("id = ? AND version = ?", product.ID, product.Version).
		Updates(map[string]any{
			"deleted_at": product.DeletedAt, "updated_at": product.UpdatedAt, "version": product.Version + 1,
		})
	if stored.Error != nil {
		return fmt.Errorf("delete the product %s: %w", product.ID, stored.Error)
	}
	if stored.RowsAffected == 0 {
		return changedMeanwhile()
	}
	return nil
}

func (r *Repository) insertMemberships(ctx context.Context, products []*Product) error {
	var memberships []productCategory
	for _, product := range products {
		for _, category := range product.Categories {
			memberships = append(memberships, productCategory{ProductID: product.ID, CategoryID: category.ID})
		}
	}
	for chunk := range slices.Chunk(memberships, 1000) {
		err := r.Writer(ctx).Create(&chunk).Error
		if errors.Is(err, database.ErrForeignKey) {
			// A category was deleted after it was found. Busy makes InTx begin again, which finds or makes it anew.
			return fmt.Errorf("put products into categories: %w: %w", database.ErrBusy, err)
		}
		if err != nil {
			return fmt.Errorf("put products into categories: %w", err)
		}
	}
	return nil
}

func skuTaken(sku string, cause error) error {
	return ErrSKUTaken.Errorf("the SKU %q belongs to another product", sku).
		With(problem.Field{In: "body", Pointer: "/sku", Detail: "must be unique"}).Because(cause)
}

func changedMeanwhile() error {
	return problem.PreconditionFailed.New("it was changed while this request was being carried out")
}
