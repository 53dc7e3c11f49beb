package inventory

import (
	"context"
	"fmt"
	"net/http"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/idempotency"
	"github.com/trellis-go/trellis/platform/problem"
)

// Handler serves the inventory over HTTP, alike in every version of the API.
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
	for _, version := range httpapi.Versions {
		h.routeStock(api.V(version.Number))
	}
}

func (h *Handler) routeStock(v *httpapi.Group) {
	const tag = "Inventory"
	httpapi.Handle(v, httpapi.Operation{
		ID: "get-availability", Method: http.MethodGet, Path: "/availability/{product_id}", Tag: tag, Policy: auth.Public,
		Summary: "Count the pieces of a product that can be had", Problems: []*problem.Kind{ErrProductUnknown},
	}, h.availability)
	httpapi.Handle(v, httpapi.Operation{
		ID: "list-stock", Method: http.MethodGet, Path: "/stock", Tag: tag, Policy: auth.Can(Read),
		Summary: "List stock, by product and location", Problems: []*problem.Kind{problem.InvalidCursor},
	}, h.listStock)
	httpapi.Handle(v, httpapi.Operation{
		ID: "adjust-stock", Method: http.MethodPost, Path: "/stock/adjustments", Tag: tag, Policy: auth.Can(Write), Status: http.StatusCreated,
		Summary: "Adjust the stock of a product at a location",
		Description: "Says that pieces came or went, and why. What is on hand never falls below what is reserved. The answer is the " +
			"entry in the ledger.",
		Problems: append(idempotency.Problems(), idempotency.ErrKeyRequired, ErrInsufficientStock),
	}, idempotency.Once(h.keys, h.service.repo.DB, h.adjust))
	httpapi.Handle(v, httpapi.Operation{
		ID: "list-stock-entries", Method: http.MethodGet, Path: "/stock/entries", Tag: tag, Policy: auth.Can(Read),
		Summary:     "List the ledger of a product",
		Description: "Every change of what is on hand, whoever made it. Those of a location add up to what lies there.",
		Problems:    []*problem.Kind{problem.InvalidCursor},
	}, h.listEntries)
	httpapi.Handle(v, httpapi.Operation{
		ID: "list-reservations", Method: http.MethodGet, Path: "/stock/reservations", Tag: tag, Policy: auth.Can(Read),
		Summary: "List the reservations of a product", Problems: []*problem.Kind{problem.InvalidCursor},
	}, h.listReservations)
}

type availabilityInput struct {
	ProductID string `path:"product_id" maxLength:"100" doc:"The product's id"`
}

type availabilityOutput struct {
	Body struct {
		ProductID string `json:"product_id" format:"uuid"`
		Available int64  `json:"available" example:"12" doc:"Pieces that are neither sold nor reserved"`
	}
}

func (h *Handler) availability(ctx context.Context, in *availabilityInput) (*availabilityOutput, error) {
	available, err := h.service.Available(ctx, in.ProductID)
	if err != nil {
		return nil, err
	}
	out := &availabilityOutput{}
	out.Body.ProductID, out.Body.Available = in.ProductID, available
	return out, nil
}

type listStockInput struct {
	httpapi.PageInput
	ProductID string `query:"product_id" maxLength:"36" doc:"Only of this product"`
	Location  string `query:"location" maxLength:"64" doc:"Only at this location"`
}

func (h *Handler) listStock(ctx context.Context, in *listStockInput) (*httpapi.ListOutput[stock], error) {
	filter := StockFilter{ProductID: in.ProductID, Location: in.Location}
	filters := fmt.Sprintf("%+v", filter)
	wanted, err := in.Page("id", filters)
	if err != nil {
		return nil, err
	}
	found, err := h.service.Stocks(ctx, filter, wanted)
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(&in.PageInput, "id", filters, found, showStock), nil
}

type adjustInput struct {
	idempotency.Key
	Body struct {
		ProductID string `json:"product_id" format:"uuid" example:"0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c01"`
		Location  string `json:"location" required:"false" default:"main" maxLength:"64" pattern:"^[a-z0-9][a-z0-9_-]*$" patternDescription:"small letters, digits, - and _" example:"main" doc:"Where the pieces lie; one that is named for the first time is made"`
		Delta     int64  `json:"delta" minimum:"-1000000000" maximum:"1000000000" example:"100" doc:"Pieces that came, or went when it is negative; not 0"`
		Reason    string `json:"reason" enum:"received,returned,damaged,lost,counted,corrected" example:"received"`
		Note      string `json:"note" required:"false" maxLength:"500" example:"Delivery 4711"`
	}
}

type adjustOutput struct {
	Status int
	Body   entry
}

func (h *Handler) adjust(ctx context.Context, in *adjustInput) (*adjustOutput, error) {
	if in.Body.Delta == 0 {
		return nil, problem.Invalid.New("").With(problem.Field{In: "body", Pointer: "/delta", Detail: "must not be 0"})
	}
	made, err := h.service.Adjust(ctx, Adjustment(in.Body))
	if err != nil {
		return nil, err
	}
	return &adjustOutput{Status: http.StatusCreated, Body: showEntry(made)}, nil
}

type listEntriesInput struct {
	httpapi.PageInput
	ProductID string `query:"product_id" required:"true" maxLength:"100" doc:"The product's id"`
	Sort      string `query:"sort" enum:"created_at,-created_at" default:"-created_at" doc:"The order; a leading - turns it round"`
}

func (h *Handler) listEntries(ctx context.Context, in *listEntriesInput) (*httpapi.ListOutput[entry], error) {
	wanted, err := in.Page(in.Sort, in.ProductID)
	if err != nil {
		return nil, err
	}
	found, err := h.service.Entries(ctx, in.ProductID, wanted)
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(&in.PageInput, in.Sort, in.ProductID, found, showEntry), nil
}

type listReservationsInput struct {
	httpapi.PageInput
	ProductID string `query:"product_id" required:"true" maxLength:"100" doc:"The product's id"`
	State     State  `query:"state" enum:"open,committed,released,expired" default:"open" doc:"How far the reservations have come"`
}

func (h *Handler) listReservations(ctx context.Context, in *listReservationsInput) (*httpapi.ListOutput[reservation], error) {
	filters := fmt.Sprintf("%s %s", in.ProductID, in.State)
	wanted, err := in.Page("id", filters)
	if err != nil {
		return nil, err
	}
	found, err := h.service.Holds(ctx, in.ProductID, in.State, wanted)
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(&in.PageInput, "id", filters, found, showReservation), nil
}
