package crypto_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/crypto"
	"github.com/trellis-go/trellis/platform/problem"
)

// least is the weakest that the configuration allows.
var least = crypto.Argon2{Memory: 19 * config.MiB, Iterations: 2, Parallelism: 1, Waiting: 100}

func hash(t *testing.T, p *crypto.Passwords, password string) string {
	t.Helper()
	made, err := p.Hash(t.Context(), password)
	require.NoError(t, err)
	return made
}

func verify(t *testing.T, p *crypto.Passwords, hash, password string) crypto.Match {
	t.Helper()
	match, err := p.Verify(t.Context(), hash, password)
	require.NoError(t, err)
	return match
}

func TestAHashMatchesItsPasswordOnly(t *testing.T) {
	p := crypto.NewPasswords(least)
	made := hash(t, p, "correct horse")
	assert.True(t, strings.HasPrefix(made, "$argon2id$v=19$m=19456,t=2,p=1$"), made)
	assert.Equal(t, crypto.Match{OK: true}, verify(t, p, made, "correct horse"))
	assert.Equal(t, crypto.Match{}, verify(t, p, made, "Correct horse"))
	assert.NotEqual(t, made, hash(t, p, "correct horse"), "every hash has a salt of its own")
}

func TestEverySignOfAPasswordCounts(t *testing.T) {
	p := crypto.NewPasswords(least)
	long := strings.Repeat("ä", 128)
	made := hash(t, p, long)
	assert.False(t, verify(t, p, made, long[:len(long)-1]).OK)
	assert.False(t, verify(t, p, made, long+"x").OK)
	assert.False(t, verify(t, p, hash(t, p, "a\x00b"), "a\x00c").OK, "a NUL ends nothing")
}

// The hash was made by the reference implementation: argon2 somesalt -id -t 2 -k 65536 -p 1.
func TestHashesOfOthersAreRead(t *testing.T) {
	const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	assert.True(t, verify(t, crypto.NewPasswords(least), reference, "password").OK)
}

func TestAWeakerHashIsStale(t *testing.T) {
	weak := hash(t, crypto.NewPasswords(least), "x")
	for name, change := range map[string]func(*crypto.Argon2){
		"memory":      func(c *crypto.Argon2) { c.Memory *= 2 },
		"iterations":  func(c *crypto.Argon2) { c.Iterations++ },
		"parallelism": func(c *crypto.Argon2) { c.Parallelism++ },
	} {
		t.Run(name, func(t *testing.T) {
			stronger := least
			change(&stronger)
			p := crypto.NewPasswords(stronger)
			assert.Equal(t, crypto.Match{OK: true, Stale: true}, verify(t, p, weak, "x"))
			assert.Equal(t, crypto.Match{}, verify(t, p, weak, "y"), "only who knows the password can renew its hash")
			assert.Equal(t, crypto.Match{OK: true}, verify(t, p, hash(t, p, "x"), "x"))
		})
	}
}

func TestNobodyHasTheEmptyHash(t *testing.T) {
	p := crypto.NewPasswords(least)
	assert.Equal(t, crypto.Match{}, verify(t, p, "", ""))
	assert.Equal(t, crypto.Match{}, verify(t, p, "", "x"))
	ended, end := context.WithCancel(t.Context())
	end()
	_, err := p.Verify(ended, "", "x")
	assert.ErrorIs(t, err, context.Canceled, "it takes as much work as any other")
}

func TestWhatIsNotAHashIsRefusedBeforeAnyWork(t *testing.T) {
	p := crypto.NewPasswords(least)
	for _, bad := range []string{
		"x", "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ", "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y",
		"$argon2id$v=16$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y",
		"$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y",
		"$argon2id$v=19$m=19456,t=999999,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y",
		"$argon2id$v=19$m=19456,t=2,p=0$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y",
		"$argon2id$v=19$m=19456,t=2,p=1$$", "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$",
		"$argon2id$v=19$m=19456,t=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y",
		"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 1000),
	} {
		_, err := p.Verify(t.Context(), bad, "password")
		require.ErrorIs(t, err, crypto.ErrHash, bad)
	}
}

func TestWhoHasNoPlaceToWaitIsRefusedAndTheOthersAreServed(t *testing.T) {
	cfg := least
	cfg.Concurrent, cfg.Waiting, cfg.Iterations = 1, 1, 20
	p := crypto.NewPasswords(cfg)
	const callers = 12
	errs := make([]error, callers)
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range callers {
		all.Go(func() {
			<-begin
			_, errs[i] = p.Hash(t.Context(), "x")
		})
	}
	close(begin)
	all.Wait()
	var served, refused int
	for _, err := range errs {
		if err == nil {
			served++
			continue
		}
		require.ErrorIs(t, err, problem.Unavailable)
		assert.Positive(t, problem.From(err).RetryAfter)
		refused++
	}
	assert.GreaterOrEqual(t, served, 2, "one runs and one waits")
	assert.Positive(t, refused)
	assert.NotEmpty(t, hash(t, p, "x"), "places are given back")
}

func TestWhoWaitsGoesWhenTheContextEnds(t *testing.T) {
	cfg := least
	cfg.Concurrent, cfg.Iterations = 1, 10
	p := crypto.NewPasswords(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	errs := make(chan error, 4)
	var all sync.WaitGroup
	for range cap(errs) {
		all.Go(func() {
			_, err := p.Hash(ctx, "x")
			cancel() // the first that is done; one more may have begun by then
			errs <- err
		})
	}
	all.Wait()
	close(errs)
	gone := 0
	for err := range errs {
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
			gone++
		}
	}
	assert.GreaterOrEqual(t, gone, 2)
}

func FuzzAStoredHashNeverPanics(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q")
	f.Add("$argon2id$v=19$m=,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q")
	f.Add("$$$$$")
	p := crypto.NewPasswords(least)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	f.Fuzz(func(t *testing.T, text string) {
		match, err := p.Verify(ended, text, "password")
		assert.Error(t, err)
		assert.False(t, match.OK)
	})
}

func BenchmarkHash(b *testing.B) {
	p := crypto.NewPasswords(least)
	for b.Loop() {
		_, _ = p.Hash(b.Context(), "correct horse battery staple")
	}
}
