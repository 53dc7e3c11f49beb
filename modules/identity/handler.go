package identity

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/problem"
)

// Handler serves identity over HTTP.
type Handler struct{ service *Service }

// NewHandler makes the handler.
func NewHandler(service *Service) *Handler { return &Handler{service} }

func (h *Handler) routes(v *httpapi.Group) {
	const tag = "Sign-in"
	httpapi.Handle(v, httpapi.Operation{
		ID: "register", Method: http.MethodPost, Path: "/auth/register", Tag: tag, Policy: auth.Public, Status: http.StatusCreated,
		Summary: "Make an account", Problems: []*problem.Kind{ErrEmailTaken, ErrRegistrationClosed},
	}, h.register)
	httpapi.Handle(v, httpapi.Operation{
		ID: "login", Method: http.MethodPost, Path: "/auth/login", Tag: tag, Policy: auth.Public, Summary: "Sign in",
		Description: "Begins a session. Send the access token with every request, and the refresh token once, for the next pair.",
		Problems:    []*problem.Kind{ErrCredentials, ErrCodeRequired, ErrCode},
	}, h.login)
	httpapi.Handle(v, httpapi.Operation{
		ID: "refresh", Method: http.MethodPost, Path: "/auth/refresh", Tag: tag, Policy: auth.Public, Summary: "Get new tokens",
		Description: "A refresh token is good once. One that comes a second time ends its session, so do not send two at once.",
		Problems:    []*problem.Kind{ErrRefresh},
	}, h.refresh)
	httpapi.Handle(v, httpapi.Operation{
		ID: "logout", Method: http.MethodPost, Path: "/auth/logout", Tag: tag, Policy: auth.Authenticated, Summary: "Sign out",
	}, h.logout)
	httpapi.Handle(v, httpapi.Operation{
		ID: "logout-all", Method: http.MethodPost, Path: "/auth/logout-all", Tag: tag, Policy: auth.Authenticated,
		Summary: "Sign out everywhere",
	}, h.logoutAll)
	h.routeAccount(v)
	h.routeUsers(v)
}

type credentials struct {
	Email    string `json:"email" maxLength:"254" example:"ada@example.com"`
	Password string `json:"password" maxLength:"1024" format:"password" example:"correct horse battery staple"`
}

type registerInput struct {
	httpapi.Origin
	Body credentials
}

type userOutput struct {
	Status   int
	ETag     string `header:"ETag" doc:"Names this version of the account, for If-Match and If-None-Match"`
	Location string `header:"Location" doc:"Where the new account is"`
	Body     *user
}

func (h *Handler) register(ctx context.Context, in *registerInput) (*userOutput, error) {
	made, err := h.service.Register(ctx, in.Body.Email, in.Body.Password)
	if err != nil {
		return nil, err
	}
	out := newUserOutput(made, http.StatusCreated)
	out.Location = strings.TrimSuffix(in.Path(), "/auth/register") + "/me"
	return out, nil
}

type loginInput struct {
	Body struct {
		Email    string `json:"email" maxLength:"254" example:"ada@example.com"`
		Password string `json:"password" maxLength:"1024" format:"password" example:"correct horse battery staple"`
		Code     string `json:"code" required:"false" maxLength:"40" example:"123456" doc:"Of the second factor, or a recovery code"`
	}
}

type tokens struct {
	AccessToken  string `json:"access_token" doc:"For the Authorization header: Bearer and the token"`
	TokenType    string `json:"token_type" enum:"Bearer"`
	ExpiresIn    int    `json:"expires_in" example:"300" doc:"Seconds that the access token is good for"`
	RefreshToken string `json:"refresh_token" doc:"Good once, for the next pair"`
}

type tokensOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         tokens
}

func newTokensOutput(pair *Pair) *tokensOutput {
	return &tokensOutput{CacheControl: "no-store", Body: tokens{
		AccessToken: pair.Access, TokenType: "Bearer", ExpiresIn: int(pair.Expires / time.Second), RefreshToken: pair.Refresh,
	}}
}

func (h *Handler) login(ctx context.Context, in *loginInput) (*tokensOutput, error) {
	pair, err := h.service.Login(ctx, in.Body.Email, in.Body.Password, in.Body.Code)
	if err != nil {
		return nil, err
	}
	return newTokensOutput(pair), nil
}

type refreshInput struct {
	Body struct {
		RefreshToken string `json:"refresh_token" maxLength:"1024"`
	}
}

func (h *Handler) refresh(ctx context.Context, in *refreshInput) (*tokensOutput, error) {
	pair, err := h.service.Refresh(ctx, in.Body.RefreshToken)
	if err != nil {
		return nil, err
	}
	return newTokensOutput(pair), nil
}

func (h *Handler) logout(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, h.service.Logout(ctx, auth.PrincipalOf(ctx))
}

func (h *Handler) logoutAll(ctx context.Context, _ *struct{}) (*struct{}, error) {
	return nil, h.service.LogoutAll(ctx, auth.PrincipalOf(ctx))
}
