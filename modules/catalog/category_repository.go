package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/problem"
)

// loadCategories fills in the categories of the products, by name, with one query.
func (r *Repository) loadCategories(ctx context.Context, products []Product) error {
	if len(products) == 0 {
		return nil
	}
	at := make(map[string]int, len(products))
	ids := make([]string, len(products))
	for i := range products {
		ids[i] = products[i].ID
		at[products[i].ID] = i
	}
	var memberships []struct {
		ProductID string
		Category
	}
	err := r.Reader(ctx).Model(&productCategory{}).
		Select("catalog_product_categories.product_id, catalog_categories.*").
		Joins("JOIN catalog_categories ON catalog_categories.id = catalog_product_categories.category_id").
		Where("catalog_product_categories.product_id IN ?", ids).
		Order("catalog_categories.name_folded").Scan(&memberships).Error
	if err != nil {
		return fmt.Errorf("find the categories of %d products: %w", len(products), err)
	}
	for _, m := range memberships {
		product := &products[at[m.ProductID]]
		product.Categories = append(product.Categories, m.Category)
	}
	return nil
}

// LockCategories finds the categories that have one of the names, without regard to case, by name, for a transaction that is
// going to put products into them: who wants to rename or delete one waits.
func (r *Repository) LockCategories(ctx context.Context, names []string) ([]Category, error) {
	if len(names) == 0 {
		return nil, nil
	}
	folded := make([]string, len(names))
	for i, name := range names {
		folded[i] = fold(name)
	}
	var found []Category
	err := r.Writer(ctx).Scopes(database.ForUpdate).Where("name_folded IN ?", folded).Order("name_folded").Find(&found).Error
	if err != nil {
		return nil, fmt.Errorf("find categories by name: %w", err)
	}
	return found, nil
}

// AddCategories stores new categories, passes over those whose names exist, and finds all that have the names, each of which
// is there once. It is called in a transaction: the lock lets it see what others have committed since that began.
func (r *Repository) AddCategories(ctx context.Context, missing []Category, names []string) ([]Category, error) {
	// In one order for everybody, so that two transactions that add the same names wait for each other in a line.
	slices.SortFunc(missing, func(a, b Category) int { return cmp.Compare(a.NameFolded, b.NameFolded) })
	for chunk := range slices.Chunk(missing, 1000) {
		err := r.Writer(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&chunk).Error
		if err != nil {
			return nil, fmt.Errorf("add %d categories: %w", len(missing), err)
		}
	}
	found, err := r.LockCategories(ctx, names)
	if err == nil && len(found) < len(names) {
		// Oracle does not lock what is passed over, so that it may be deleted meanwhile. Busy makes InTx begin again, which
		// adds it anew.
		return nil, fmt.Errorf("add %d categories: one that existed is gone: %w", len(missing), database.ErrBusy)
	}
	return found, err
}

// Category finds a category. The error is ErrCategoryNotFound when there is none.
func (r *Repository) Category(ctx context.Context, categoryID string) (*Category, error) {
	return findCategory(r.Reader(ctx), categoryID)
}

// LockCategory is Category for a transaction that is going to change it: others who want to change it wait.
func (r *Repository) LockCategory(ctx context.Context, categoryID string) (*Category, error) {
	return findCategory(r.Writer(ctx).Scopes(database.ForUpdate), categoryID)
}

func findCategory(db *gorm.DB, categoryID string) (*Category, error) {
	var found Category
	err := db.Where("id = ?", categoryID).Take(&found).Error
	if database.IsNotFound(err) {
		return nil, ErrCategoryNotFound.Errorf("no category has the id %q", categoryID)
	}
	if err != nil {
		return nil, fmt.Errorf("find the category %s: %w", categoryID, err)
	}
	return &found, nil
}

// Categories lists categories by name, a page at a time.
func (r *Repository) Categories(ctx context.Context, wanted page.Request) (page.Page[Category], error) {
	var rows []Category
	if err := r.Reader(ctx).Scopes(wanted.Keyset("name_folded").Scope).Find(&rows).Error; err != nil {
		return page.Page[Category]{}, fmt.Errorf("list categories: %w", err)
	}
	return page.Cut(rows, wanted.Limit, func(c *Category) page.Position {
		return page.Position{Value: c.NameFolded, ID: c.ID}
	}), nil
}

