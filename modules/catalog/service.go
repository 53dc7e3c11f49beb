package catalog

import (
	"context"
	"fmt"

	"github.com/trellis-go/trellis/modules/catalog/catalogapi"
	"github.com/trellis-go/trellis/platform/cache"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/tasks"
)

// Service is what can be done with the catalog.
type Service struct {
	repo   *Repository
	cached cached
	events *outbox.Outbox
	tasks  *tasks.Tasks
	now    clock.Clock
}

// NewService makes the service.
func NewService(
	repo *Repository, store *cache.Store, events *outbox.Outbox, background *tasks.Tasks, now clock.Clock,
) *Service {
	return &Service{repo: repo, cached: newCached(store), events: events, tasks: background, now: now}
}

// Check is asked whether somebody who has read a certain version may change what is stored as version now.
type Check func(version int64) error

// CreateProduct adds a product. The error is problem.Invalid for a draft that breaks rules and ErrSKUTaken.
func (s *Service) CreateProduct(ctx context.Context, draft Draft) (*Product, error) {
	draft = draft.normalize()
	if err := refuse(draft.violations()); err != nil {
		return nil, err
	}
	product := s.newProduct(draft)
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		categories, err := s.ensureCategories(ctx, draft.Categories)
		if err != nil {
			return err
		}
		product.Categories = categories
		s.cached.changed(ctx, product.ID, product.SKU)
		if err := s.repo.InsertProduct(ctx, product); err != nil {
			return err
		}
		return s.events.Publish(ctx, catalogapi.CreatedV1{Product: product.event()})
	})
	if err != nil {
		return nil, fmt.Errorf("create the product %q: %w", draft.SKU, err)
	}
	return product, nil
}

func (s *Service) newProduct(draft Draft) *Product {
	now := s.now()
	product := &Product{ID: id.New(), Version: 1, CreatedAt: now, UpdatedAt: now}
	product.apply(draft)
	return product
}

// Product finds a product. The error is ErrProductNotFound when there is none.
func (s *Service) Product(ctx context.Context, productID string) (*Product, error) {
	product, err := s.cached.product(ctx, keyOfID(productID), func(ctx context.Context) (*Product, error) {
		return s.repo.Product(ctx, productID)
	})
	return product, named(err, "id", productID)
}

// ProductBySKU finds the product that has the SKU. The error is ErrProductNotFound when there is none.
func (s *Service) ProductBySKU(ctx context.Context, sku string) (*Product, error) {
	product, err := s.cached.product(ctx, keyOfSKU(sku), func(ctx context.Context) (*Product, error) {
		return s.repo.ProductBySKU(ctx, sku)
	})
	return product, named(err, "SKU", sku)
}

// ProductsByID finds those of the products that exist, by their ids, as they are in the database at this moment: what is
// sold has the price of then. It joins the caller's transaction.
func (s *Service) ProductsByID(ctx context.Context, productIDs []string) (map[string]catalogapi.Product, error) {
	found, err := s.repo.ProductsByID(database.Fresh(ctx), productIDs)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]catalogapi.Product, len(found))
	for i := range found {
		byID[found[i].ID] = found[i].event()
	}
	return byID, nil
}

// Products lists products, a page at a time. The page is shared: its items may not be changed.
func (s *Service) Products(ctx context.Context, filter ProductFilter, wanted page.Request) (page.Page[Product], error) {
	return s.cached.list(ctx, filter, wanted, func(ctx context.Context) (page.Page[Product], error) {
		return s.repo.Products(ctx, filter, wanted)
	})
}

// UpdateProduct changes a product to what change makes of it. The errors are ErrProductNotFound, what check and change
// answer, problem.Invalid and ErrSKUTaken.
func (s *Service) UpdateProduct(
	ctx context.Context, productID string, check Check, change func(current *Product) (Draft, error),
) (*Product, error) {
	var product *Product
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		var err error
		if product, err = s.repo.LockProduct(ctx, productID); err != nil {
			return named(err, "id", productID)
		}
		if err := check(product.Version); err != nil {
			return err
		}
		draft, err := change(product)
		if err != nil {
			return err
		}
		return s.rewrite(ctx, product, draft)
	})
	if err != nil {
		return nil, fmt.Errorf("update the product %s: %w", productID, err)
	}
	return product, nil
}

// rewrite stores the product as the draft has it, within a transaction.
func (s *Service) rewrite(ctx context.Context, product *Product, draft Draft) error {
	draft = draft.normalize()
	if err := refuse(draft.violations()); err != nil {
		return err
	}
	categories, err := s.ensureCategories(ctx, draft.Categories)
	if err != nil {
		return err
	}
	s.cached.changed(ctx, product.ID, product.SKU, draft.SKU)
	product.apply(draft)
	product.Categories = categories
	product.UpdatedAt = s.now()
	if err := s.repo.UpdateProduct(ctx, product); err != nil {
		return err
	}
	return s.events.Publish(ctx, catalogapi.UpdatedV1{Product: product.event()})
}

// DeleteProduct deletes a product; its SKU is free again. The errors are those of UpdateProduct.
func (s *Service) DeleteProduct(ctx context.Context, productID string, check Check) error {
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		product, err := s.repo.LockProduct(ctx, productID)
		if err != nil {
			return named(err, "id", productID)
		}
		if err := check(product.Version); err != nil {
			return err
		}
		product.UpdatedAt = s.now()
		product.DeletedAt = product.UpdatedAt.UnixMicro()
		s.cached.changed(ctx, product.ID, product.SKU)
		if err := s.repo.DeleteProduct(ctx, product); err != nil {
			return err
		}
		product.Version++
		return s.events.Publish(ctx, catalogapi.DeletedV1{Product: product.event()})
	})
	if err != nil {
		return fmt.Errorf("delete the product %s: %w", productID, err)
	}
	return nil
}

// ensureCategories finds the categories with these names, and makes those that do not exist. They are locked, so that they have
// these names when the products that are put into them are committed.
func (s *Service) ensureCategories(ctx context.Context, names []string) ([]Category, error) {
	found, err := s.repo.LockCategories(ctx, names)
	if err != nil || len(found) == len(names) {
		return found, err
	}
	known := map[string]bool{}
	for _, category := range found {
		known[category.NameFolded] = true
	}
	var missing []Category
	for _, name := range names {
		if !known[fold(name)] {
			missing = append(missing, s.newCategory(name))
		}
	}
	return s.repo.AddCategories(ctx, missing, names)
}

// refuse answers the rules that a draft breaks, nil when it breaks none.
func refuse(broken []Violation) error {
	if len(broken) == 0 {
		return nil
	}
	invalid := problem.Invalid.New("")
	for _, v := range broken {
		invalid = invalid.With(problem.Field{In: "body", Pointer: "/" + v.Field, Detail: v.Rule})
	}
	return invalid
}
