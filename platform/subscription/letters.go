package subscription

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/problem"
)

// Manage is the permission to look after dead letters. They show what events say, whoever it is about.
const Manage auth.Permission = "events:manage"

// The kinds of problem that a client meets with dead letters.
var (
	ErrUnknown = problem.Define(http.StatusNotFound, "subscription_not_found", "Subscription not found",
		"No subscription has this name. The list of dead letters without a subscription looks at all there are.")
	ErrNoLetter = problem.Define(http.StatusNotFound, "dead_letter_not_found", "Dead letter not found",
		"The subscription has no dead letter with this id: it may have been retried or discarded already.")
)

// Letters serves the dead letters of subscriptions over HTTP.
type Letters struct {
	of    broker.DeadLetters
	names []string
}

// NewLetters makes them of these subscriptions.
func NewLetters(of broker.DeadLetters, all []Subscription) *Letters {
	l := &Letters{of: of}
	for _, s := range all {
		l.names = append(l.names, s.Name)
	}
	return l
}

// Routes serves them in every version of the API.
func (l *Letters) Routes(api *httpapi.API) {
	const tag = "Dead letters"
	for _, version := range httpapi.Versions {
		v := api.V(version.Number)
		httpapi.Handle(v, httpapi.Operation{
			ID: "list-dead-letters", Method: http.MethodGet, Path: "/dead-letters", Tag: tag, Policy: auth.Can(Manage),
			Summary: "List events that could not be handled",
			Description: "Those of each subscription from the oldest on. There are no pages: retry or discard what is there, and list " +
				"again.",
			Problems: []*problem.Kind{ErrUnknown},
		}, l.list)
		httpapi.Handle(v, httpapi.Operation{
			ID: "get-dead-letter", Method: http.MethodGet, Path: "/dead-letters/{subscription}/{id}", Tag: tag, Policy: auth.Can(Manage),
			Summary: "Read a dead letter, with its event", Problems: []*problem.Kind{ErrUnknown, ErrNoLetter},
		}, l.get)
		httpapi.Handle(v, httpapi.Operation{
			ID: "retry-dead-letter", Method: http.MethodPost, Path: "/dead-letters/{subscription}/{id}/retry", Tag: tag,
			Policy: auth.Can(Manage), Summary: "Deliver a dead letter again", Status: http.StatusNoContent,
			Description: "It is delivered to its subscription alone, with all its attempts before it. Events that came after it " +
				"may have been handled meanwhile.",
			Problems: []*problem.Kind{ErrUnknown, ErrNoLetter},
		}, l.retry)
		httpapi.Handle(v, httpapi.Operation{
			ID: "discard-dead-letter", Method: http.MethodDelete, Path: "/dead-letters/{subscription}/{id}", Tag: tag,
			Policy: auth.Can(Manage), Summary: "Forget a dead letter for good", Problems: []*problem.Kind{ErrUnknown, ErrNoLetter},
		}, l.discard)
	}
}

// letter is a dead letter as it is listed.
type letter struct {
	Subscription string    `json:"subscription" example:"webhook.deliveries" doc:"Who could not handle it"`
	ID           string    `json:"id" doc:"Of the event"`
	Type         string    `json:"type" example:"order.placed.v1"`
	Subject      string    `json:"subject" doc:"The id of what the event is about"`
	Time         time.Time `json:"time" doc:"When it happened"`
	Attempts     int       `json:"attempts" doc:"How often it was tried"`
	Error        string    `json:"error" doc:"Of the last attempt"`
	DiedAt       time.Time `json:"died_at" doc:"When it was given up"`
}

// fullLetter is a dead letter with what its event says.
type fullLetter struct {
	letter
	Data json.RawMessage `json:"data" doc:"What the event says"`
}

func showLetter(d *broker.DeadLetter) letter {
	return letter{
		Subscription: d.Subscription, ID: d.ID, Type: d.Type, Subject: d.Subject, Time: d.Time, Attempts: d.Attempts,
		Error: d.Error, DiedAt: d.DiedAt,
	}
}

type listLettersInput struct {
	Subscription string `query:"subscription" maxLength:"100" doc:"Only those of this subscription"`
	Limit        int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many of each subscription at most"`
}

type listLettersOutput struct {
	Cache string `header:"Cache-Control"`
	Body  struct {
		Items []letter `json:"items"`
	}
}

func (l *Letters) list(ctx context.Context, in *listLettersInput) (*listLettersOutput, error) {
	names := l.names
	if in.Subscription != "" {
		if err := l.check(in.Subscription); err != nil {
			return nil, err
		}
		names = []string{in.Subscription}
	}
	out := &listLettersOutput{Cache: "no-store"}
	out.Body.Items = []letter{}
	for _, name := range names {
		dead, err := l.of.Dead(ctx, name, in.Limit)
		if err != nil {
			return nil, err
		}
		for i := range dead {
			out.Body.Items = append(out.Body.Items, showLetter(&dead[i]))
		}
	}
	return out, nil
}

type letterInput struct {
	Subscription string `path:"subscription" maxLength:"100" doc:"The subscription's name"`
	ID           string `path:"id" maxLength:"100" doc:"The event's id"`
}

type letterOutput struct {
	Cache string `header:"Cache-Control"`
	Body  fullLetter
}

func (l *Letters) get(ctx context.Context, in *letterInput) (*letterOutput, error) {
	if err := l.check(in.Subscription); err != nil {
		return nil, err
	}
	dead, err := l.of.DeadByID(ctx, in.Subscription, in.ID)
	if err != nil {
		return nil, err
	}
	if dead == nil {
		return nil, missing(in)
	}
	return &letterOutput{Cache: "no-store", Body: fullLetter{showLetter(dead), readable(dead.Data)}}, nil
}

// readable is data as JSON: what is none, which may be why it could not be handled, as a text.
func readable(data []byte) json.RawMessage {
	if json.Valid(data) {
		return data
	}
	quoted, _ := json.Marshal(string(data)) // texts always marshal
	return quoted
}

func (l *Letters) retry(ctx context.Context, in *letterInput) (*struct{}, error) {
	return nil, l.take(ctx, in, l.of.Retry)
}

func (l *Letters) discard(ctx context.Context, in *letterInput) (*struct{}, error) {
	return nil, l.take(ctx, in, l.of.Discard)
}

func (l *Letters) take(
	ctx context.Context, in *letterInput, do func(ctx context.Context, subscription, id string) (bool, error),
) error {
	if err := l.check(in.Subscription); err != nil {
		return err
	}
	found, err := do(ctx, in.Subscription, in.ID)
	if err != nil {
		return err
	}
	if !found {
		return missing(in)
	}
	return nil
}

func (l *Letters) check(name string) error {
	if !slices.Contains(l.names, name) {
		return ErrUnknown.Errorf("there is no subscription %q", name)
	}
	return nil
}

func missing(in *letterInput) error {
	return ErrNoLetter.Errorf("the subscription %s has no dead letter %s", in.Subscription, in.ID)
}
