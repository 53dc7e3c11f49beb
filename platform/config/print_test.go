package config_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
)

func TestPrintAlignsKeysValuesAndOrigins(t *testing.T) {
	type small struct {
		Addr    string
		Empty   string
		Nets    []netip.Prefix
		Names   []string
		Secret  config.Secret
		Tables  map[string]struct{ Max *int }
		Timeout time.Duration
		Rules   []struct{ Path string }
		Day     time.Duration
	}
	loaded, err := config.Load[small](config.Options{
		Embedded: embedded("addr: ':1'\nnets: [10.0.0.0/8]\nnames: [a b, '']\ntimeout: 90s\ntables: {x: {max: 3}, y: {}}\n"),
		Environ:  []string{"TRELLIS_SECRET=hush", "TRELLIS_DAY=24h"},
	})
	require.NoError(t, err)
	var printed strings.Builder
	require.NoError(t, loaded.Print(&printed))
	assert.Equal(t, `
addr         = :1             # embedded configs/default.yaml:1
day          = 24h            # environment TRELLIS_DAY
empty        = ""             # built-in
names        = [a b, ""]      # embedded configs/default.yaml:3
nets         = [10.0.0.0/8]   # embedded configs/default.yaml:2
rules        = []             # built-in
secret       = [hidden]       # environment TRELLIS_SECRET
tables.x.max = 3              # embedded configs/default.yaml:5
tables.y.max = null           # built-in
timeout      = 1m30s          # embedded configs/default.yaml:4
`, "\n"+printed.String())
}

func TestEntriesAreReadyForJSON(t *testing.T) {
	loaded := ok(t, minimal+"  workers: 2\n  trusted_proxies: [a]\n  request_timeout: 5m\n")
	encoded, err := json.Marshal([]config.Entry{
		entry(t, loaded, "http.workers"), entry(t, loaded, "http.trusted_proxies"), entry(t, loaded, "http.request_timeout"),
	})
	require.NoError(t, err)
	assert.JSONEq(t, `[
		{"key": "http.workers", "value": 2, "origin": "embedded configs/default.yaml:3"},
		{"key": "http.trusted_proxies", "value": ["a"], "origin": "embedded configs/default.yaml:4"},
		{"key": "http.request_timeout", "value": "5m", "origin": "embedded configs/default.yaml:5"}
	]`, string(encoded))
}

func TestEntriesBelongToTheCaller(t *testing.T) {
	loaded := ok(t, minimal)
	loaded.Entries()[0].Key = "mine"
	assert.NotEqual(t, "mine", loaded.Entries()[0].Key)
}

func TestATextThatWouldBeMisreadIsPrintedInQuotes(t *testing.T) {
	loaded := ok(t, minimal, "TRELLIS_REGION=a #b", "TRELLIS_LOG_LEVEL=a\tb")
	var printed strings.Builder
	require.NoError(t, loaded.Print(&printed))
	assert.Contains(t, printed.String(), `= "a #b"`)
	assert.Contains(t, printed.String(), `= "a\tb"`)
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestPrintReportsWhatTheWriterSays(t *testing.T) {
	loaded := ok(t, minimal)
	require.EqualError(t, loaded.Print(full{}), "disk full")
}
