package testkit

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
)

// signingKey signs every token of the test's process.
var signingKey = sync.OnceValues(auth.NewKeyPEM)

// Tokens issues and verifies access tokens with a key of the tests.
func Tokens(t testing.TB) *auth.Tokens {
	t.Helper()
	private, err := signingKey()
	require.NoError(t, err)
	tokens, err := auth.NewTokens(auth.Config{
		Issuer: "http://localhost", Audience: "test", AccessTTL: time.Hour, Keys: config.Secret(private),
	}, clock.System)
	require.NoError(t, err)
	return tokens
}

// Gate lets in whom Tokens names, with these permissions.
func Gate(t testing.TB, permissions auth.Permissions) *auth.Gate {
	t.Helper()
	return auth.NewGate(Tokens(t), auth.Trust{}, permissions)
}

// As is the client of a user with this role. It is allowed what admins are when the role is auth.Admin, as the client
// that Serve gives is, and else what everybody may.
func (c Client) As(role auth.Role) Client {
	c.t.Helper()
	token, err := Tokens(c.t).Issue(auth.Principal{UserID: string(role), Role: role, SessionID: "session-of-" + string(role)})
	require.NoError(c.t, err)
	return c.With(token)
}

// With is a client that sends this access token, or none when it is empty.
func (c Client) With(token string) Client {
	c.token = token
	return c
}
