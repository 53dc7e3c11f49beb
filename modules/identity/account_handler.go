package identity

import (
	"context"
	"net/http"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/problem"
)

// routeAccount serves what everybody may do with their own account.
func (h *Handler) routeAccount(v *httpapi.Group) {
	const tag = "Account"
	httpapi.Handle(v, httpapi.Operation{
		ID: "get-me", Method: http.MethodGet, Path: "/me", Tag: tag, Policy: auth.Authenticated, Summary: "Read your account",
	}, h.me)
	httpapi.Handle(v, httpapi.Operation{
		ID: "change-password", Method: http.MethodPut, Path: "/me/password", Tag: tag, Policy: auth.Authenticated,
		Summary: "Change your password", Description: "Ends your other sessions.", Problems: []*problem.Kind{ErrCredentials},
	}, h.changePassword)
	httpapi.Handle(v, httpapi.Operation{
		ID: "begin-second-factor", Method: http.MethodPost, Path: "/me/second-factor", Tag: tag, Policy: auth.Authenticated,
		Summary:     "Set up a second factor",
		Description: "Gives the secret for an authenticator app. It counts once a code of it was confirmed.",
		Problems:    []*problem.Kind{ErrCredentials, ErrFactorExists},
	}, h.beginFactor)
	httpapi.Handle(v, httpapi.Operation{
		ID: "confirm-second-factor", Method: http.MethodPost, Path: "/me/second-factor/confirmation", Tag: tag,
		Policy: auth.Authenticated, Summary: "Confirm the second factor",
		Description: "Gives recovery codes, each good once in the place of the authenticator. They are shown this once.",
		Problems:    []*problem.Kind{ErrNoFactor, ErrFactorExists, ErrCode},
	}, h.confirmFactor)
	httpapi.Handle(v, httpapi.Operation{
		ID: "remove-second-factor", Method: http.MethodPost, Path: "/me/second-factor/removal", Tag: tag, Policy: auth.Authenticated,
		Summary: "Take the second factor away", Problems: []*problem.Kind{ErrCredentials, ErrNoFactor, ErrCodeRequired, ErrCode},
	}, h.removeFactor)
}

type getMeInput struct{ httpapi.Conditional }

// meOutput is not stored: everybody's account is under one URL.
type meOutput struct {
	Status       int
	ETag         string `header:"ETag" doc:"Names this version of the account, for If-None-Match"`
	CacheControl string `header:"Cache-Control"`
	Body         *user
}

func (h *Handler) me(ctx context.Context, in *getMeInput) (*meOutput, error) {
	found, err := h.service.User(ctx, auth.PrincipalOf(ctx).UserID)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if in.Unchanged(found.Version) {
		status = http.StatusNotModified
	}
	body := showUser(found)
	return &meOutput{status, httpapi.ETag(found.Version), "no-store", &body}, nil
}

type changePasswordInput struct {
	Body struct {
		CurrentPassword string `json:"current_password" maxLength:"1024" format:"password"`
		NewPassword     string `json:"new_password" maxLength:"1024" format:"password"`
	}
}

func (h *Handler) changePassword(ctx context.Context, in *changePasswordInput) (*struct{}, error) {
	return nil, h.service.ChangePassword(ctx, auth.PrincipalOf(ctx), in.Body.CurrentPassword, in.Body.NewPassword)
}

type beginFactorInput struct {
	Body struct {
		Password string `json:"password" maxLength:"1024" format:"password"`
	}
}

type beginFactorOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		Secret string `json:"secret" doc:"In base32, to type into an authenticator"`
		URI    string `json:"uri" format:"uri" doc:"To show as a QR code"`
	}
}

func (h *Handler) beginFactor(ctx context.Context, in *beginFactorInput) (*beginFactorOutput, error) {
	made, err := h.service.BeginFactor(ctx, auth.PrincipalOf(ctx), in.Body.Password)
	if err != nil {
		return nil, err
	}
	out := &beginFactorOutput{CacheControl: "no-store"}
	out.Body.Secret, out.Body.URI = made.Secret, made.URI
	return out, nil
}

type confirmFactorInput struct {
	Body struct {
		Code string `json:"code" maxLength:"40" example:"123456" doc:"That the authenticator shows"`
	}
}

type confirmFactorOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		RecoveryCodes []string `json:"recovery_codes" example:"[\"ABCD-EFGH-IJKL-MNOP\"]"`
	}
}

func (h *Handler) confirmFactor(ctx context.Context, in *confirmFactorInput) (*confirmFactorOutput, error) {
	codes, err := h.service.ConfirmFactor(ctx, auth.PrincipalOf(ctx), in.Body.Code)
	if err != nil {
		return nil, err
	}
	out := &confirmFactorOutput{CacheControl: "no-store"}
	out.Body.RecoveryCodes = codes
	return out, nil
}

type removeFactorInput struct {
	Body struct {
		Password string `json:"password" maxLength:"1024" format:"password"`
		Code     string `json:"code" maxLength:"40" example:"123456" doc:"That the authenticator shows, or a recovery code"`
	}
}

func (h *Handler) removeFactor(ctx context.Context, in *removeFactorInput) (*struct{}, error) {
	return nil, h.service.RemoveFactor(ctx, auth.PrincipalOf(ctx), in.Body.Password, in.Body.Code)
}
