package crypto

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/trellis-go/trellis/platform/config"
)

// Config is the section crypto.
type Config struct {
	Argon2 Argon2
	// Keys has a line for each key, the newest first: an id, a space, and 32 random bytes in base64. The first seals,
	// every one opens. Take a key away only when nothing is left that was sealed with it.
	Keys config.Secret
	// KeyStore is a file where a key is made at the first start and kept, when Keys is empty. It is for one machine:
	// replicas elsewhere do not have it. Empty: Keys must be set.
	KeyStore string
}

var (
	// ErrSealed is a text that cannot be opened: sealed for something else, with a key that the ring does not have, or
	// not by Seal at all.
	ErrSealed = errors.New("it cannot be opened: it was changed, belongs to something else, or its key is gone")
	// ErrNoKey is a ring that has no key: neither crypto.keys nor crypto.key_store is set, or Start was not called.
	ErrNoKey = errors.New("there is no key: set crypto.keys to a line with an id, a space and 32 random bytes in base64")
)

const (
	keyLength   = 32
	sealVersion = "a1" // AES-256-GCM, a random nonce before the ciphertext
)

var keyID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// Ring seals secrets that have to be read again, with AES-256-GCM. It has several keys, so that one can be replaced
// while texts sealed with it remain. A key is good for four thousand million texts. It is safe for concurrent use.
type Ring struct {
	store string
	keys  atomic.Pointer[keys]
}

type keys struct {
	newest string
	byID   map[string]cipher.AEAD
}

// NewRing makes the ring of the configured keys. It does no I/O: without keys it is empty until Start. The error names the
// line that is wrong and shows nothing of it.
func NewRing(cfg Config) (*Ring, error) {
	ring := &Ring{store: cfg.KeyStore}
	if cfg.Keys == "" {
		return ring, nil
	}
	parsed, err := parseKeys(cfg.Keys.Reveal())
	if err != nil {
		return nil, fmt.Errorf("crypto.keys: %w", err)
	}
	ring.keys.Store(parsed)
	return ring, nil
}

// Start reads the key store, or makes it, when no keys are configured. The error is ErrNoKey when there is no store.
func (r *Ring) Start(context.Context) error {
	if r.keys.Load() != nil {
		return nil
	}
	if r.store == "" {
		return ErrNoKey
	}
	kept, err := Keep(r.store, func() ([]byte, error) { return []byte(NewKey("k1") + "\n"), nil })
	if err != nil {
		return fmt.Errorf("crypto.key_store: %w", err)
	}
	parsed, err := parseKeys(string(kept))
	if err != nil {
		return fmt.Errorf("crypto.key_store: %s: %w", r.store, err)
	}
	r.keys.Store(parsed)
	return nil
}

// NewKey is a line of crypto.keys with a new key.
func NewKey(id string) string { return id + " " + base64.StdEncoding.EncodeToString(random(keyLength)) }

func parseKeys(text string) (*keys, error) {
	parsed := &keys{byID: map[string]cipher.AEAD{}}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		id, secret, _ := strings.Cut(strings.TrimSpace(line), " ")
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(secret))
		if err != nil || len(raw) != keyLength || !keyID.MatchString(id) {
			return nil, fmt.Errorf("line %d is not an id (letters, digits, - and _), a space and %d bytes in base64", i+1, keyLength)
		}
		if _, taken := parsed.byID[id]; taken {
			return nil, fmt.Errorf("line %d has the id of a line before", i+1)
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		parsed.byID[id] = aead
		if parsed.newest == "" {
			parsed.newest = id
		}
	}
	return parsed, nil
}

// Seal encrypts a secret with the newest key. The text opens only for the same purpose: name the table, the column and
// the row, so that nobody who can write to the database can move it elsewhere.
func (r *Ring) Seal(plain []byte, purpose string) (string, error) {
	held := r.keys.Load()
	if held == nil {
		return "", ErrNoKey
	}
	sealed := held.byID[held.newest].Seal(nil, nil, plain, bound(held.newest, purpose)) //nolint:gosec // the nonce is random: it comes with the ciphertext
	return strings.Join([]string{sealVersion, held.newest, base64.RawURLEncoding.EncodeToString(sealed)}, "."), nil
}

// Open decrypts what Seal made for the purpose, with any key of the ring. The errors are ErrSealed and ErrNoKey.
func (r *Ring) Open(sealed, purpose string) ([]byte, error) {
	held := r.keys.Load()
	if held == nil {
		return nil, ErrNoKey
	}
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || parts[0] != sealVersion {
		return nil, ErrSealed
	}
	aead, known := held.byID[parts[1]]
	raw, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if !known || err != nil || strings.ContainsAny(parts[2], "\r\n") {
		return nil, ErrSealed
	}
	plain, err := aead.Open(nil, nil, raw, bound(parts[1], purpose))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Stale tells whether the text was sealed with another key than the newest: open it and seal it again.
func (r *Ring) Stale(sealed string) bool {
	held := r.keys.Load()
	return held == nil || !strings.HasPrefix(sealed, sealVersion+"."+held.newest+".")
}

func bound(id, purpose string) []byte { return []byte(sealVersion + "." + id + "." + purpose) }
