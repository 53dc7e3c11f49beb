package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// makeUser calls server user create with this on standard input.
func makeUser(t *testing.T, input string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	root := newRoot()
	root.SetIn(strings.NewReader(input))
	code = execute(t.Context(), root, append([]string{"user", "create"}, args...), &out, &errs)
	return code, out.String(), errs.String()
}

func TestAnAdminIsMadeOnTheCommandLine(t *testing.T) {
	inFolder(t)
	must(t, "up")
	code, out, errs := makeUser(t, "a long passphrase\r\n", "--email", "Root@example.com", "--role", "admin")
	require.Equal(t, 0, code, errs)
	assert.Regexp(t, `^[0-9a-f-]{36}\n$`, out)
	assert.NotContains(t, out+errs, "a long passphrase")

	code, _, errs = makeUser(t, "another passphrase", "--email", "root@example.com")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "email_taken")
	code, _, errs = makeUser(t, "12345678\n", "--email", "two@example.com")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "most common passwords")
}

func TestMistakesAboutAccountsAreTheCallers(t *testing.T) {
	inFolder(t)
	for _, args := range [][]string{{}, {"--email", "a@example.com", "--role", "root"}, {"--email", "a@example.com", "password"}, {"--password", "x"}} {
		code, _, errs := makeUser(t, "a long passphrase\n", args...)
		assert.Equal(t, 2, code, "%v: %s", args, errs)
	}
}
