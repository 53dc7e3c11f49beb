// Package crypto is the cryptography that the domains need, on the standard library and x/crypto: Argon2id for passwords,
// HMAC-SHA256 for messages that others verify, AES-256-GCM under a ring of keys for secrets that are read again, and
// random tokens.
//
//	hash, err := passwords.Hash(ctx, "correct horse battery staple")
//	match, err := passwords.Verify(ctx, hash, given)
//
//	sealed, err := ring.Seal([]byte(secret), "identity_users.totp:"+user.ID)
//	secret, err := ring.Open(sealed, "identity_users.totp:"+user.ID)
//
//	token := crypto.Token(256) // to the client
//	digest := crypto.Digest(token) // into the database
//
// Nothing here logs, and no error carries a key, a password or a plaintext.
package crypto

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// Token is a random text of at least that many bits in the URL-safe alphabet of base64, without padding: 256 bits are 43
// characters. It panics on less than 128 bits, which could be guessed.
func Token(bits int) string {
	if bits < 128 {
		panic("crypto: a token of less than 128 bits can be guessed")
	}
	raw := make([]byte, (bits+7)/8)
	_, _ = rand.Read(raw) // never fails: it ends the program when there is no randomness
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Digest is the SHA-256 of a token in 64 hexadecimal digits: what is stored, so that who reads the database cannot use
// it. It is for random tokens only; what people choose is hashed by Passwords.
func Digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Sign is the HMAC-SHA256 of the message, 32 bytes. The key has at least 32 random bytes.
func Sign(key, message []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return mac.Sum(nil)
}

// Verify tells whether signature is that of the message under the key, in a time that does not depend on where they
// differ.
func Verify(key, message, signature []byte) bool { return hmac.Equal(Sign(key, message), signature) }
