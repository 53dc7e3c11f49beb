package httpapi_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/httpapi"
)

const brew auth.Permission = "cup:brew"

func testTokens(t testing.TB) *auth.Tokens {
	t.Helper()
	key, err := auth.NewKeyPEM()
	require.NoError(t, err)
	tokens, err := auth.NewTokens(auth.Config{
		Issuer: "test", Audience: "test", AccessTTL: time.Hour, Keys: config.Secret(key),
	}, clock.System)
	require.NoError(t, err)
	return tokens
}

func testGate(t testing.TB) *auth.Gate {
	t.Helper()
	return auth.NewGate(testTokens(t), auth.Trust{}, auth.Permissions{auth.Staff: {brew}})
}

func restricted(policy auth.Policy) httpapi.Operation {
	return httpapi.Operation{ID: "brew", Method: http.MethodPost, Path: "/brew", Tag: "Cups", Summary: "Brew", Policy: policy}
}

// whoami answers with the principal's id.
func whoami(ctx context.Context, _ *cupInput) (*struct{ Body string }, error) {
	return &struct{ Body string }{auth.PrincipalOf(ctx).UserID}, nil
}

func TestAnOperationWithoutAPolicyIsNotServed(t *testing.T) {
	api := newAPI(t, nil)
	assert.PanicsWithValue(t, "httpapi: the operation brew does not say who may call it: set its Policy to auth.Public, "+
		"auth.Authenticated or auth.Can(permission)",
		func() { httpapi.Handle(api.V(1), restricted(auth.Policy{}), whoami) })
	assert.Panics(t, func() { httpapi.Handle(api.V(1), restricted(auth.Can("")), whoami) })
}

func TestAPolicyIsKeptBeforeAnythingIsRead(t *testing.T) {
	tokens := testTokens(t)
	api := newAPI(t, func(s *settings) {
		s.gate = auth.NewGate(tokens, auth.Trust{}, auth.Permissions{auth.Staff: {brew}})
	})
	httpapi.Handle(api.V(1), restricted(auth.Can(brew)), whoami)
	call := func(role auth.Role) *http.Response {
		header := map[string]string{}
		if role != "" {
			token, err := tokens.Issue(auth.Principal{UserID: "u1", Role: role, SessionID: "s1"})
			require.NoError(t, err)
			header["Authorization"] = "Bearer " + token
		}
		return send(t, api, request{method: http.MethodPost, path: "/api/v1/brew", body: `{"nonsense":1}`, header: header})
	}
	answer := call("")
	assert.Equal(t, http.StatusUnauthorized, answer.StatusCode)
	assert.Equal(t, `Bearer realm="trellis"`, answer.Header.Get("WWW-Authenticate"))
	assert.Equal(t, "unauthenticated", document(t, answer).Code)
	answer = call(auth.Customer)
	assert.Equal(t, http.StatusForbidden, answer.StatusCode)
	assert.Contains(t, answer.Header.Get("WWW-Authenticate"), "insufficient_scope")
	assert.Equal(t, "forbidden", document(t, answer).Code)
	assert.Equal(t, http.StatusUnprocessableEntity, call(auth.Staff).StatusCode, "who may come in is told what is wrong")
}

// brewed is the answer to a customer.
func brewed(t *testing.T) *http.Response {
	t.Helper()
	tokens := testTokens(t)
	api := newAPI(t, func(s *settings) { s.gate = auth.NewGate(tokens, auth.Trust{}, nil) })
	httpapi.Handle(api.V(1), restricted(auth.Authenticated), whoami)
	token, err := tokens.Issue(auth.Principal{UserID: "u1", Role: auth.Customer, SessionID: "s1"})
	require.NoError(t, err)
	return send(t, api, request{
		method: http.MethodPost, path: "/api/v1/brew", body: `{"name":"tea","size":1}`,
		header: map[string]string{"Authorization": "Bearer " + token},
	})
}

func TestWhatNotEverybodyMaySeeIsStoredForNobodyElse(t *testing.T) {
	answer := brewed(t)
	assert.Equal(t, []string{"private, no-cache"}, answer.Header.Values("Cache-Control"))
	assert.Contains(t, answer.Header.Values("Vary"), "Authorization")
}

func TestThePrincipalReachesTheHandler(t *testing.T) {
	assert.Equal(t, "\"u1\"\n", text(t, brewed(t)))
}

func TestTheDocumentSaysWhoMayCall(t *testing.T) {
	api := newAPI(t, nil)
	httpapi.Handle(api.V(1), restricted(auth.Can(brew)), whoami)
	type operation struct {
		Security    []map[string][]string `json:"security"`
		Policy      string                `json:"x-policy"`
		Description string                `json:"description"`
		Responses   map[string]any        `json:"responses"`
	}
	described := decode[struct {
		Paths      map[string]map[string]operation `json:"paths"`
		Components struct {
			SecuritySchemes map[string]map[string]string `json:"securitySchemes"`
		} `json:"components"`
	}](t, get(t, api, "/openapi/v1.json"))
	assert.Equal(t, "bearer", described.Components.SecuritySchemes["bearer"]["scheme"])
	closed := described.Paths["/brew"]["post"]
	assert.Equal(t, []map[string][]string{{"bearer": {}}}, closed.Security)
	assert.Equal(t, "cup:brew", closed.Policy)
	assert.Contains(t, closed.Description, "Needs the permission `cup:brew`.")
	assert.Contains(t, closed.Responses, "401")
	assert.Contains(t, closed.Responses, "403")
	open := described.Paths["/teapot"]["get"]
	assert.Empty(t, open.Security)
	assert.Equal(t, "public", open.Policy)
	assert.NotContains(t, open.Responses, "401")
}

func TestTheKeysAreServedForOthersToVerifyTokens(t *testing.T) {
	answer := get(t, newAPI(t, nil), "/.well-known/jwks.json")
	assert.Equal(t, "application/jwk-set+json", answer.Header.Get("Content-Type"))
	keys := decode[struct{ Keys []map[string]string }](t, answer).Keys
	require.Len(t, keys, 1)
	assert.Equal(t, "OKP", keys[0]["kty"])

	none, err := auth.NewTokens(auth.Config{}, clock.System)
	require.NoError(t, err)
	api := newAPI(t, func(s *settings) { s.gate = auth.NewGate(none, auth.Trust{}, nil) })
	assert.Equal(t, http.StatusServiceUnavailable, get(t, api, "/.well-known/jwks.json").StatusCode)
}
