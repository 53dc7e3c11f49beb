package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
)

func TestASecretShowsItselfNowhere(t *testing.T) {
	assertUnseen(t, config.Secret("hush"))
	assert.Equal(t, "hush", config.Secret("hush").Reveal())
	assert.Empty(t, config.Secret("").String())
}

func TestADSNShowsItsPasswordNowhere(t *testing.T) {
	assertUnseen(t, config.DSN("user:hush@tcp(db)/x"))
	assert.Equal(t, "user:hush@tcp(db)/x", config.DSN("user:hush@tcp(db)/x").Reveal())
}

func assertUnseen(t *testing.T, value any) {
	t.Helper()
	encoded, err := json.Marshal(value)
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("", "value", value)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %q", value, value, value, value, value), string(encoded), log.String()} {
		assert.NotContains(t, text, "hush")
		assert.Contains(t, text, "[hidden]")
	}
}

func TestThePasswordOfADSNIsHidden(t *testing.T) {
	cases := []struct{ dsn, want string }{
		{"user:p@ss@tcp(127.0.0.1:3306)/db?x=y", "user:[hidden]@tcp(127.0.0.1:3306)/db?x=y"},
		{"user:p:a/s?s&x@tcp(h)/db", "user:[hidden]@tcp(h)/db"},
		{"user:a\nb@tcp(h)/db", "user:[hidden]@tcp(h)/db"},
		{"admin@server:pw@tcp(h)/db", "admin@server:[hidden]@tcp(h)/db"},
		{"us/er:pw@tcp(h)/db", "us/[hidden]@tcp(h)/db"},
		{"user:p://x@tcp(h)/db", "user:[hidden]@tcp(h)/db"},
		{"user@tcp(h:3306)/db?parseTime=true", "user@tcp(h:3306)/db?parseTime=true"},
		{"redis://:pw@h/0", "redis://:[hidden]@h/0"},
		{"Redis://u:p/w@h/0", "Redis://u:[hidden]@h/0"},
		{"redis://h:6379/0", "redis://h:6379/0"},
		{"clickhouse://u:p@h/db?password=x", "clickhouse://u:[hidden]@h/db?password=[hidden]"},
		{"clickhouse://h/db?Password=a;b&secure=true", "clickhouse://h/db?Password=[hidden]&secure=true"},
		{"amqp://u:p@h1,amqp://u:p@h2", "amqp://u:[hidden]@h2"},
		{"oracle://scott:tiger@h:1521/xe?wallet password=x", "oracle://scott:[hidden]@h:1521/xe?wallet password=[hidden]"},
		{"scott/tiger@//h:1521/xe", "scott/[hidden]@//h:1521/xe"},
		{"scott/ti:ger@h", "scott/[hidden]@h"},
		{"host=h user=u password='a & b' db=d", "host=h user=u password=[hidden]"},
		{"password=a;server=h", "password=[hidden]"},
		{"https://h/x?api_key=a&key=b&y=c", "https://h/x?api_key=[hidden]&key=[hidden]&y=c"},
		{"data/trellis.db", "data/trellis.db"},
		{"/var/lib/a@b/trellis.db", "/var/lib/a@b/trellis.db"},
		{"file:data/a@b.db?cache=shared&_foreign_keys=on", "file:data/a@b.db?cache=shared&_foreign_keys=on"},
		{"file:x.db?_auth_pass=a", "file:x.db?_auth_pass=[hidden]"},
		{":memory:", ":memory:"},
		{"", ""},
	}
	for _, c := range cases {
		t.Run(c.dsn, func(t *testing.T) { assert.Equal(t, c.want, config.DSN(c.dsn).String()) })
	}
}

// vault has every kind of secret that a rule or a type can refuse.
type vault struct {
	Secret   config.Secret   `validate:"omitempty,min=99"`
	Secrets  []config.Secret `validate:"omitempty,min=99"`
	DSN      config.DSN      `validate:"omitempty,min=99"`
	Password string          `validate:"omitempty,min=99"`
	Tokens   []string        `validate:"omitempty,min=99"`
	APIKeys  map[string]string
	Proxy    string      `validate:"omitempty,min=99"`
	Size     config.Size `validate:"omitempty,min=99"`
	Upstream upstream
	Nested   []struct {
		Passphrase string `validate:"omitempty,min=99"`
	}
}

// upstream quotes what it cannot read.
type upstream struct{ text string }

func (u *upstream) UnmarshalText(text []byte) error {
	if bytes.HasPrefix(text, []byte("https:")) {
		u.text = string(text)
		return nil
	}
	return fmt.Errorf("%q is not https", text)
}

func TestSecretsAreInNoErrorOfARule(t *testing.T) {
	_, err := config.Load[vault](config.Options{Embedded: embedded(`
secret: hush
secrets: [hush]
dsn: u:hush@h
password: hush
tokens: [hush]
proxy: http://u:hush@h
nested: [{passphrase: hush}]
`)})
	found := lines(t, err)
	assert.Len(t, found, 7)
	for _, line := range found {
		assert.NotContains(t, line, "hush")
		assert.Contains(t, line, "[hidden]")
	}
}

func TestSecretsAreInNoErrorOfAType(t *testing.T) {
	_, err := config.Load[vault](config.Options{Embedded: embedded(`
secret: [hush]
secrets: hush
dsn: [u:hush@h]
password: [hush]
tokens: hush
upstream: http://u:hush@h
nested: [{passphrase: [hush]}]
passwort: hush
`)})
	found := lines(t, err)
	assert.Len(t, found, 8)
	assert.NotContains(t, strings.Join(found, "\n"), "hush")
}

func TestSecretsAreInNoErrorOfAVariableOrFlag(t *testing.T) {
	path := filepath.Join(folder(t, "secret", "hush"), "secret")
	_, err := config.Load[vault](config.Options{
		Embedded: embedded(""),
		Environ: []string{
			"TRELLIS_SECRET_FILE=" + path, "TRELLIS_SECRETS=hush", "TRELLIS_UPSTREAM_FILE=" + path, "TRELLIS_SECRT=hush",
		},
		Flags: map[string]string{"dsn": "u:hush@h", "dsm": "hush", "upstream": "http://u:hush@h"},
	})
	found := lines(t, err)
	assert.Len(t, found, 7)
	assert.NotContains(t, strings.Join(found, "\n"), "hush")
}

func TestSecretsAreInNoPrint(t *testing.T) {
	long, list := strings.Repeat("hush", 25), strings.Repeat("hush,", 99)
	loaded, err := config.Load[vault](config.Options{
		Embedded: embedded("nested: [{passphrase: " + long + "}]"),
		Flags: map[string]string{
			"secret": long, "secrets": list, "dsn": "u:" + long + "@h", "password": long, "tokens": list,
			"api_keys.x": "hush", "proxy": "http://u:" + long + "@h",
		},
	})
	require.NoError(t, err)
	var printed bytes.Buffer
	require.NoError(t, loaded.Print(&printed))
	encoded, err := json.Marshal(loaded.Entries())
	require.NoError(t, err)
	assert.NotContains(t, printed.String()+string(encoded), "hush")
	assert.Equal(t, 8, strings.Count(printed.String(), "[hidden]"))
}
