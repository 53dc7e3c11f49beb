package auth_test

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/clock"
)

func TestATokenNamesItsPrincipal(t *testing.T) {
	for name, key := range map[string]any{"EdDSA": edKey(t), "ES256": ecKey(t, elliptic.P256())} {
		t.Run(name, func(t *testing.T) {
			ts := tokens(t, private(t, key))
			token := issue(t, ts)
			assert.Equal(t, map[string]any{"alg": name, "typ": "at+jwt", "kid": headerOf(t, token)["kid"]}, headerOf(t, token))
			found, err := ts.Verify(token)
			require.NoError(t, err)
			assert.Equal(t, principal, found)
		})
	}
}

func TestATokenIsGoodForItsTimeAndTheLeeway(t *testing.T) {
	key := private(t, edKey(t))
	token := issue(t, tokens(t, key))
	for offset, good := range map[time.Duration]bool{
		-61 * time.Second: false, -59 * time.Second: true, 0: true, 5 * time.Minute: true, 359 * time.Second: true, 361 * time.Second: false,
	} {
		_, err := at(t, now.Add(offset), key).Verify(token)
		assert.Equal(t, good, err == nil, "%s: %v", offset, err)
	}
}

func TestANewKeySignsWhileTheOldOneStillVerifies(t *testing.T) {
	first, second := edKey(t), ecKey(t, elliptic.P256())
	before := tokens(t, private(t, first)+private(t, second)) // the second is announced
	old := issue(t, before)
	after := tokens(t, private(t, second)+public(t, first))
	young := issue(t, after)
	assert.NotEqual(t, headerOf(t, old)["kid"], headerOf(t, young)["kid"])
	for _, token := range []string{old, young} {
		for _, replica := range []*auth.Tokens{before, after} {
			_, err := replica.Verify(token)
			require.NoError(t, err)
		}
	}
	_, err := tokens(t, private(t, second)).Verify(old)
	require.Error(t, err, "the first key is gone")
}

