package order

import (
	"context"
	"fmt"
	"net/http"

	"github.com/trellis-go/trellis/modules/inventory/inventoryapi"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/idempotency"
	"github.com/trellis-go/trellis/platform/problem"
)

// Handler serves orders over HTTP.
type Handler struct {
	service *Service
	keys    *idempotency.Keys
}

// NewHandler makes the handler.
func NewHandler(service *Service, keys *idempotency.Keys) *Handler { return &Handler{service, keys} }

func (h *Handler) routes(api *httpapi.API) {
	routeOrders(api.V(1), h, ordersHandler[orderV1]{h.service, showV1})
	routeOrders(api.V(2), h, ordersHandler[orderV2]{h.service, showV2})
}

// routeOrders serves the operations on orders in one version of the API.
func routeOrders[B any](v *httpapi.Group, h *Handler, o ordersHandler[B]) {
	const tag = "Orders"
	changing := []*problem.Kind{ErrOrderNotFound, ErrOrderStatus, problem.PreconditionFailed}
	httpapi.Handle(v, httpapi.Operation{
		ID: "place-order", Method: http.MethodPost, Path: "/orders", Tag: tag, Policy: auth.Authenticated, Status: http.StatusCreated,
		Summary: "Place an order",
		Description: "Takes the prices of this moment and reserves the stock; when there is too little of one product, nothing is " +
			"ordered (`insufficient_stock`). The order expires when it is not paid by `expires_at`.",
		Problems: append(idempotency.Problems(), idempotency.ErrKeyRequired, inventoryapi.ErrInsufficientStock),
	}, idempotency.Once(h.keys, h.service.repo.DB, o.place))
	httpapi.Handle(v, httpapi.Operation{
		ID: "list-orders", Method: http.MethodGet, Path: "/orders", Tag: tag, Policy: auth.Authenticated, Others: Manage, Summary: "List orders",
		Problems: []*problem.Kind{problem.InvalidCursor},
	}, o.list)
	httpapi.Handle(v, httpapi.Operation{
		ID: "get-order", Method: http.MethodGet, Path: "/orders/{id}", Tag: tag, Policy: auth.Authenticated, Others: Manage, Summary: "Read an order",
		Problems: []*problem.Kind{ErrOrderNotFound},
	}, o.get)
	httpapi.Handle(v, httpapi.Operation{
		ID: "list-order-history", Method: http.MethodGet, Path: "/orders/{id}/history", Tag: tag, Policy: auth.Authenticated, Others: Manage,
		Summary: "List what has happened to an order", Problems: []*problem.Kind{ErrOrderNotFound, problem.InvalidCursor},
	}, o.history)
	httpapi.Handle(v, httpapi.Operation{
		ID: "pay-order", Method: http.MethodPost, Path: "/orders/{id}/pay", Tag: tag, Policy: auth.Authenticated, Others: Manage, Summary: "Pay an order",
		Description: "An order is charged once, however often this is sent. When it expires or is canceled meanwhile, the answer is " +
			"`order_status` and the money is given back; when its stock is gone by then (`insufficient_stock`), it expires, too. " +
			"After `payment_unavailable` the same request may be sent again, also with `If-Match`.",
		Problems: append(changing, ErrPaymentDeclined, ErrPaymentUnavailable, inventoryapi.ErrInsufficientStock),
	}, o.pay)
	httpapi.Handle(v, httpapi.Operation{
		ID: "cancel-order", Method: http.MethodPost, Path: "/orders/{id}/cancel", Tag: tag, Policy: auth.Authenticated, Others: Manage,
		Summary:     "Cancel an order that is not shipped",
		Description: "Its stock is free again. What was paid is given back in the background: see `payment_status`.", Problems: changing,
	}, o.cancel)
	httpapi.Handle(v, httpapi.Operation{
		ID: "ship-order", Method: http.MethodPost, Path: "/orders/{id}/ship", Tag: tag, Policy: auth.Can(Manage),
		Summary: "Say that an order has left the house", Problems: changing,
	}, o.ship)
}

// ordersHandler serves orders in the shape B of one version of the API.
type ordersHandler[B any] struct {
	service *Service
	show    func(*Order) B
}

type orderOutput[B any] struct {
	Status   int
	ETag     string `header:"ETag" doc:"Names this version of the order, for If-Match and If-None-Match"`
	Location string `header:"Location" doc:"Where the new order is"`
	Body     *B
}

func (h ordersHandler[B]) output(order *Order, status int) *orderOutput[B] {
	body := h.show(order)
	return &orderOutput[B]{Status: status, ETag: httpapi.ETag(order.Version), Body: &body}
}

type wantedLine struct {
	ProductID string `json:"product_id" format:"uuid" example:"0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c01"`
	Quantity  int    `json:"quantity" minimum:"1" maximum:"1000" example:"2"`
}

type placeOrderInput struct {
	httpapi.Origin
	idempotency.Key
	Body struct {
		Lines []wantedLine `json:"lines" minItems:"1" maxItems:"100" doc:"No product twice, and all in one currency"`
	}
}

