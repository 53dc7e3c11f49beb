package catalog

import (
	"context"
	"net/http"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/idempotency"
	"github.com/trellis-go/trellis/platform/problem"
)

// routeCategories serves the operations on categories, which are the same in every version of the API.
func (h *Handler) routeCategories(v *httpapi.Group) {
	const tag = "Categories"
	httpapi.Handle(v, httpapi.Operation{
		ID: "list-categories", Method: http.MethodGet, Path: "/categories", Tag: tag, Policy: auth.Public,
		Summary: "List categories", Problems: []*problem.Kind{problem.InvalidCursor},
	}, h.listCategories)
	httpapi.Handle(v, httpapi.Operation{
		ID: "create-category", Method: http.MethodPost, Path: "/categories", Tag: tag, Policy: auth.Can(Write), Status: http.StatusCreated,
		Summary: "Create a category", Problems: append(idempotency.Problems(), ErrCategoryNameTaken),
	}, idempotency.Once(h.keys, h.service.repo.DB, h.createCategory))
	httpapi.Handle(v, httpapi.Operation{
		ID: "get-category", Method: http.MethodGet, Path: "/categories/{id}", Tag: tag, Policy: auth.Public,
		Summary: "Read a category", Problems: []*problem.Kind{ErrCategoryNotFound},
	}, h.getCategory)
	httpapi.Handle(v, httpapi.Operation{
		ID: "replace-category", Method: http.MethodPut, Path: "/categories/{id}", Tag: tag, Policy: auth.Can(Write),
		Summary: "Rename a category", Problems: append(changing(ErrCategoryNotFound), ErrCategoryNameTaken),
	}, h.replaceCategory)
	httpapi.Handle(v, httpapi.Operation{
		ID: "delete-category", Method: http.MethodDelete, Path: "/categories/{id}", Tag: tag, Policy: auth.Can(Write),
		Summary: "Delete a category that no product is in", Problems: append(changing(ErrCategoryNotFound), ErrCategoryInUse),
	}, h.deleteCategory)
}

type listCategoriesInput struct {
	httpapi.PageInput
	Sort string `query:"sort" enum:"name,-name" default:"name" doc:"The order; a leading - turns it round"`
}

func (h *Handler) listCategories(ctx context.Context, in *listCategoriesInput) (*httpapi.ListOutput[category], error) {
	wanted, err := in.Page(in.Sort, "")
	if err != nil {
		return nil, err
	}
	found, err := h.service.Categories(ctx, wanted)
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(&in.PageInput, in.Sort, "", found, showCategory), nil
}

type categoryOutput struct {
	Status   int
	ETag     string `header:"ETag" doc:"Names this version of the category, for If-Match and If-None-Match"`
	Location string `header:"Location" doc:"Where the new category is"`
	Body     *category
}

func newCategoryOutput(c *Category, status int) *categoryOutput {
	body := showCategory(c)
	return &categoryOutput{Status: status, ETag: httpapi.ETag(c.Version), Body: &body}
}

type createCategoryInput struct {
	httpapi.Origin
	idempotency.OptionalKey
	Body category
}

func (h *Handler) createCategory(ctx context.Context, in *createCategoryInput) (*categoryOutput, error) {
	created, err := h.service.CreateCategory(ctx, in.Body.Name)
	if err != nil {
		return nil, err
	}
	out := newCategoryOutput(created, http.StatusCreated)
	out.Location = in.Path() + "/" + created.ID
	return out, nil
}

type getCategoryInput struct {
	httpapi.Conditional
	ID string `path:"id" maxLength:"100" doc:"The category's id"`
}

func (h *Handler) getCategory(ctx context.Context, in *getCategoryInput) (*categoryOutput, error) {
	found, err := h.service.Category(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if in.Unchanged(found.Version) {
		return newCategoryOutput(found, http.StatusNotModified), nil
	}
	return newCategoryOutput(found, http.StatusOK), nil
}

type replaceCategoryInput struct {
	httpapi.Precondition
	ID   string `path:"id" maxLength:"100" doc:"The category's id"`
	Body category
}

func (h *Handler) replaceCategory(ctx context.Context, in *replaceCategoryInput) (*categoryOutput, error) {
	renamed, err := h.service.RenameCategory(ctx, in.ID, in.Check, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return newCategoryOutput(renamed, http.StatusOK), nil
}

type deleteCategoryInput struct {
	httpapi.Precondition
	ID string `path:"id" maxLength:"100" doc:"The category's id"`
}

func (h *Handler) deleteCategory(ctx context.Context, in *deleteCategoryInput) (*struct{}, error) {
	return nil, h.service.DeleteCategory(ctx, in.ID, in.Check)
}