// The corpus of what must be refused. Each case signs with a good key whatever it can.
func TestForgedTokensAreRefused(t *testing.T) {
	key, other := edKey(t), edKey(t)
	ec := ecKey(t, elliptic.P256())
	ts := tokens(t, private(t, key)+private(t, ec))
	kids := kidsOf(t, ts)
	good := jwt.MapClaims{
		"iss": "https://shop.example.com", "sub": "u1", "aud": "shop", "sid": "s1", "role": "admin", "client_id": "shop",
		"exp": now.Add(time.Minute).Unix(), "nbf": now.Unix(), "iat": now.Unix(), "jti": "1",
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(t, err)
	raw := []byte(key.Public().(edPublic))
	rs := rsaKey(t)
	type forged struct {
		method  jwt.SigningMethod
		key     any
		header  map[string]any
		claims  map[string]any
		without string
	}
	for name, f := range map[string]forged{
		"alg none":                      {method: jwt.SigningMethodNone, key: jwt.UnsafeAllowNoneSignatureType},
		"HS256 with the public key":     {method: jwt.SigningMethodHS256, key: raw},
		"HS256 with the key's SPKI":     {method: jwt.SigningMethodHS256, key: spki},
		"HS512 with an empty key":       {method: jwt.SigningMethodHS512, key: []byte{}},
		"HS256 with the public PEM":     {method: jwt.SigningMethodHS256, key: []byte(public(t, key))},
		"RS256":                         {method: jwt.SigningMethodRS256, key: rs},
		"PS256":                         {method: jwt.SigningMethodPS256, key: rs},
		"ES256 under an Ed25519 key id": {method: jwt.SigningMethodES256, key: ec},
		"another key":                   {key: other},
		"another key beside jwk":        {key: other, header: map[string]any{"jwk": map[string]any{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(other.Public().(edPublic))}}},
		"another key beside jku":        {key: other, header: map[string]any{"jku": "https://evil.example.com/jwks.json"}},
		"another key beside x5u":        {key: other, header: map[string]any{"x5u": "https://evil.example.com/cert.pem"}},
		"a key id of nobody":            {header: map[string]any{"kid": "nobody"}},
		"a key id that is a path":       {header: map[string]any{"kid": "../../../../dev/null"}},
		"a key id that is SQL":          {header: map[string]any{"kid": "' UNION SELECT 'x"}},
		"a key id that is no text":      {header: map[string]any{"kid": 7}},
		"no key id":                     {header: map[string]any{"kid": nil}},
		"typ JWT":                       {header: map[string]any{"typ": "JWT"}},
		"typ of another token":          {header: map[string]any{"typ": "refresh+jwt"}},
		"no typ":                        {header: map[string]any{"typ": nil}},
		"a critical extension":          {header: map[string]any{"crit": []string{"exp"}}},
		"another issuer":                {claims: map[string]any{"iss": "https://evil.example.com"}},
		"no issuer":                     {without: "iss"},
		"another audience":              {claims: map[string]any{"aud": "other"}},
		"no audience":                   {without: "aud"},
		"expired":                       {claims: map[string]any{"exp": now.Add(-2 * time.Minute).Unix()}},
		"never expires":                 {without: "exp"},
		"not yet valid":                 {claims: map[string]any{"nbf": now.Add(2 * time.Minute).Unix()}},
		"no beginning":                  {without: "nbf"},
		"issued in the future":          {claims: map[string]any{"iat": now.Add(2 * time.Minute).Unix()}},
		"no time of issue":              {without: "iat"},
		"no subject":                    {without: "sub"},
		"no session":                    {without: "sid"},
		"no role":                       {without: "role"},
		"a role that is none":           {claims: map[string]any{"role": "root"}},
		"a role that is no text":        {claims: map[string]any{"role": []string{"admin"}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ts.Verify(sign(t, f.method, orKey(f.key, key), kids[0], good, f.header, f.claims, f.without))
			require.Error(t, err)
		})
	}
	_, err = ts.Verify(sign(t, nil, key, kids[0], good, nil, nil, ""))
	require.NoError(t, err, "what all of them were made from is good")
}

type edPublic = ed25519.PublicKey

func TestWhatIsNotATokenIsRefused(t *testing.T) {
	ts := tokens(t, private(t, edKey(t)))
	token := issue(t, ts)
	parts := strings.Split(token, ".")
	for _, bad := range []string{
		"", ".", "..", "a.b.c", parts[0] + "." + parts[1], parts[0] + "." + parts[1] + ".", token + ".x", token + "=", " " + token,
		strings.Repeat("A", 43), parts[0] + ".e30." + parts[2], token[:len(token)-2],
	} {
		_, err := ts.Verify(bad)
		require.Error(t, err, bad)
	}
}

func TestNeitherSignsNorVerifiesWithoutAKey(t *testing.T) {
	ts, err := auth.NewTokens(configured(""), clock.Fixed(now))
	require.NoError(t, err)
	_, err = ts.Issue(principal)
	require.ErrorIs(t, err, auth.ErrNoKey)
	_, err = ts.Verify(issue(t, tokens(t, private(t, edKey(t)))))
	require.ErrorIs(t, err, auth.ErrNoKey)
	_, err = ts.JWKS()
	require.ErrorIs(t, err, auth.ErrNoKey)
	require.ErrorIs(t, ts.Start(t.Context()), auth.ErrNoKey)
}

func TestAKeyIsMadeOnceAndKept(t *testing.T) {
	cfg := configured("")
	cfg.KeyStore = filepath.Join(t.TempDir(), "data", "auth.pem")
	var replicas [2]*auth.Tokens
	for i := range replicas {
		var err error
		replicas[i], err = auth.NewTokens(cfg, clock.Fixed(now))
		require.NoError(t, err)
		require.NoError(t, replicas[i].Start(t.Context()))
	}
	_, err := replicas[1].Verify(issue(t, replicas[0]))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(cfg.KeyStore, []byte("nonsense"), 0o600))
	broken, err := auth.NewTokens(cfg, clock.Fixed(now))
	require.NoError(t, err)
	require.ErrorContains(t, broken.Start(t.Context()), "auth.key_store")
}

