package log_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/log"
)

// logged gives the value that a JSON record has for the attribute.
func logged(t *testing.T, attr slog.Attr) any {
	t.Helper()
	var out bytes.Buffer
	log.NewTest(&out).LogAttrs(t.Context(), slog.LevelInfo, "m", attr)
	return only(t, &out)[attr.Key]
}

func TestATextIsHiddenUnderAKeyThatMentionsASecret(t *testing.T) {
	for _, key := range []string{
		"password", "PASSWORD", "passwd", "db_pwd", "secret", "token", "jwt", "authorization", "cookie", "Set-Cookie",
		"api_key", "apikey", "apiKey", "APIKey", "X-Api-Key", "private_key", "privateKey", "privatekey", "dsn",
		"primary.dsn", "credential", "credentials", "tokens", "cookies", "api_keys", "userPassword", "user-password",
		"refresh_token", "accesstoken", "client_secret", "password_hash", "token_type", "Proxy-Authorization",
		"signing_key", "encryption key", "passwords_", "passphrase", "a_very_long_key_that_does_not_fit_into_the_room_on_the_stack_token",
	} {
		assert.Equal(t, "[hidden]", logged(t, slog.String(key, "hunter2")), key)
	}
}

func TestATextIsShownUnderAnyOtherKey(t *testing.T) {
	for _, key := range []string{
		"", "key", "keys", "cache_key", "idempotency_key", "tokenizer", "secretary", "passing", "author", "cookiejar", "monkey",
		"api", "api_version", "private", "keyapi", "_", "s", "type", "rédaction",
	} {
		assert.Equal(t, "shown", logged(t, slog.String(key, "shown")), key)
	}
}

func TestANumberIsHiddenOnlyWhereItIsTheSecret(t *testing.T) {
	for key, want := range map[string]any{
		"token": "[hidden]", "user_password": "[hidden]", "token_count": 42.0, "max_tokens": 42.0, "token_token_size": 42.0,
	} {
		assert.Equal(t, want, logged(t, slog.Int(key, 42)), key)
		assert.Equal(t, want, logged(t, slog.Any("x", map[string]int{key: 42})).(map[string]any)[key], key)
	}
	assert.Equal(t, "[hidden]", logged(t, slog.Float64("secret", 1)))
	assert.Equal(t, "[hidden]", logged(t, slog.Uint64("secret", 1)))
}

func TestWhatCannotBeASecretIsShown(t *testing.T) {
	assert.Equal(t, true, logged(t, slog.Bool("has_password", true)))
	assert.Equal(t, "1h0m0s", logged(t, slog.Duration("token", time.Hour)))
	assert.Equal(t, "2026-01-01T00:00:00.000Z", logged(t, slog.Time("token", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))))
	assert.Equal(t, "", logged(t, slog.String("password", "")), "that none is set is worth knowing")
	assert.Nil(t, logged(t, slog.Any("password", nil)))
}

func TestASecretIsHiddenInGroups(t *testing.T) {
	group := logged(t, slog.Group("user", slog.String("name", "ann"), slog.String("password", "hunter2")))
	assert.Equal(t, map[string]any{"name": "ann", "password": "[hidden]"}, group)
	group = logged(t, slog.Group("credentials", slog.String("value", "hunter2"), slog.Bool("set", true)))
	assert.Equal(t, map[string]any{"value": "[hidden]", "set": true}, group)
}

func TestASecretIsHiddenInTheLoggersOwnAttributes(t *testing.T) {
	var out bytes.Buffer
	log.NewTest(&out).With("token", "hunter2").WithGroup("auth").With("secret", "hunter2").Info("m", "password", "hunter2")
	assert.NotContains(t, out.String(), "hunter2")
}

func TestASecretIsHiddenInWhatTheContextCarries(t *testing.T) {
	ctx := log.NewScope(log.With(t.Context(), slog.String("token", "hunter2")))
	log.Set(ctx, slog.String("cookie", "hunter2"))
	assert.Equal(t, `{"token":"[hidden]","cookie":"[hidden]"}`, carried(ctx, t, nil))
}

func TestASecretTypeHidesItself(t *testing.T) {
	assert.Equal(t, "[hidden]", logged(t, slog.Any("value", config.Secret("hunter2"))))
	assert.Equal(t, "root:[hidden]@tcp(db)/x", logged(t, slog.Any("source", config.DSN("root:hunter2@tcp(db)/x"))))
}

type settings struct {
	Name     string
	Source   config.DSN
	Password string
	inner    config.Secret
}

