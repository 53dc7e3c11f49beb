package catalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/trellis-go/trellis/modules/catalog/catalogapi"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/page"
)

func (s *Service) newCategory(name string) Category {
	now := s.now()
	return Category{ID: id.New(), Name: name, NameFolded: fold(name), Version: 1, CreatedAt: now, UpdatedAt: now}
}

// CreateCategory adds a category. The errors are problem.Invalid and ErrCategoryNameTaken.
func (s *Service) CreateCategory(ctx context.Context, name string) (*Category, error) {
	name, err := categoryName(name)
	if err != nil {
		return nil, err
	}
	category := s.newCategory(name)
	if err := s.repo.InsertCategory(ctx, &category); err != nil {
		return nil, fmt.Errorf("create the category %q: %w", name, err)
	}
	return &category, nil
}

func categoryName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if !validCategory(name) {
		return "", refuse([]Violation{{Field: "name", Rule: "must be " + categoryRule}})
	}
	return name, nil
}

// Category finds a category. The error is ErrCategoryNotFound when there is none.
func (s *Service) Category(ctx context.Context, categoryID string) (*Category, error) {
	return s.repo.Category(ctx, categoryID)
}

// Categories lists categories by name, a page at a time.
func (s *Service) Categories(ctx context.Context, wanted page.Request) (page.Page[Category], error) {
	return s.repo.Categories(ctx, wanted)
}

// RenameCategory changes a category's name. The errors are ErrCategoryNotFound, what check answers, problem.Invalid and
// ErrCategoryNameTaken.
func (s *Service) RenameCategory(ctx context.Context, categoryID string, check Check, name string) (*Category, error) {
	name, err := categoryName(name)
	if err != nil {
		return nil, err
	}
	var category *Category
	err = s.repo.InTx(ctx, func(ctx context.Context) error {
		var err error
		if category, err = s.repo.LockCategory(ctx, categoryID); err != nil {
			return err
		}
		if err := check(category.Version); err != nil {
			return err
		}
		s.cached.changedMany(ctx)
		category.Name, category.NameFolded, category.UpdatedAt = name, fold(name), s.now()
		if err := s.repo.UpdateCategory(ctx, category); err != nil {
			return err
		}
		return s.changeMembers(ctx, category)
	})
	if err != nil {
		return nil, fmt.Errorf("rename the category %s: %w", categoryID, err)
	}
	return category, nil
}

const memberBatch = 500

// changeMembers raises the versions of the products of a category, which show its name, and publishes that they have changed.
// There may be many, so no more than a batch is held.
func (s *Service) changeMembers(ctx context.Context, category *Category) error {
	for after := ""; ; {
		ids, err := s.repo.Members(ctx, category.ID, after, memberBatch)
		if err != nil || len(ids) == 0 {
			return err
		}
		after = ids[len(ids)-1]
		if err := s.repo.RaiseProducts(ctx, ids, category.UpdatedAt); err != nil {
			return err
		}
		changed, err := s.repo.ProductsByID(ctx, ids)
		if err != nil {
			return err
		}
		events := make([]outbox.Event, len(changed))
		for i := range changed {
			events[i] = catalogapi.UpdatedV1{Product: changed[i].event()}
		}
		if err := s.events.Publish(ctx, events...); err != nil {
			return err
		}
	}
}

// DeleteCategory deletes a category that no product is in. The errors are ErrCategoryNotFound, what check answers, and
// ErrCategoryInUse.
func (s *Service) DeleteCategory(ctx context.Context, categoryID string, check Check) error {
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		category, err := s.repo.LockCategory(ctx, categoryID)
		if err != nil {
			return err
		}
		if err := check(category.Version); err != nil {
			return err
		}
		return s.repo.DeleteCategory(ctx, category) // no product shows it: nothing that is cached changes
	})
	if err != nil {
		return fmt.Errorf("delete the category %s: %w", categoryID, err)
	}
	return nil
}
