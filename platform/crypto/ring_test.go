package crypto_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/crypto"
)

func ring(t testing.TB, lines ...string) *crypto.Ring {
	t.Helper()
	made, err := crypto.NewRing(crypto.Config{Keys: config.Secret(strings.Join(lines, "\n"))})
	require.NoError(t, err)
	return made
}

func seal(t testing.TB, r *crypto.Ring, plain, purpose string) string {
	t.Helper()
	sealed, err := r.Seal([]byte(plain), purpose)
	require.NoError(t, err)
	return sealed
}

func TestWhatIsSealedOpensForItsPurposeOnly(t *testing.T) {
	r := ring(t, crypto.NewKey("a"))
	sealed := seal(t, r, "secret", "users.totp:1")
	assert.NotContains(t, sealed, "secret")
	plain, err := r.Open(sealed, "users.totp:1")
	require.NoError(t, err)
	assert.Equal(t, "secret", string(plain))
	_, err = r.Open(sealed, "users.totp:2")
	require.ErrorIs(t, err, crypto.ErrSealed)
	assert.NotEqual(t, sealed, seal(t, r, "secret", "users.totp:1"), "every nonce is new")
}

func TestANewKeySealsWhileTheOldOneStillOpens(t *testing.T) {
	first, second := crypto.NewKey("first"), crypto.NewKey("second")
	old := ring(t, first)
	sealed := seal(t, old, "secret", "p")
	rotated := ring(t, second, first)
	plain, err := rotated.Open(sealed, "p")
	require.NoError(t, err)
	assert.Equal(t, "secret", string(plain))
	assert.True(t, rotated.Stale(sealed))
	renewed := seal(t, rotated, "secret", "p")
	assert.False(t, rotated.Stale(renewed))
	_, err = old.Open(renewed, "p")
	require.ErrorIs(t, err, crypto.ErrSealed, "the key is not in the ring")
	_, err = ring(t, crypto.NewKey("second")).Open(renewed, "p")
	require.ErrorIs(t, err, crypto.ErrSealed, "another key of the same name")
}

func TestAChangedTextDoesNotOpen(t *testing.T) {
	key := crypto.NewKey("a")
	r := ring(t, key, strings.Replace(key, "a ", "b ", 1))
	sealed := seal(t, r, "secret", "p")
	for i := range sealed {
		changed := []byte(sealed)
		changed[i] ^= 1
		_, err := r.Open(string(changed), "p")
		require.ErrorIs(t, err, crypto.ErrSealed, "byte %d", i)
	}
	_, err := r.Open(strings.Replace(sealed, ".a.", ".b.", 1), "p")
	require.ErrorIs(t, err, crypto.ErrSealed, "the id is sealed, too")
	_, err = r.Open(sealed+"\n", "p")
	require.ErrorIs(t, err, crypto.ErrSealed)
}

func TestKeysThatAreWrongAreNamedByLineAndNotShown(t *testing.T) {
	good := crypto.NewKey("a")
	for _, bad := range []string{"b", "b c2hvcnQ=", "b !!" + good[4:], "b/c " + good[2:], good} {
		_, err := crypto.NewRing(crypto.Config{Keys: config.Secret(good + "\n" + bad)})
		require.ErrorContains(t, err, "crypto.keys: line 2", bad)
		assert.NotContains(t, err.Error(), "c2hvcnQ")
	}
}

func TestARingWithoutKeysSaysHowToGetOne(t *testing.T) {
	r, err := crypto.NewRing(crypto.Config{})
	require.NoError(t, err)
	_, err = r.Seal([]byte("x"), "p")
	require.ErrorIs(t, err, crypto.ErrNoKey)
	_, err = r.Open("x", "p")
	require.ErrorIs(t, err, crypto.ErrNoKey)
	assert.True(t, r.Stale("x"))
	require.ErrorIs(t, r.Start(t.Context()), crypto.ErrNoKey)
}

func TestAKeyIsMadeOnceAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "crypto.keys")
	const replicas = 8
	rings := make([]*crypto.Ring, replicas)
	var all sync.WaitGroup
	for i := range rings {
		var err error
		rings[i], err = crypto.NewRing(crypto.Config{KeyStore: path})
		require.NoError(t, err)
		all.Go(func() { assert.NoError(t, rings[i].Start(t.Context())) })
	}
	all.Wait()
	sealed := seal(t, rings[0], "secret", "p")
	for _, r := range rings {
		_, err := r.Open(sealed, "p")
		require.NoError(t, err, "all that started at once have the same key")
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, left, 1, "no draft stays behind")
}

func TestAConfiguredKeyIsTakenAndTheStoreIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "crypto.keys")
	r, err := crypto.NewRing(crypto.Config{Keys: config.Secret(crypto.NewKey("a")), KeyStore: path})
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context()))
	assert.NoFileExists(t, path)
}

func TestAKeyStoreThatCannotBeUsedStopsTheStart(t *testing.T) {
	folder := t.TempDir()
	broken := filepath.Join(folder, "broken")
	require.NoError(t, os.WriteFile(broken, []byte("nonsense"), 0o600))
	for _, path := range []string{broken, folder, filepath.Join(broken, "under", "a", "file")} {
		r, err := crypto.NewRing(crypto.Config{KeyStore: path})
		require.NoError(t, err)
		require.ErrorContains(t, r.Start(t.Context()), "crypto.key_store")
	}
}

func FuzzOpenRefusesWhatWasNotSealed(f *testing.F) {
	r := ring(f, crypto.NewKey("a"))
	f.Add(seal(f, r, "secret", "another purpose"), "p")
	f.Add("a1.a.", "p")
	f.Add("a1.b.AAAA", "")
	f.Fuzz(func(t *testing.T, text, purpose string) {
		_, err := r.Open(text, purpose)
		require.ErrorIs(t, err, crypto.ErrSealed)
	})
}
