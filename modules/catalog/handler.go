package catalog

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/idempotency"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/platform/tasks"
)

// Handler serves the catalog over HTTP.
type Handler struct {
	cfg     Config
	service *Service
	keys    *idempotency.Keys
}

// NewHandler makes the handler.
func NewHandler(cfg Config, service *Service, keys *idempotency.Keys) *Handler {
	return &Handler{cfg: cfg, service: service, keys: keys}
}

func (h *Handler) routes(api *httpapi.API) {
	routeProducts(api.V(1), h, productsHandler[productV1]{h.service, showV1, productV1.draft})
	routeProducts(api.V(2), h, productsHandler[productV2]{h.service, showV2, productV2.draft})
	h.routeCategories(api.V(1))
	h.routeCategories(api.V(2))
}

// routeProducts serves the operations on products in one version of the API.
func routeProducts[B any](v *httpapi.Group, h *Handler, p productsHandler[B]) {
	const tag = "Products"
	httpapi.Handle(v, httpapi.Operation{
		ID: "list-products", Method: http.MethodGet, Path: "/products", Tag: tag, Policy: auth.Public,
		Summary: "List products", Problems: []*problem.Kind{problem.InvalidCursor},
	}, p.list)
	httpapi.Handle(v, httpapi.Operation{
		ID: "create-product", Method: http.MethodPost, Path: "/products", Tag: tag, Policy: auth.Can(Write), Status: http.StatusCreated,
		Summary: "Create a product", Problems: append(idempotency.Problems(), ErrSKUTaken),
	}, idempotency.Once(h.keys, h.service.repo.DB, p.create))
	httpapi.Handle(v, httpapi.Operation{
		ID: "get-product", Method: http.MethodGet, Path: "/products/{id}", Tag: tag, Policy: auth.Public,
		Summary: "Read a product", Problems: []*problem.Kind{ErrProductNotFound},
	}, p.get)
	httpapi.Handle(v, httpapi.Operation{
		ID: "get-product-by-sku", Method: http.MethodGet, Path: "/products/by-sku/{sku}", Tag: tag, Policy: auth.Public,
		Summary: "Read the product that has a SKU", Problems: []*problem.Kind{ErrProductNotFound},
	}, p.getBySKU)
	httpapi.Handle(v, httpapi.Operation{
		ID: "replace-product", Method: http.MethodPut, Path: "/products/{id}", Tag: tag, Policy: auth.Can(Write),
		Summary: "Replace a product", Problems: append(changing(ErrProductNotFound), ErrSKUTaken),
	}, p.replace)
	httpapi.Handle(v, httpapi.Operation{
		ID: "patch-product", Method: http.MethodPatch, Path: "/products/{id}", Tag: tag, Policy: auth.Can(Write),
		Summary:     "Change some members of a product",
		Description: "The body is a JSON merge patch (RFC 7396): members that are left out stay as they are, null takes one back to its default.",
		Problems:    append(changing(ErrProductNotFound), ErrSKUTaken),
	}, p.patch)
	httpapi.Handle(v, httpapi.Operation{
		ID: "delete-product", Method: http.MethodDelete, Path: "/products/{id}", Tag: tag, Policy: auth.Can(Write),
		Summary: "Delete a product", Problems: changing(ErrProductNotFound),
	}, p.remove)
	httpapi.Handle(v, httpapi.Operation{
		ID: "import-products", Method: http.MethodPost, Path: "/products/import", Tag: tag, Policy: auth.Can(Write), Consumes: "text/csv",
		Summary: "Import products from CSV",
		Description: "The first line names the columns: `sku`, `name`, `price_cents` and `currency` must be there, `description`, " +
			"`active` and `categories` (separated by `|`) may be. What an export has beside these is ignored. " +
			"With `on_error=abort` all rows are imported or none. With `Prefer: respond-async` the file is kept and imported in " +
			"the background: the answer is 202 with a task, whose result or problem is what this operation would have answered.",
		Answers: map[int]any{http.StatusOK: importResult{}, http.StatusAccepted: tasks.Task{}},
		MaxBody: h.cfg.ImportMaxBody, Timeout: h.cfg.StreamTimeout,
		Problems: []*problem.Kind{problem.TooLarge, problem.UnsupportedMediaType, ErrSKUTaken},
	}, h.importProducts)
	httpapi.Handle(v, httpapi.Operation{
		ID: "export-products", Method: http.MethodGet, Path: "/products/export", Tag: tag, Policy: auth.Public, Produces: "text/csv",
		Summary: "Export products to CSV", Timeout: h.cfg.StreamTimeout,
	}, h.exportProducts)
}

// changing are the problems of an operation that changes one resource.
func changing(notFound *problem.Kind) []*problem.Kind {
	return []*problem.Kind{notFound, problem.PreconditionFailed, problem.PreconditionRequired}
}

// productsHandler serves products in the shape B of one version of the API.
type productsHandler[B any] struct {
	service *Service
	show    func(*Product) B
	read    func(B) Draft
}

