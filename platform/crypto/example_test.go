package crypto_test

import (
	"context"
	"fmt"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/crypto"
)

func ExamplePasswords() {
	passwords := crypto.NewPasswords(crypto.Argon2{Memory: 19 * config.MiB, Iterations: 2, Parallelism: 1, Waiting: 100})
	ctx := context.Background()
	hash, err := passwords.Hash(ctx, "correct horse battery staple")
	if err != nil {
		fmt.Println(err)
		return
	}
	match, err := passwords.Verify(ctx, hash, "correct horse battery staple")
	fmt.Println(match.OK, match.Stale, err)
	// Output: true false <nil>
}

func ExampleRing() {
	ring, err := crypto.NewRing(crypto.Config{Keys: config.Secret(crypto.NewKey("2026-11"))})
	if err != nil {
		fmt.Println(err)
		return
	}
	sealed, _ := ring.Seal([]byte("a secret"), "users.secret:7")
	plain, err := ring.Open(sealed, "users.secret:7")
	fmt.Printf("%s %v\n", plain, err)
	_, err = ring.Open(sealed, "users.secret:8")
	fmt.Println(err)
	// Output:
	// a secret <nil>
	// it cannot be opened: it was changed, belongs to something else, or its key is gone
}

func ExampleSign() {
	key, body := []byte("32 bytes from crypto/rand, say.."), []byte(`{"id":7}`)
	signature := crypto.Sign(key, body)
	fmt.Println(crypto.Verify(key, body, signature), crypto.Verify(key, []byte(`{"id":8}`), signature))
	// Output: true false
}

func ExampleToken() {
	token := crypto.Token(256)
	fmt.Println(len(token), len(crypto.Digest(token)))
	// Output: 43 64
}