func TestKeysThatCannotBeUsedAreRefused(t *testing.T) {
	good := private(t, edKey(t))
	for name, keys := range map[string]string{
		"no PEM": "nonsense", "a public one first": public(t, edKey(t)), "RSA": private(t, rsaKey(t)),
		"another curve": private(t, ecKey(t, elliptic.P384())), "the second": good + private(t, rsaKey(t)),
		"a certificate":   strings.ReplaceAll(good, "PRIVATE KEY", "CERTIFICATE"),
		"a broken one":    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"a broken public": good + "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := auth.NewTokens(configured(keys), clock.Fixed(now))
			require.ErrorContains(t, err, "auth.keys")
		})
	}
}

func TestTheDocumentHasThePublicKeysAndNothingElse(t *testing.T) {
	ed, ec := edKey(t), ecKey(t, elliptic.P256())
	raw, err := tokens(t, private(t, ed)+private(t, ec)+public(t, ec)).JWKS()
	require.NoError(t, err)
	var document struct{ Keys []map[string]string }
	require.NoError(t, json.Unmarshal(raw, &document))
	require.Len(t, document.Keys, 2)
	for i, members := range [][]string{{"alg", "crv", "kid", "kty", "use", "x"}, {"alg", "crv", "kid", "kty", "use", "x", "y"}} {
		assert.ElementsMatch(t, members, sortedKeys(document.Keys[i]))
	}
	assert.Equal(t, "EdDSA", document.Keys[0]["alg"])
	assert.Equal(t, "ES256", document.Keys[1]["alg"])
}

// The key and its thumbprint are those of RFC 8037, appendix A.
func TestKeysAreNamedByTheirThumbprint(t *testing.T) {
	const rfc8037 = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n"
	raw, err := tokens(t, private(t, edKey(t))+rfc8037).JWKS()
	require.NoError(t, err)
	assert.Contains(t, string(raw), `"kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"`)
}

func FuzzVerifyRefusesWhatWasNotIssued(f *testing.F) {
	ts := tokens(f, private(f, edKey(f)))
	f.Add(issue(f, tokens(f, private(f, edKey(f)))))
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, token string) {
		_, err := ts.Verify(token)
		require.Error(t, err)
	})
}

func BenchmarkVerify(b *testing.B) {
	ts := tokens(b, private(b, edKey(b)))
	token := issue(b, ts)
	for b.Loop() {
		_, _ = ts.Verify(token)
	}
}

func sign(
	t *testing.T, method jwt.SigningMethod, key any, kid string, good jwt.MapClaims, header, change map[string]any, without string,
) string {
	t.Helper()
	if method == nil {
		method = jwt.SigningMethodEdDSA
	}
	said := maps.Clone(good)
	maps.Copy(said, change)
	delete(said, without)
	token := jwt.NewWithClaims(method, said)
	token.Header["typ"], token.Header["kid"] = "at+jwt", kid
	for name, value := range header {
		token.Header[name] = value
		if value == nil {
			delete(token.Header, name)
		}
	}
	signed, err := token.SignedString(key)
	require.NoError(t, err)
	return signed
}

func orKey(key, fallback any) any {
	if key == nil {
		return fallback
	}
	return key
}

func headerOf(t *testing.T, token string) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	require.NoError(t, err)
	var header map[string]any
	require.NoError(t, json.Unmarshal(raw, &header))
	return header
}

func kidsOf(t *testing.T, ts *auth.Tokens) []string {
	t.Helper()
	raw, err := ts.JWKS()
	require.NoError(t, err)
	var document struct{ Keys []struct{ Kid string } }
	require.NoError(t, json.Unmarshal(raw, &document))
	var kids []string
	for _, key := range document.Keys {
		kids = append(kids, key.Kid)
	}
	return kids
}

func sortedKeys(m map[string]string) []string {
	var all []string
	for key := range m {
		all = append(all, key)
	}
	return all
}
