package webhook

import (
	"context"
	"net/http"
	"time"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/problem"
)

// Handler serves webhooks over HTTP.
type Handler struct{ service *Service }

// NewHandler makes the handler.
func NewHandler(service *Service) *Handler { return &Handler{service: service} }

func (h *Handler) routes(v *httpapi.Group) {
	h.routeWebhooks(v)
	h.routeDeliveries(v)
}

// changing are the problems of an operation that changes a webhook.
func changing() []*problem.Kind {
	return []*problem.Kind{ErrWebhookNotFound, problem.PreconditionFailed, problem.PreconditionRequired}
}

func (h *Handler) routeWebhooks(v *httpapi.Group) {
	const tag = "Webhooks"
	httpapi.Handle(v, httpapi.Operation{
		ID: "list-webhooks", Method: http.MethodGet, Path: "/webhooks", Tag: tag, Policy: auth.Can(Manage),
		Summary: "List webhooks", Problems: []*problem.Kind{problem.InvalidCursor},
	}, h.list)
	httpapi.Handle(v, httpapi.Operation{
		ID: "create-webhook", Method: http.MethodPost, Path: "/webhooks", Tag: tag, Policy: auth.Can(Manage), Status: http.StatusCreated,
		Summary: "Create a webhook",
		Description: "Events are sent to the URL by POST, signed as Standard Webhooks has it with the headers `webhook-id`, " +
			"`webhook-timestamp` and `webhook-signature`. An answer from 200 to 299 within the timeout is a success; others are tried again with " +
			"growing waits, so an event may come more than once, under the same `webhook-id`, and in any order. 410 switches the webhook " +
			"off. The secret is shown this once.",
	}, h.create)
	httpapi.Handle(v, httpapi.Operation{
		ID: "get-webhook", Method: http.MethodGet, Path: "/webhooks/{id}", Tag: tag, Policy: auth.Can(Manage),
		Summary: "Read a webhook", Problems: []*problem.Kind{ErrWebhookNotFound},
	}, h.get)
	httpapi.Handle(v, httpapi.Operation{
		ID: "patch-webhook", Method: http.MethodPatch, Path: "/webhooks/{id}", Tag: tag, Policy: auth.Can(Manage),
		Summary:     "Change some members of a webhook",
		Description: "The body is a JSON merge patch (RFC 7396). Switching it on again forgets its failures, and so does another URL.",
		Problems:    changing(),
	}, h.patch)
	httpapi.Handle(v, httpapi.Operation{
		ID: "delete-webhook", Method: http.MethodDelete, Path: "/webhooks/{id}", Tag: tag, Policy: auth.Can(Manage),
		Summary: "Delete a webhook", Problems: changing(),
	}, h.remove)
	httpapi.Handle(v, httpapi.Operation{
		ID: "rotate-webhook-secret", Method: http.MethodPost, Path: "/webhooks/{id}/secret", Tag: tag, Policy: auth.Can(Manage),
		Summary:     "Give a webhook a new secret",
		Description: "It is shown this once. For a time what is sent is signed with the new secret and with those before, the last two at most.",
		Problems:    changing(),
	}, h.rotate)
}

// webhookFields are the members of a webhook that clients set.
type webhookFields struct {
	URL         string   `json:"url" minLength:"1" maxLength:"2000" example:"https://example.com/hooks" doc:"Where events are sent: https, without user and password, at a public address"`
	Description string   `json:"description" required:"false" maxLength:"500" example:"The warehouse"`
	Events      []string `json:"events" minItems:"1" maxItems:"32" example:"[\"order.*\"]" doc:"Which: types such as order.placed.v1, the first words of types with .* behind them, or *"`
	Active      *bool    `json:"active" required:"false" nullable:"false" default:"true" example:"true" doc:"Whether anything is sent"`
}

func (f webhookFields) draft() Draft {
	return Draft{URL: f.URL, Description: f.Description, Events: f.Events, Active: f.Active == nil || *f.Active}
}

func fieldsOf(d Draft) webhookFields { return webhookFields{d.URL, d.Description, d.Events, &d.Active} }