// InsertCategory stores a new category. The error is ErrCategoryNameTaken when its name is in use.
func (r *Repository) InsertCategory(ctx context.Context, category *Category) error {
	err := r.Writer(ctx).Create(category).Error
	if errors.Is(err, database.ErrDuplicate) {
		return categoryNameTaken(category.Name, err)
	}
	if err != nil {
		return fmt.Errorf("insert the category %q: %w", category.Name, err)
	}
	return nil
}

// UpdateCategory stores a changed category and raises its version; RaiseProducts does so with those of its products, which show
// its name. The errors are ErrCategoryNameTaken, and problem.PreconditionFailed when the stored version is not the one that
// was changed.
func (r *Repository) UpdateCategory(ctx context.Context, category *Category) error {
	read := category.Version
	category.Version++
	stored := r.Writer(ctx).Model(&Category{}).Where("id = ? AND version = ?", category.ID, read).
		Select("*").Omit("id", "created_at").Updates(category)
	if errors.Is(stored.Error, database.ErrDuplicate) {
		return categoryNameTaken(category.Name, stored.Error)
	}
	if stored.Error != nil {
		return fmt.Errorf("update the category %s: %w", category.ID, stored.Error)
	}
	if stored.RowsAffected == 0 {
		return changedMeanwhile()
	}
	return nil
}

// Members finds the ids of the products in a category, also of deleted ones, at most so many, in order, after the last one of
// the batch before.
func (r *Repository) Members(ctx context.Context, categoryID, after string, limit int) ([]string, error) {
	var found []string
	err := r.Reader(ctx).Model(&productCategory{}).Where("category_id = ? AND product_id > ?", categoryID, after).
		Order("product_id").Limit(limit).Pluck("product_id", &found).Error
	if err != nil {
		return nil, fmt.Errorf("find the products in the category %s: %w", categoryID, err)
	}
	return found, nil
}

// RaiseProducts raises the versions of those of the products that are not deleted. They are named one by one: MariaDB would go
// through all products there are for those that a subquery chooses.
func (r *Repository) RaiseProducts(ctx context.Context, productIDs []string, at time.Time) error {
	err := r.Writer(ctx).Model(&Product{}).Scopes(live).Where("id IN ?", productIDs).
		Updates(map[string]any{"version": gorm.Expr("version + 1"), "updated_at": at}).Error
	if err != nil {
		return fmt.Errorf("raise the versions of %d products: %w", len(productIDs), err)
	}
	return nil
}

// DeleteCategory deletes a category. The errors are ErrCategoryInUse when a product is in it, and
// problem.PreconditionFailed when the stored version is not the one that was read.
func (r *Repository) DeleteCategory(ctx context.Context, category *Category) error {
	members := r.Reader(ctx).Model(&productCategory{}).
		Joins("JOIN catalog_products ON catalog_products.id = catalog_product_categories.product_id").
		Where("category_id = ? AND catalog_products.deleted_at = 0", category.ID).Limit(1)
	var inUse int64
	if err := members.Count(&inUse).Error; err != nil {
		return fmt.Errorf("look for products in the category %s: %w", category.ID, err)
	}
	if inUse > 0 {
		return ErrCategoryInUse.Errorf("products are still in the category %q", category.Name)
	}
	if err := r.Writer(ctx).Where("category_id = ?", category.ID).Delete(&productCategory{}).Error; err != nil {
		return fmt.Errorf("take deleted products out of the category %s: %w", category.ID, err)
	}
	stored := r.Writer(ctx).Where("id = ? AND version = ?", category.ID, category.Version).Delete(&Category{})
	if errors.Is(stored.Error, database.ErrForeignKey) { // Oracle lets a product in although the category is locked
		return ErrCategoryInUse.Errorf("a product has just come into the category %q", category.Name).Because(stored.Error)
	}
	if stored.Error != nil {
		return fmt.Errorf("delete the category %s: %w", category.ID, stored.Error)
	}
	if stored.RowsAffected == 0 {
		return changedMeanwhile()
	}
	return nil
}

func categoryNameTaken(name string, cause error) error {
	return ErrCategoryNameTaken.Errorf("a category is called %q", name).
		With(problem.Field{In: "body", Pointer: "/name", Detail: "must be unique"}).Because(cause)
}
