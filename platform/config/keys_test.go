package config_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/trellis-go/trellis/platform/config"
)

func TestKeysListsKeysVariablesAndTypes(t *testing.T) {
	assert.Equal(t, []config.KeyInfo{
		{"region", "TRELLIS_REGION", "string"},
		{"http.addr", "TRELLIS_HTTP_ADDR", "string"},
		{"http.request_timeout", "TRELLIS_HTTP_REQUEST_TIMEOUT", "time.Duration"},
		{"http.trusted_proxies", "TRELLIS_HTTP_TRUSTED_PROXIES", "[]string"},
		{"http.max_body", "TRELLIS_HTTP_MAX_BODY", "config.Size"},
		{"http.workers", "TRELLIS_HTTP_WORKERS", "int8"},
		{"http.ratio", "TRELLIS_HTTP_RATIO", "float64"},
		{"http.debug", "TRELLIS_HTTP_DEBUG", "bool"},
		{"log.level", "TRELLIS_LOG_LEVEL", "string"},
		{"log.sinks[].format", "", "string"},
		{"log.sinks[].token", "", "string"},
		{"log.sinks[].every", "", "time.Duration"},
		{"auth.key", "TRELLIS_AUTH_KEY", "config.Secret"},
		{"auth.password", "TRELLIS_AUTH_PASSWORD", "string"},
		{"auth.since", "TRELLIS_AUTH_SINCE", "time.Time"},
		{"databases.<name>.driver", "TRELLIS_DATABASES_<NAME>_DRIVER", "string"},
		{"databases.<name>.dsn", "TRELLIS_DATABASES_<NAME>_DSN", "config.DSN"},
		{"databases.<name>.max_open", "TRELLIS_DATABASES_<NAME>_MAX_OPEN", "int"},
		{"labels.<name>", "TRELLIS_LABELS_<NAME>", "string"},
	}, config.Keys[Settings]())
}

func TestKeysAreNamedAfterTheirFields(t *testing.T) {
	type names struct {
		MaxOpen, DSN, TLSCert, HTTPAddr, L1Size, RequestID, URLs, TTLsBySize, A string
		Other                                                                   string `mapstructure:"renamed"`
		Skipped                                                                 func() `mapstructure:"-"`
		hidden                                                                  string
	}
	var keys []string
	for _, info := range config.Keys[names]() {
		keys = append(keys, info.Key)
	}
	assert.Equal(t, []string{"max_open", "dsn", "tls_cert", "http_addr", "l1_size", "request_id", "urls", "ttls_by_size", "a", "renamed"}, keys)
	_ = names{}.hidden
}

func TestATypeThatIsNoSchemaPanics(t *testing.T) {
	type same struct {
		TLSCert string
		TLS     struct{ Cert string }
	}
	assert.PanicsWithValue(t, "config: tls_cert and tls.cert have one variable, TRELLIS_TLS_CERT", func() { config.Keys[same]() })
	assert.PanicsWithValue(t, "config: config_dir has the variable TRELLIS_CONFIG_DIR, which means something else",
		func() { config.Keys[struct{ ConfigDir string }]() })
	assert.PanicsWithValue(t, "config: http.handler has the type func(), which no configuration can hold",
		func() { config.Keys[struct{ HTTP struct{ Handler func() } }]() })
	assert.PanicsWithValue(t, "config: a is declared twice", func() {
		config.Keys[struct {
			A string
			B string `mapstructure:"a"`
		}]()
	})
	assert.PanicsWithValue(t, "config: Upper is not spelled in lower case, digits and _", func() {
		config.Keys[struct {
			A string `mapstructure:"Upper"`
		}]()
	})
	assert.PanicsWithValue(t, "config: string is no struct", func() { config.Keys[string]() })
}
