package auth_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	now       = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	principal = auth.Principal{UserID: "u1", Role: auth.Staff, SessionID: "s1"}
)

func edKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return private
}

func ecKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	require.NoError(t, err)
	return private
}

func rsaKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return private
}

// private and public are keys in PEM.
func private(t testing.TB, key any) string {
	t.Helper()
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

func public(t testing.TB, key crypto.Signer) string {
	t.Helper()
	raw, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw}))
}

func configured(keys string) auth.Config {
	return auth.Config{
		Issuer: "https://shop.example.com", Audience: "shop", AccessTTL: 5 * time.Minute, Leeway: time.Minute,
		Keys: config.Secret(keys),
	}
}

func tokens(t testing.TB, keys string) *auth.Tokens { return at(t, now, keys) }

func at(t testing.TB, when time.Time, keys string) *auth.Tokens {
	t.Helper()
	made, err := auth.NewTokens(configured(keys), clock.Fixed(when))
	require.NoError(t, err)
	return made
}

func issue(t testing.TB, tokens *auth.Tokens) string {
	t.Helper()
	token, err := tokens.Issue(principal)
	require.NoError(t, err)
	return token
}

// sessions is what a test says has become of a principal.
type sessions func(p auth.Principal) (auth.Principal, error)

func (s sessions) Current(_ context.Context, p auth.Principal) (auth.Principal, error) { return s(p) }
