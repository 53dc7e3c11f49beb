package crypto_test

import (
	"encoding/base64"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/crypto"
)

func TestTokensHaveTheBitsAskedForAndDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		token := crypto.Token(256)
		raw, err := base64.RawURLEncoding.DecodeString(token)
		require.NoError(t, err)
		require.Len(t, raw, 32)
		require.False(t, seen[token])
		seen[token] = true
	}
	assert.Panics(t, func() { crypto.Token(64) }, "what can be guessed is no token")
}

// The vector is test case 2 of RFC 4231.
func TestSignIsHMACSHA256(t *testing.T) {
	key, message := []byte("Jefe"), []byte("what do ya want for nothing?")
	signature := crypto.Sign(key, message)
	assert.Equal(t, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", hex.EncodeToString(signature))
	assert.True(t, crypto.Verify(key, message, signature))
}

func TestASignatureIsOfOneMessageUnderOneKey(t *testing.T) {
	key, message := []byte("0123456789abcdef0123456789abcdef"), []byte("pay 10")
	signature := crypto.Sign(key, message)
	assert.False(t, crypto.Verify(key, []byte("pay 100"), signature))
	assert.False(t, crypto.Verify([]byte("another"), message, signature))
	assert.False(t, crypto.Verify(key, message, signature[:31]))
	assert.False(t, crypto.Verify(key, message, nil))
}

func TestADigestIsSHA256InHexadecimal(t *testing.T) {
	assert.Equal(t, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", crypto.Digest("abc"))
}
