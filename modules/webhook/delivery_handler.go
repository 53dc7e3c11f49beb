package webhook

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/problem"
)

func (h *Handler) routeDeliveries(v *httpapi.Group) {
	const tag = "Webhooks"
	httpapi.Handle(v, httpapi.Operation{
		ID: "ping-webhook", Method: http.MethodPost, Path: "/webhooks/{id}/ping", Tag: tag, Policy: auth.Can(Manage), Status: http.StatusAccepted,
		Summary: "Send a webhook an event to try it out", Problems: []*problem.Kind{ErrWebhookNotFound, ErrWebhookInactive},
	}, h.ping)
	httpapi.Handle(v, httpapi.Operation{
		ID: "list-webhook-deliveries", Method: http.MethodGet, Path: "/webhooks/{id}/deliveries", Tag: tag, Policy: auth.Can(Manage),
		Summary: "List what was sent to a webhook", Problems: []*problem.Kind{ErrWebhookNotFound, problem.InvalidCursor},
	}, h.listDeliveries)
	httpapi.Handle(v, httpapi.Operation{
		ID: "get-webhook-delivery", Method: http.MethodGet, Path: "/webhooks/{id}/deliveries/{delivery}", Tag: tag, Policy: auth.Can(Manage),
		Summary: "Read what was sent to a webhook, and what came of each attempt", Problems: []*problem.Kind{ErrDeliveryNotFound},
	}, h.getDelivery)
	httpapi.Handle(v, httpapi.Operation{
		ID: "replay-webhook-delivery", Method: http.MethodPost, Path: "/webhooks/{id}/deliveries/{delivery}/replay", Tag: tag,
		Policy: auth.Can(Manage), Status: http.StatusAccepted, Summary: "Send a delivery again",
		Description: "It goes to the URL that the webhook has now, under the same `webhook-id`.",
		Problems:    []*problem.Kind{ErrWebhookNotFound, ErrWebhookInactive, ErrDeliveryNotFound, ErrDeliveryPending},
	}, h.replay)
}

// delivery is a delivery as it is shown.
type delivery struct {
	ID         string          `json:"id" format:"uuid"`
	EventID    string          `json:"event_id" doc:"What is sent as webhook-id"`
	EventType  string          `json:"event_type" example:"order.placed.v1"`
	State      State           `json:"state" enum:"pending,delivered,failed" doc:"The last two are final, until it is sent again"`
	Attempts   int             `json:"attempts" doc:"How many there were"`
	LastStatus int             `json:"last_status,omitempty" example:"503" doc:"Of the last answer; absent when there was none"`
	LastError  string          `json:"last_error,omitempty"`
	NextAt     *time.Time      `json:"next_at,omitempty" doc:"When it is tried"`
	CreatedAt  time.Time       `json:"created_at"`
	FinishedAt *time.Time      `json:"finished_at,omitempty"`
	Sent       json.RawMessage `json:"sent,omitempty" doc:"The body, when one delivery is read"`
	Log        []attempt       `json:"log,omitempty" doc:"What came of each attempt, when one delivery is read"`
}

// attempt is an attempt as it is shown.
type attempt struct {
	Attempt    int       `json:"attempt" doc:"Counted from 1"`
	StartedAt  time.Time `json:"started_at"`
	DurationMS int64     `json:"duration_ms"`
	Status     int       `json:"status,omitempty" doc:"Of the answer; absent when there was none"`
	Error      string    `json:"error,omitempty"`
	Response   string    `json:"response,omitempty" doc:"The first 1024 bytes of the answer"`
}

func showDelivery(d *Delivery) delivery {
	return delivery{
		ID: d.ID, EventID: d.EventID, EventType: d.EventType, State: d.State, Attempts: d.Attempts, LastStatus: d.LastStatus,
		LastError: d.LastError, NextAt: d.NextAt, CreatedAt: d.CreatedAt, FinishedAt: d.FinishedAt,
	}
}

type deliveryOutput struct {
	Location string `header:"Location" doc:"Where the delivery is"`
	Body     delivery
}

type pingInput struct {
	httpapi.Origin
	ID string `path:"id" maxLength:"100" doc:"The webhook's id"`
}

func (h *Handler) ping(ctx context.Context, in *pingInput) (*deliveryOutput, error) {
	made, err := h.service.Ping(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	location := in.Prefix() + "/webhooks/" + in.ID + "/deliveries/" + made.ID
	return &deliveryOutput{Location: location, Body: showDelivery(made)}, nil
}

type listDeliveriesInput struct {
	httpapi.PageInput
	ID    string `path:"id" maxLength:"100" doc:"The webhook's id"`
	State string `query:"state" enum:"pending,delivered,failed" doc:"Only deliveries in this state"`
	Sort  string `query:"sort" enum:"created_at,-created_at" default:"-created_at" doc:"The order; a leading - turns it round"`
}

func (h *Handler) listDeliveries(ctx context.Context, in *listDeliveriesInput) (*httpapi.ListOutput[delivery], error) {
	filters := in.ID + " " + in.State
	wanted, err := in.Page(in.Sort, filters)
	if err != nil {
		return nil, err
	}
	found, err := h.service.Deliveries(ctx, in.ID, State(in.State), wanted)
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(&in.PageInput, in.Sort, filters, found, showDelivery), nil
}

type deliveryInput struct {
	ID       string `path:"id" maxLength:"100" doc:"The webhook's id"`
	Delivery string `path:"delivery" maxLength:"100" doc:"The delivery's id"`
}

func (h *Handler) getDelivery(ctx context.Context, in *deliveryInput) (*deliveryOutput, error) {
	found, attempts, err := h.service.Delivery(ctx, in.ID, in.Delivery)
	if err != nil {
		return nil, err
	}
	out := &deliveryOutput{Body: showDelivery(found)}
	out.Body.Sent = found.Body
	for _, a := range attempts {
		out.Body.Log = append(out.Body.Log, attempt{a.Attempt, a.StartedAt, a.DurationMS, a.Status, a.Error, a.Response})
	}
	return out, nil
}

func (h *Handler) replay(ctx context.Context, in *deliveryInput) (*deliveryOutput, error) {
	made, err := h.service.Replay(ctx, in.ID, in.Delivery)
	if err != nil {
		return nil, err
	}
	return &deliveryOutput{Body: showDelivery(made)}, nil
}