func (h ordersHandler[B]) place(ctx context.Context, in *placeOrderInput) (*orderOutput[B], error) {
	lines := make([]inventoryapi.Line, len(in.Body.Lines))
	for i, line := range in.Body.Lines {
		lines[i] = inventoryapi.Line(line)
	}
	order, err := h.service.Place(ctx, lines)
	if err != nil {
		return nil, err
	}
	out := h.output(order, http.StatusCreated)
	out.Location = in.Path() + "/" + order.ID
	return out, nil
}

// FilterInput is what chooses orders. It is exported because fields of unexported embedded types cannot be set.
type FilterInput struct {
	Status     Status `query:"status" enum:"placed,paid,shipped,canceled,expired" doc:"Only orders with this status"`
	CustomerID string `query:"customer_id" maxLength:"36" doc:"Only orders of this user"`
}

type listOrdersInput struct {
	httpapi.PageInput
	FilterInput
	Sort string `query:"sort" enum:"placed_at,-placed_at" default:"-placed_at" doc:"The order; a leading - turns it round"`
}

func (h ordersHandler[B]) list(ctx context.Context, in *listOrdersInput) (*httpapi.ListOutput[B], error) {
	filters := fmt.Sprintf("%+v", in.FilterInput)
	wanted, err := in.Page(in.Sort, filters)
	if err != nil {
		return nil, err
	}
	found, err := h.service.Orders(ctx, Filter{CustomerID: in.CustomerID, Status: in.Status}, wanted)
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(&in.PageInput, in.Sort, filters, found, h.show), nil
}

type getOrderInput struct {
	httpapi.Conditional
	ID string `path:"id" maxLength:"100" doc:"The order's id"`
}

func (h ordersHandler[B]) get(ctx context.Context, in *getOrderInput) (*orderOutput[B], error) {
	order, err := h.service.Order(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if in.Unchanged(order.Version) {
		return h.output(order, http.StatusNotModified), nil
	}
	return h.output(order, http.StatusOK), nil
}

type orderHistoryInput struct {
	httpapi.PageInput
	ID   string `path:"id" maxLength:"100" doc:"The order's id"`
	Sort string `query:"sort" enum:"created_at,-created_at" default:"created_at" doc:"The order; a leading - turns it round"`
}

func (h ordersHandler[B]) history(ctx context.Context, in *orderHistoryInput) (*httpapi.ListOutput[change], error) {
	wanted, err := in.Page(in.Sort, in.ID)
	if err != nil {
		return nil, err
	}
	found, err := h.service.History(ctx, in.ID, wanted)
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(&in.PageInput, in.Sort, in.ID, found, showChange), nil
}

// ChangeInput names an order that is to be changed. A change of the status says by itself what it expects, so If-Match is
// for who wants to be sure of the rest. It is exported because fields of unexported embedded types cannot be set.
type ChangeInput struct {
	httpapi.Precondition
	ID string `path:"id" maxLength:"100" doc:"The order's id"`
}

func (i ChangeInput) check(version int64) error {
	if i.IfMatch == "" {
		return nil
	}
	return i.Check(version)
}

type payOrderInput struct {
	ChangeInput
	Body struct {
		Method string `json:"method" minLength:"1" maxLength:"200" example:"card" doc:"What is paid with, as the payment provider has named it to the client. The simulated provider takes all but declined and unavailable"`
	}
}

func (h ordersHandler[B]) pay(ctx context.Context, in *payOrderInput) (*orderOutput[B], error) {
	order, err := h.service.Pay(ctx, in.ID, in.Body.Method, in.check)
	if err != nil {
		return nil, err
	}
	return h.output(order, http.StatusOK), nil
}

type cancelOrderInput struct {
	ChangeInput
	Body *struct {
		Reason string `json:"reason" required:"false" maxLength:"500" example:"Ordered twice"`
	}
}

func (h ordersHandler[B]) cancel(ctx context.Context, in *cancelOrderInput) (*orderOutput[B], error) {
	reason := ""
	if in.Body != nil {
		reason = in.Body.Reason
	}
	order, err := h.service.Cancel(ctx, in.ID, reason, in.check)
	if err != nil {
		return nil, err
	}
	return h.output(order, http.StatusOK), nil
}

type shipOrderInput struct {
	ChangeInput
	Body *struct {
		Carrier  string `json:"carrier" required:"false" maxLength:"100" example:"DHL"`
		Tracking string `json:"tracking" required:"false" maxLength:"200" example:"00340434161094042557"`
	}
}

func (h ordersHandler[B]) ship(ctx context.Context, in *shipOrderInput) (*orderOutput[B], error) {
	var carrier, tracking string
	if in.Body != nil {
		carrier, tracking = in.Body.Carrier, in.Body.Tracking
	}
	order, err := h.service.Ship(ctx, in.ID, carrier, tracking, in.check)
	if err != nil {
		return nil, err
	}
	return h.output(order, http.StatusOK), nil
}
