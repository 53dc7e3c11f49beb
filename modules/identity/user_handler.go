package identity

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/problem"
)

// routeUsers serves what those do who run the service.
func (h *Handler) routeUsers(v *httpapi.Group) {
	const tag = "Users"
	httpapi.Handle(v, httpapi.Operation{
		ID: "list-users", Method: http.MethodGet, Path: "/users", Tag: tag, Policy: auth.Can(Read),
		Summary: "List accounts", Problems: []*problem.Kind{problem.InvalidCursor},
	}, h.listUsers)
	httpapi.Handle(v, httpapi.Operation{
		ID: "get-user", Method: http.MethodGet, Path: "/users/{id}", Tag: tag, Policy: auth.Can(Read),
		Summary: "Read an account", Problems: []*problem.Kind{ErrUserNotFound},
	}, h.getUser)
	httpapi.Handle(v, httpapi.Operation{
		ID: "patch-user", Method: http.MethodPatch, Path: "/users/{id}", Tag: tag, Policy: auth.Can(Manage),
		Summary: "Change the role of an account, deactivate it",
		Description: "The body is a JSON merge patch (RFC 7396). Deactivating ends the sessions of the account; " +
			"a role counts at once.",
		Problems: []*problem.Kind{ErrUserNotFound, problem.PreconditionFailed, problem.PreconditionRequired, ErrLastAdmin},
	}, h.patchUser)
}

// user is an account as it is shown.
type user struct {
	ID        string    `json:"id" format:"uuid"`
	Email     string    `json:"email" example:"ada@example.com"`
	Role      auth.Role `json:"role" enum:"customer,staff,admin"`
	Active    bool      `json:"active" doc:"Whether it can be signed in to"`
	Version   int64     `json:"version" example:"1" doc:"Grows by one with every change"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

func showUser(u *User) user {
	return user{u.ID, u.Email, u.Role, u.Active, u.Version, u.CreatedAt, u.UpdatedAt}
}

func newUserOutput(u *User, status int) *userOutput {
	body := showUser(u)
	return &userOutput{Status: status, ETag: httpapi.ETag(u.Version), Body: &body}
}

// UserFilter is what chooses accounts. It is exported because fields of unexported embedded types cannot be set.
type UserFilter struct {
	Role   string                 `query:"role" enum:"customer,staff,admin" doc:"Only accounts with this role"`
	Active httpapi.Optional[bool] `query:"active" doc:"Only accounts that can be signed in to, or that cannot"`
}

type listUsersInput struct {
	httpapi.PageInput
	UserFilter
	Sort string `query:"sort" enum:"created_at,-created_at,email,-email" default:"-created_at" doc:"The order; a leading - turns it round"`
}

func (h *Handler) listUsers(ctx context.Context, in *listUsersInput) (*httpapi.ListOutput[user], error) {
	filters := fmt.Sprintf("%+v", in.UserFilter)
	wanted, err := in.Page(in.Sort, filters)
	if err != nil {
		return nil, err
	}
	found, err := h.service.Users(ctx, Filter{Role: auth.Role(in.Role), Active: in.Active.Pointer()}, wanted)
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(&in.PageInput, in.Sort, filters, found, showUser), nil
}

type getUserInput struct {
	httpapi.Conditional
	ID string `path:"id" maxLength:"100" doc:"The account's id"`
}

func (h *Handler) getUser(ctx context.Context, in *getUserInput) (*userOutput, error) {
	found, err := h.service.User(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if in.Unchanged(found.Version) {
		return newUserOutput(found, http.StatusNotModified), nil
	}
	return newUserOutput(found, http.StatusOK), nil
}

// userChange is the members of an account that can be changed.
type userChange struct {
	Role   auth.Role `json:"role" enum:"customer,staff,admin" example:"staff"`
	Active bool      `json:"active" doc:"Whether it can be signed in to"`
}

type patchUserInput struct {
	httpapi.Precondition
	ID   string                         `path:"id" maxLength:"100" doc:"The account's id"`
	Body httpapi.MergePatch[userChange] `contentType:"application/merge-patch+json"`
}

func (h *Handler) patchUser(ctx context.Context, in *patchUserInput) (*userOutput, error) {
	changed, err := h.service.UpdateUser(ctx, in.ID, in.Check, func(now Change) (Change, error) {
		patched, err := in.Body.Apply(userChange(now))
		return Change(patched), err
	})
	if err != nil {
		return nil, err
	}
	return newUserOutput(changed, http.StatusOK), nil
}
