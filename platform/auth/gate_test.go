package auth_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/problem"
)

const write auth.Permission = "tea:write"

func gate(t *testing.T, current sessions) (*auth.Gate, string) {
	t.Helper()
	ts := tokens(t, private(t, edKey(t)))
	if current == nil {
		return auth.NewGate(ts, auth.Trust{}, auth.Permissions{auth.Staff: {write}}), issue(t, ts)
	}
	return auth.NewGate(ts, current, auth.Permissions{auth.Staff: {write}}), issue(t, ts)
}

func TestWhoHasSignedInIsInTheContext(t *testing.T) {
	g, token := gate(t, nil)
	for _, scheme := range []string{"Bearer ", "bearer ", "BEARER  "} {
		ctx, err := g.Enter(t.Context(), auth.Authenticated, []string{scheme + token})
		require.NoError(t, err)
		assert.Equal(t, principal, auth.PrincipalOf(ctx))
	}
}

func TestAPublicOperationKnowsNobody(t *testing.T) {
	g, token := gate(t, nil)
	for _, header := range [][]string{nil, {"Bearer " + token}, {"Bearer nonsense"}} {
		ctx, err := g.Enter(t.Context(), auth.Public, header)
		require.NoError(t, err)
		assert.True(t, auth.PrincipalOf(ctx).Anonymous())
	}
}

func TestWhoHasNotSignedInIsToldHow(t *testing.T) {
	g, token := gate(t, nil)
	for name, test := range map[string]struct {
		header    []string
		challenge string
	}{
		"no header":      {nil, `Bearer realm="trellis"`},
		"another scheme": {[]string{"Basic " + token}, `error="invalid_token"`},
		"no scheme":      {[]string{token}, `error="invalid_token"`},
		"no token":       {[]string{"Bearer "}, `error="invalid_token"`},
		"two headers":    {[]string{"Bearer " + token, "Bearer " + token}, `error="invalid_token"`},
		"a bad token":    {[]string{"Bearer " + token + "x"}, `error="invalid_token"`},
		"a huge token":   {[]string{"Bearer " + string(make([]byte, 5000))}, `error="invalid_token"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := g.Enter(t.Context(), auth.Authenticated, test.header)
			require.ErrorIs(t, err, auth.ErrUnauthenticated)
			assert.Contains(t, problem.From(err).Header().Get("WWW-Authenticate"), test.challenge)
		})
	}
}

func TestAPermissionIsThatOfTheRoleTheyHaveNow(t *testing.T) {
	for role, allowed := range map[auth.Role]bool{auth.Customer: false, auth.Staff: true, auth.Admin: true} {
		g, token := gate(t, func(p auth.Principal) (auth.Principal, error) {
			p.Role = role // the token says staff
			return p, nil
		})
		ctx, err := g.Enter(t.Context(), auth.Can(write), []string{"Bearer " + token})
		if allowed {
			require.NoError(t, err)
			assert.Equal(t, role, auth.PrincipalOf(ctx).Role)
			continue
		}
		require.ErrorIs(t, err, auth.ErrForbidden)
		assert.Contains(t, problem.From(err).Header().Get("WWW-Authenticate"), `error="insufficient_scope", scope="tea:write"`)
	}
}

func TestASessionThatHasEndedLetsNobodyIn(t *testing.T) {
	for _, fails := range []error{auth.ErrUnauthenticated, errors.New("the database is down")} {
		g, token := gate(t, func(auth.Principal) (auth.Principal, error) { return auth.Principal{}, fails })
		ctx, err := g.Enter(t.Context(), auth.Authenticated, []string{"Bearer " + token})
		require.ErrorIs(t, err, fails)
		assert.True(t, auth.PrincipalOf(ctx).Anonymous())
	}
}

func TestWhatGoesOnForLongEndsWithTheSessionOrAnotherRole(t *testing.T) {
	var now auth.Principal
	var fails error
	g, token := gate(t, func(p auth.Principal) (auth.Principal, error) {
		if now.Role == "" {
			now = p
		}
		return now, fails
	})
	ctx, err := g.Enter(t.Context(), auth.Authenticated, []string{"Bearer " + token})
	require.NoError(t, err)
	require.NoError(t, auth.Recheck(ctx))
	now.Role = auth.Admin
	require.ErrorIs(t, auth.Recheck(ctx), auth.ErrUnauthenticated)
	fails = errors.New("the database is down")
	require.ErrorIs(t, auth.Recheck(ctx), fails)
	require.NoError(t, auth.Recheck(t.Context()), "nobody has signed in")
}

func TestAPolicyIsDeclaredOrNot(t *testing.T) {
	assert.False(t, auth.Policy{}.Declared())
	assert.False(t, auth.Can("").Declared())
	for policy, text := range map[auth.Policy]string{auth.Public: "public", auth.Authenticated: "authenticated", auth.Can(write): "tea:write"} {
		assert.True(t, policy.Declared())
		assert.Equal(t, text, policy.String())
		assert.Equal(t, policy == auth.Public, policy.Open())
	}
}

func TestRolesAreThreeAndNobodyHasNone(t *testing.T) {
	for _, role := range auth.Roles {
		assert.True(t, role.Valid())
	}
	assert.False(t, auth.Role("").Valid())
	assert.True(t, auth.PrincipalOf(context.Background()).Anonymous())
}

func TestAServiceAsksWhatTheCallerMayDo(t *testing.T) {
	for role, allowed := range map[auth.Role]bool{auth.Customer: false, auth.Staff: true, auth.Admin: true} {
		g, token := gate(t, func(p auth.Principal) (auth.Principal, error) {
			p.Role = role
			return p, nil
		})
		ctx, err := g.Enter(t.Context(), auth.Authenticated, []string{"Bearer " + token})
		require.NoError(t, err)
		assert.Equal(t, allowed, auth.May(ctx, write), role)
	}
	assert.False(t, auth.May(t.Context(), write), "outside of a request")
}
