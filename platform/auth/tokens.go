package auth

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/crypto"
	"github.com/trellis-go/trellis/platform/id"
)

// Config is the section auth.
type Config struct {
	Issuer    string        `validate:"required"`       // iss of the tokens: the address of this service
	Audience  string        `validate:"required"`       // aud of the tokens: the name of this API
	AccessTTL time.Duration `validate:"min=1s,max=24h"` // how long an access token is good
	Leeway    time.Duration `validate:"min=0s,max=10m"` // by which the clocks of servers may differ
	Keys      config.Secret // private keys in PEM (PKCS #8, Ed25519 or ECDSA P-256): the first signs, all verify
	KeyStore  string        // a file where a key is made at the first start, when Keys is empty; for one machine
}

const tokenType = "at+jwt"

// Tokens issues and verifies access tokens. It is safe for concurrent use.
type Tokens struct {
	cfg    Config
	now    clock.Clock
	parser *jwt.Parser
	ring   atomic.Pointer[ring]
}

// NewTokens makes it with the configured keys. It does no I/O: without keys it can do nothing until Start.
func NewTokens(cfg Config, now clock.Clock) (*Tokens, error) {
	t := &Tokens{cfg: cfg, now: now, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg(), jwt.SigningMethodES256.Alg()}),
		jwt.WithIssuer(cfg.Issuer), jwt.WithAudience(cfg.Audience),
		jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(), jwt.WithIssuedAt(),
		jwt.WithLeeway(cfg.Leeway), jwt.WithTimeFunc(now), jwt.WithStrictDecoding(),
	)}
	if cfg.Keys == "" {
		return t, nil
	}
	parsed, err := parseKeys([]byte(cfg.Keys.Reveal()))
	if err != nil {
		return nil, fmt.Errorf("auth.keys: %w", err)
	}
	t.ring.Store(parsed)
	return t, nil
}

// Start reads the key store, or makes it, when no keys are configured. The error is ErrNoKey when there is no store.
func (t *Tokens) Start(context.Context) error {
	if t.ring.Load() != nil {
		return nil
	}
	if t.cfg.KeyStore == "" {
		return ErrNoKey
	}
	kept, err := crypto.Keep(t.cfg.KeyStore, NewKeyPEM)
	if err != nil {
		return fmt.Errorf("auth.key_store: %w", err)
	}
	parsed, err := parseKeys(kept)
	if err != nil {
		return fmt.Errorf("auth.key_store: %s: %w", t.cfg.KeyStore, err)
	}
	t.ring.Store(parsed)
	return nil
}

// claims is what an access token says, as RFC 9068 has it, with the session and the role beside.
type claims struct {
	jwt.RegisteredClaims
	ClientID string `json:"client_id"`
	Session  string `json:"sid"`
	Role     Role   `json:"role"`
}

// TTL is how long a token is good.
func (t *Tokens) TTL() time.Duration { return t.cfg.AccessTTL }

// Issue signs a token for the principal.
func (t *Tokens) Issue(p Principal) (string, error) {
	held := t.ring.Load()
	if held == nil {
		return "", ErrNoKey
	}
	now := t.now()
	token := jwt.NewWithClaims(held.newest.method, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: t.cfg.Issuer, Subject: p.UserID, Audience: jwt.ClaimStrings{t.cfg.Audience}, ID: id.New(),
			ExpiresAt: jwt.NewNumericDate(now.Add(t.cfg.AccessTTL)), NotBefore: jwt.NewNumericDate(now), IssuedAt: jwt.NewNumericDate(now),
		},
		ClientID: t.cfg.Audience, Session: p.SessionID, Role: p.Role,
	})
	token.Header["typ"], token.Header["kid"] = tokenType, held.newest.id
	signed, err := token.SignedString(held.signer)
	if err != nil {
		return "", fmt.Errorf("sign an access token: %w", err)
	}
	return signed, nil
}

// Verify gives the principal that a token was issued for. What the token says about keys and algorithms is not
// followed: its kid finds a key among ours, and the key decides on the algorithm.
func (t *Tokens) Verify(token string) (Principal, error) {
	var said claims
	if _, err := t.parser.ParseWithClaims(token, &said, t.keyOf); err != nil {
		return Principal{}, err
	}
	p := Principal{UserID: said.Subject, Role: said.Role, SessionID: said.Session}
	if p.UserID == "" || p.SessionID == "" || !p.Role.Valid() || said.IssuedAt == nil {
		return Principal{}, errors.New("a claim is missing: sub, sid, role or iat")
	}
	return p, nil
}

func (t *Tokens) keyOf(token *jwt.Token) (any, error) {
	held := t.ring.Load()
	if held == nil {
		return nil, ErrNoKey
	}
	if token.Header["typ"] != tokenType {
		return nil, errors.New("it is not an access token")
	}
	if _, critical := token.Header["crit"]; critical {
		return nil, errors.New("it has critical extensions")
	}
	kid, _ := token.Header["kid"].(string)
	found := held.byID[kid]
	if found == nil || found.method.Alg() != token.Method.Alg() {
		return nil, errors.New("its key is not known")
	}
	return found.public, nil
}

// JWKS is the document with the public keys (RFC 7517), for others who verify our tokens.
func (t *Tokens) JWKS() ([]byte, error) {
	held := t.ring.Load()
	if held == nil {
		return nil, ErrNoKey
	}
	return held.jwks, nil
}