// webhook is a webhook as it is shown.
type webhook struct {
	ID             string     `json:"id" format:"uuid"`
	URL            string     `json:"url" example:"https://example.com/hooks"`
	Description    string     `json:"description"`
	Events         []string   `json:"events" example:"[\"order.*\"]"`
	Active         bool       `json:"active"`
	FailingSince   *time.Time `json:"failing_since,omitempty" doc:"When the first of its failures was since the last success; absent while all is well"`
	DisabledAt     *time.Time `json:"disabled_at,omitempty" doc:"When its failures switched it off"`
	DisabledReason string     `json:"disabled_reason,omitempty" example:"it answered 410 Gone"`
	OldSecretUntil *time.Time `json:"old_secret_until,omitempty" doc:"Until when the secret before signs too"`
	Secret         string     `json:"secret,omitempty" example:"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" doc:"What signatures are verified with: only when it was just made"`
	Version        int64      `json:"version" example:"1" doc:"Grows by one with every change"`
	CreatedAt      time.Time  `json:"created_at"`
	UpdatedAt      time.Time  `json:"updated_at"`
}

func show(w *Webhook) webhook {
	return webhook{
		ID: w.ID, URL: w.URL, Description: w.Description, Events: w.patterns(), Active: w.Active, FailingSince: w.FailingSince,
		DisabledAt: w.DisabledAt, DisabledReason: w.DisabledReason, OldSecretUntil: w.OldSecretUntil, Version: w.Version,
		CreatedAt: w.CreatedAt, UpdatedAt: w.UpdatedAt,
	}
}

type webhookOutput struct {
	Status       int
	ETag         string `header:"ETag" doc:"Names this version of the webhook, for If-Match"`
	Location     string `header:"Location" doc:"Where the new webhook is"`
	CacheControl string `header:"Cache-Control"`
	Body         *webhook
}

func newOutput(w *Webhook, status int) *webhookOutput {
	body := show(w)
	return &webhookOutput{Status: status, ETag: httpapi.ETag(w.Version), Body: &body}
}

// withSecret shows the secret too, which nobody on the way may keep.
func (o *webhookOutput) withSecret(secret string) *webhookOutput {
	o.Body.Secret, o.CacheControl = secret, "no-store"
	return o
}

type listInput struct {
	httpapi.PageInput
	Sort string `query:"sort" enum:"created_at,-created_at" default:"-created_at" doc:"The order; a leading - turns it round"`
}

func (h *Handler) list(ctx context.Context, in *listInput) (*httpapi.ListOutput[webhook], error) {
	wanted, err := in.Page(in.Sort, "")
	if err != nil {
		return nil, err
	}
	found, err := h.service.Webhooks(ctx, wanted)
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(&in.PageInput, in.Sort, "", found, show), nil
}

type createInput struct {
	httpapi.Origin
	Body webhookFields
}

func (h *Handler) create(ctx context.Context, in *createInput) (*webhookOutput, error) {
	made, secret, err := h.service.Create(ctx, in.Body.draft())
	if err != nil {
		return nil, err
	}
	out := newOutput(made, http.StatusCreated).withSecret(secret)
	out.Location = in.Path() + "/" + made.ID
	return out, nil
}

type getInput struct {
	ID string `path:"id" maxLength:"100" doc:"The webhook's id"`
}

func (h *Handler) get(ctx context.Context, in *getInput) (*webhookOutput, error) {
	found, err := h.service.Webhook(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return newOutput(found, http.StatusOK), nil
}

type patchInput struct {
	httpapi.Precondition
	ID   string                            `path:"id" maxLength:"100" doc:"The webhook's id"`
	Body httpapi.MergePatch[webhookFields] `contentType:"application/merge-patch+json"`
}

func (h *Handler) patch(ctx context.Context, in *patchInput) (*webhookOutput, error) {
	changed, err := h.service.Update(ctx, in.ID, in.Check, func(now Draft) (Draft, error) {
		patched, err := in.Body.Apply(fieldsOf(now))
		return patched.draft(), err
	})
	if err != nil {
		return nil, err
	}
	return newOutput(changed, http.StatusOK), nil
}

type changeInput struct {
	httpapi.Precondition
	ID string `path:"id" maxLength:"100" doc:"The webhook's id"`
}

func (h *Handler) remove(ctx context.Context, in *changeInput) (*struct{}, error) {
	return nil, h.service.Delete(ctx, in.ID, in.Check)
}

func (h *Handler) rotate(ctx context.Context, in *changeInput) (*webhookOutput, error) {
	changed, secret, err := h.service.Rotate(ctx, in.ID, in.Check)
	if err != nil {
		return nil, err
	}
	return newOutput(changed, http.StatusOK).withSecret(secret), nil
}
