package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

// ErrNoKey is a program that has no key to sign with.
var ErrNoKey = errors.New("there is no key: set auth.keys to a private key in PEM, as openssl genpkey -algorithm ed25519 makes it")

// ring is the keys in force: the first signs, every one verifies.
type ring struct {
	signer crypto.Signer
	newest *key
	byID   map[string]*key
	jwks   []byte
}

// key is the public half of one.
type key struct {
	id     string // the thumbprint of RFC 7638, so that nobody has to name keys
	method jwt.SigningMethod
	public crypto.PublicKey
	jwk    jwk
}

// jwk is a key as RFC 7517 writes it. The members that make the thumbprint stand in the order that RFC 7638 wants.
type jwk struct {
	Curve string `json:"crv"`
	Type  string `json:"kty"`
	X     string `json:"x"`
	Y     string `json:"y,omitempty"`
}

type published struct {
	jwk
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

// parseKeys reads PEM blocks: PKCS #8 private keys, or public ones of keys that only verify from now on. The first must
// be private.
func parseKeys(text []byte) (*ring, error) {
	r := &ring{byID: map[string]*key{}}
	all := []published{}
	for number := 1; ; number++ {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		signer, public, err := parseBlock(block)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", number, err)
		}
		made, err := newKey(public)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", number, err)
		}
		if number == 1 {
			if signer == nil {
				return nil, errors.New("key 1 is a public key: the first signs, so it must be private")
			}
			r.signer, r.newest = signer, made
		}
		if r.byID[made.id] == nil {
			r.byID[made.id] = made
			all = append(all, published{made.jwk, made.id, "sig", made.method.Alg()})
		}
		text = rest
	}
	if r.newest == nil {
		return nil, errors.New("it has no PEM block")
	}
	var err error
	r.jwks, err = json.Marshal(map[string]any{"keys": all})
	return r, err
}

// parseBlock gives the signer of a private key, nil of a public one.
func parseBlock(block *pem.Block) (crypto.Signer, crypto.PublicKey, error) {
	switch block.Type {
	case "PRIVATE KEY":
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, nil, errors.New("it is not a PKCS #8 private key") // the error of x509 may show parts of it
		}
		signer, ok := parsed.(crypto.Signer)
		if !ok {
			return nil, nil, errors.New("it cannot sign")
		}
		return signer, signer.Public(), nil
	case "PUBLIC KEY":
		public, err := x509.ParsePKIXPublicKey(block.Bytes)
		return nil, public, err
	default:
		return nil, nil, fmt.Errorf("a PEM block %q is neither PRIVATE KEY nor PUBLIC KEY", block.Type)
	}
}

// newKey decides by the key which algorithm it is for: a token cannot choose another.
func newKey(public crypto.PublicKey) (*key, error) {
	made := &key{public: public}
	encode := base64.RawURLEncoding.EncodeToString
	switch k := public.(type) {
	case ed25519.PublicKey:
		made.method, made.jwk = jwt.SigningMethodEdDSA, jwk{Curve: "Ed25519", Type: "OKP", X: encode(k)}
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return nil, errors.New("its curve is not P-256")
		}
		point, err := k.Bytes() // 4, x, y
		if err != nil {
			return nil, err
		}
		made.method = jwt.SigningMethodES256
		made.jwk = jwk{Curve: "P-256", Type: "EC", X: encode(point[1:33]), Y: encode(point[33:])}
	default:
		return nil, fmt.Errorf("%T: only Ed25519 and ECDSA P-256 keys sign tokens", public)
	}
	canonical, err := json.Marshal(made.jwk)
	if err != nil {
		return nil, err
	}
	thumbprint := sha256.Sum256(canonical)
	made.id = encode(thumbprint[:])
	return made, nil
}

// NewKeyPEM makes a private Ed25519 key.
func NewKeyPEM() ([]byte, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), nil
}
