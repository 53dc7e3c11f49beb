package auth

import (
	"context"
	"strings"

	"github.com/trellis-go/trellis/platform/problem"
)

// Sessions knows what has become of a principal since their token was issued.
type Sessions interface {
	// Current is the principal with the role that they have now. The error is ErrUnauthenticated when their session has
	// ended. It is asked with every request, and may be behind by less than a second.
	Current(ctx context.Context, p Principal) (Principal, error)
}

// Gate lets requests in, or not.
type Gate struct {
	tokens      *Tokens
	sessions    Sessions
	permissions Permissions
}

// NewGate makes a gate.
func NewGate(tokens *Tokens, sessions Sessions, permissions Permissions) *Gate {
	return &Gate{tokens: tokens, sessions: sessions, permissions: permissions}
}

const maxToken = 4096

// Enter gives the context of a request with this Authorization header, with the principal in it. The errors are
// ErrUnauthenticated and ErrForbidden, with the challenge of RFC 6750, and what Sessions could not do. An operation that
// is public does not look at the header.
func (g *Gate) Enter(ctx context.Context, policy Policy, authorization []string) (context.Context, error) {
	if policy.Open() {
		return ctx, nil
	}
	token, err := bearer(authorization)
	if err != nil {
		return ctx, err
	}
	claimed, err := g.tokens.Verify(token)
	if err != nil {
		return ctx, Invalid("the access token is not valid or has expired").Because(err)
	}
	principal, err := g.sessions.Current(ctx, claimed)
	if err != nil {
		return ctx, err
	}
	ctx = with(ctx, caller{principal, g.permissions, g.sessions})
	if needed := policy.Permission(); needed != "" && !g.permissions.Allow(principal.Role, needed) {
		refused := ErrForbidden.Errorf("the role %s does not have the permission %s", principal.Role, needed)
		refused.Challenge = `Bearer realm="trellis", error="insufficient_scope", scope="` + string(needed) + `"`
		return ctx, refused
	}
	return ctx, nil
}

// JWKS is that of the tokens that the gate takes.
func (g *Gate) JWKS() ([]byte, error) { return g.tokens.JWKS() }

// Refuse is an occurrence of a kind with the status 401, with the challenge that such an answer must have.
func Refuse(kind *problem.Kind, detail string) *problem.Error {
	refused := kind.New(detail)
	refused.Challenge = `Bearer realm="trellis"`
	return refused
}

// Invalid is ErrUnauthenticated for a token that was sent and is not good. The detail is shown to the client, and has no
// quotation marks.
func Invalid(detail string) *problem.Error {
	refused := ErrUnauthenticated.New(detail)
	refused.Challenge = `Bearer realm="trellis", error="invalid_token", error_description="` + detail + `"`
	return refused
}

// bearer is the token in the header. It must be the only one: two might be read differently by what stands before us.
func bearer(authorization []string) (string, error) {
	if len(authorization) == 0 {
		return "", Refuse(ErrUnauthenticated, "the Authorization header is missing")
	}
	scheme, token, found := strings.Cut(authorization[0], " ")
	token = strings.TrimSpace(token)
	if len(authorization) > 1 || !found || !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken {
		return "", Invalid("the Authorization header is not one Bearer token")
	}
	return token, nil
}

// Trust is Sessions that believes every token until it expires: for applications that store no sessions, as tests of modules.
type Trust struct{}

// Current is the principal as the token has it.
func (Trust) Current(_ context.Context, p Principal) (Principal, error) { return p, nil }
