package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
)

func TestATokenIsSignedForARole(t *testing.T) {
	key, err := auth.NewKeyPEM()
	require.NoError(t, err)
	t.Setenv("TRELLIS_ENV", "test")
	t.Setenv("TRELLIS_AUTH_KEYS", string(key))
	sign := func(args ...string) (int, string) {
		var out, errs strings.Builder
		code := run(t.Context(), append([]string{"token"}, args...), &out, &errs)
		return code, strings.TrimSpace(out.String())
	}
	code, token := sign("--user", "ada", "--role", "staff", "--ttl", "1h")
	require.Equal(t, 0, code)
	tokens, err := auth.NewTokens(settings(t, key), clock.System)
	require.NoError(t, err)
	who, err := tokens.Verify(token)
	require.NoError(t, err)
	assert.Equal(t, "ada", who.UserID)
	assert.Equal(t, auth.Staff, who.Role)

	code, _ = sign("--role", "king")
	assert.Equal(t, app.ExitUsage, code)
}

// settings are what the test environment verifies tokens with.
func settings(t *testing.T, key []byte) auth.Config {
	t.Helper()
	var opts options
	loaded, err := opts.load()
	require.NoError(t, err)
	cfg := loaded.Value.Auth
	cfg.Keys = config.Secret(key)
	return cfg
}