// FilterInput is what chooses products. It is exported because fields of unexported embedded types cannot be set.
type FilterInput struct {
	Category string                  `query:"category" maxLength:"100" doc:"Only products in the category with this name"`
	Query    string                  `query:"q" maxLength:"200" doc:"Only products with this text in their name or SKU, without regard to case"`
	Active   httpapi.Optional[bool]  `query:"active" doc:"Only products that are offered, or that are not"`
	MinPrice httpapi.Optional[int64] `query:"min_price_cents" minimum:"0" doc:"Only products that cost at least this, in hundredths of their currency"`
	MaxPrice httpapi.Optional[int64] `query:"max_price_cents" minimum:"0" doc:"Only products that cost at most this, in hundredths of their currency"`
}

func (f FilterInput) filter() ProductFilter {
	return ProductFilter{
		Category: strings.TrimSpace(f.Category), Text: f.Query, Active: f.Active.Pointer(),
		MinPrice: f.MinPrice.Pointer(), MaxPrice: f.MaxPrice.Pointer(),
	}
}

type listProductsInput struct {
	httpapi.PageInput
	FilterInput
	Sort string `query:"sort" enum:"name,-name,price,-price,created_at,-created_at" default:"-created_at" doc:"The order; a leading - turns it round"`
}

func (p productsHandler[B]) list(ctx context.Context, in *listProductsInput) (*httpapi.ListOutput[B], error) {
	filters := fmt.Sprintf("%+v", in.FilterInput)
	wanted, err := in.Page(in.Sort, filters)
	if err != nil {
		return nil, err
	}
	found, err := p.service.Products(ctx, in.filter(), wanted)
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(&in.PageInput, in.Sort, filters, found, p.show), nil
}

type productOutput[B any] struct {
	Status   int
	ETag     string `header:"ETag" doc:"Names this version of the product, for If-Match and If-None-Match"`
	Location string `header:"Location" doc:"Where the new product is"`
	Body     *B
}

func (p productsHandler[B]) output(product *Product, status int) *productOutput[B] {
	body := p.show(product)
	return &productOutput[B]{Status: status, ETag: httpapi.ETag(product.Version), Body: &body}
}

type createProductInput[B any] struct {
	httpapi.Origin
	idempotency.OptionalKey
	Body B
}

func (p productsHandler[B]) create(ctx context.Context, in *createProductInput[B]) (*productOutput[B], error) {
	product, err := p.service.CreateProduct(ctx, p.read(in.Body))
	if err != nil {
		return nil, err
	}
	out := p.output(product, http.StatusCreated)
	out.Location = in.Path() + "/" + product.ID
	return out, nil
}

type getProductInput struct {
	httpapi.Conditional
	ID string `path:"id" maxLength:"100" doc:"The product's id"`
}

func (p productsHandler[B]) get(ctx context.Context, in *getProductInput) (*productOutput[B], error) {
	product, err := p.service.Product(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return p.unlessKnown(product, in.Conditional), nil
}

type getProductBySKUInput struct {
	httpapi.Conditional
	SKU string `path:"sku" maxLength:"64" doc:"The product's SKU, escaped"`
}

func (p productsHandler[B]) getBySKU(ctx context.Context, in *getProductBySKUInput) (*productOutput[B], error) {
	product, err := p.service.ProductBySKU(ctx, in.SKU)
	if err != nil {
		return nil, err
	}
	return p.unlessKnown(product, in.Conditional), nil
}

// unlessKnown answers with the product, or that the client has it already.
func (p productsHandler[B]) unlessKnown(product *Product, known httpapi.Conditional) *productOutput[B] {
	if known.Unchanged(product.Version) {
		return p.output(product, http.StatusNotModified)
	}
	return p.output(product, http.StatusOK)
}

type replaceProductInput[B any] struct {
	httpapi.Precondition
	ID   string `path:"id" maxLength:"100" doc:"The product's id"`
	Body B
}

func (p productsHandler[B]) replace(ctx context.Context, in *replaceProductInput[B]) (*productOutput[B], error) {
	product, err := p.service.UpdateProduct(ctx, in.ID, in.Check, func(*Product) (Draft, error) {
		return p.read(in.Body), nil
	})
	if err != nil {
		return nil, err
	}
	return p.output(product, http.StatusOK), nil
}

type patchProductInput[B any] struct {
	httpapi.Precondition
	ID   string                `path:"id" maxLength:"100" doc:"The product's id"`
	Body httpapi.MergePatch[B] `contentType:"application/merge-patch+json"`
}

func (p productsHandler[B]) patch(ctx context.Context, in *patchProductInput[B]) (*productOutput[B], error) {
	product, err := p.service.UpdateProduct(ctx, in.ID, in.Check, func(current *Product) (Draft, error) {
		patched, err := in.Body.Apply(p.show(current))
		return p.read(patched), err
	})
	if err != nil {
		return nil, err
	}
	return p.output(product, http.StatusOK), nil
}

type deleteProductInput struct {
	httpapi.Precondition
	ID string `path:"id" maxLength:"100" doc:"The product's id"`
}

func (p productsHandler[B]) remove(ctx context.Context, in *deleteProductInput) (*struct{}, error) {
	return nil, p.service.DeleteProduct(ctx, in.ID, in.Check)
}
