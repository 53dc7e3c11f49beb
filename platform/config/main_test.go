package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Common is squashed into the root.
type Common struct {
	Region string
}

// Database has a rule of its own beside its tags.
type Database struct {
	Driver  string `validate:"oneof=sqlite mysql"`
	DSN     config.DSN
	MaxOpen int `validate:"min=0,max=100"`
}

func (d *Database) Validate() error {
	if d.Driver == "mysql" && d.DSN == "" {
		return &config.Error{Items: []config.Item{{Key: "dsn", Rule: "is required for mysql"}}}
	}
	return nil
}

type Sink struct {
	Format string `validate:"required,oneof=json text"`
	Token  string
	Every  time.Duration
}

// Settings is the schema of most tests.
type Settings struct {
	Common `mapstructure:",squash"`
	HTTP   struct {
		Addr           string `validate:"required,hostname_port"`
		RequestTimeout time.Duration
		TrustedProxies []string
		MaxBody        config.Size `validate:"max=1048576"`
		Workers        int8
		Ratio          float64
		Debug          bool
	}
	Log struct {
		Level string
		Sinks []Sink
	}
	Auth struct {
		Key      config.Secret
		Password string `validate:"omitempty,min=8"`
		Since    time.Time
	}
	Databases map[string]Database
	Labels    map[string]string
}

const minimal = "http:\n  addr: localhost:8000\n"

// load reads a default.yaml from the binary, and variables.
func load(yaml string, environ ...string) (*config.Loaded[Settings], error) {
	return config.Load[Settings](config.Options{Embedded: embedded(yaml), Environ: environ})
}

func embedded(yaml string) fstest.MapFS { return fstest.MapFS{"default.yaml": {Data: []byte(yaml)}} }

// ok loads what must be valid.
func ok(t *testing.T, yaml string, environ ...string) config.Loaded[Settings] {
	t.Helper()
	loaded, err := load(yaml, environ...)
	require.NoError(t, err)
	return *loaded
}

// wrong loads what must not be valid and gives the lines of the error.
func wrong(t *testing.T, yaml string, environ ...string) []string {
	t.Helper()
	_, err := load(yaml, environ...)
	return lines(t, err)
}

func lines(t *testing.T, err error) []string {
	t.Helper()
	var typed *config.Error
	require.True(t, errors.As(err, &typed), "no *config.Error: %v", err)
	var all []string
	for _, item := range typed.Items {
		all = append(all, item.String())
	}
	require.Equal(t, "the configuration is not valid:\n  "+strings.Join(all, "\n  "), err.Error())
	return all
}

// folder is a folder with the files: name, content, name, content…
func folder(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		require.NoError(t, os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o600))
	}
	return dir
}

// origin is the origin of a key.
func origin(t *testing.T, loaded config.Loaded[Settings], key string) string {
	t.Helper()
	return entry(t, loaded, key).Origin
}

func entry(t *testing.T, loaded config.Loaded[Settings], key string) config.Entry {
	t.Helper()
	for _, entry := range loaded.Entries() {
		if entry.Key == key {
			return entry
		}
	}
	require.Fail(t, "no entry "+key)
	return config.Entry{}
}