func TestASecretIsHiddenInStructsMapsAndLists(t *testing.T) {
	deep := []any{map[string]any{"list": []settings{{"n", "u:hunter2@db", "hunter2", "hunter2"}}}, "<&>"}
	want := []any{map[string]any{"list": []any{map[string]any{"Name": "n", "Source": "u:[hidden]@db", "Password": "[hidden]"}}}, "<&>"}
	assert.Equal(t, want, logged(t, slog.Any("deep", deep)))
	assert.Equal(t, want[0].(map[string]any)["list"], logged(t, slog.Any("s", []*settings{{"n", "u:hunter2@db", "hunter2", "hunter2"}})))
	assert.Equal(t, map[string]any{"a": "1", "token": "[hidden]"}, logged(t, slog.Any("m", map[string]string{"a": "1", "token": "hunter2"})))
	assert.Equal(t, []any{"[hidden]"}, logged(t, slog.Any("l", []config.Secret{"hunter2"})))
	assert.Equal(t, "[hidden]", logged(t, slog.Any("cookies", map[string]string{"session": "hunter2"})))
}

func TestASecretIsHiddenInHeaders(t *testing.T) {
	header := http.Header{}
	for _, name := range []string{"Authorization", "Cookie", "Set-Cookie", "X-Api-Key"} {
		header.Set(name, "hunter2")
	}
	header.Set("Accept", "*/*")
	assert.Equal(t, map[string]any{
		"Authorization": "[hidden]", "Cookie": "[hidden]", "Set-Cookie": "[hidden]", "X-Api-Key": "[hidden]", "Accept": []any{"*/*"},
	}, logged(t, slog.Any("header", header)))
}

func TestATextConsoleHidesTheSame(t *testing.T) {
	logger, out := open(t, console("text", "never"))
	logger.With("token", "hunter2").WithGroup("auth").Info("m", "password", "hunter2",
		"settings", settings{"n", "u:hunter2@db", "hunter2", "hunter2"}, "header", http.Header{"Cookie": {"hunter2"}},
		"pointer", &settings{inner: "hunter2"}, "secret", config.Secret("hunter2"), "plain", config.Secret("hunter2"))
	assert.NotContains(t, out.String(), "hunter2")
	assert.Contains(t, out.String(), "auth.password=[hidden]")
}

// coded is an error that would marshal as an object.
type coded struct{ Code int }

func (c coded) Error() string { return fmt.Sprint("code ", c.Code) }

func TestAnErrorIsItsText(t *testing.T) {
	assert.Equal(t, "open: code 5", logged(t, slog.Any("err", fmt.Errorf("open: %w", coded{5}))))
	assert.Equal(t, "code 5", logged(t, slog.Any("err", coded{5})))
	var missing *http.MaxBytesError
	assert.Equal(t, "http: request body too large", logged(t, slog.Any("err", missing)))
	var null *panicky
	assert.Nil(t, logged(t, slog.Any("err", null)))
}

type panicky struct{ text string }

func (p *panicky) Error() string { return p.text }

type explosive struct{}

func (explosive) MarshalText() ([]byte, error) { panic("boom") }

type broken struct{}

func (broken) MarshalText() ([]byte, error) { return nil, errors.New("cannot") }

func TestAValueThatCannotBeWrittenDoesNotHarmTheRecord(t *testing.T) {
	assert.Equal(t, "!PANIC: boom", logged(t, slog.Any("x", explosive{})))
	assert.Equal(t, "!ERROR: json: unsupported type: chan int", logged(t, slog.Any("x", make(chan int))))
	assert.Contains(t, logged(t, slog.Any("x", []any{broken{}})), "!ERROR: json: error calling MarshalText")
}

type count int

func TestOrdinaryValuesStayWhatTheyAre(t *testing.T) {
	assert.Equal(t, 3.0, logged(t, slog.Any("x", count(3))))
	assert.Equal(t, "1MiB", logged(t, slog.Any("x", config.MiB)))
	assert.Equal(t, "10.0.0.1", logged(t, slog.Any("x", netip.MustParseAddr("10.0.0.1"))))
	assert.Equal(t, "aGk=", logged(t, slog.Any("x", []byte("hi"))))
	assert.Equal(t, map[string]any{"N": 12345678901234567890.0}, logged(t, slog.Any("x", struct{ N uint64 }{12345678901234567890})))
	require.Equal(t, "goroutine 1", logged(t, slog.Any("stack", []byte("goroutine 1"))))
}
