package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
)

func TestEachLayerOverridesTheOneBefore(t *testing.T) {
	dir := folder(t,
		"default.yaml", minimal+"  max_body: 1\n  workers: 1\n  ratio: 1\nlog:\n  level: one\n",
		"production.yaml", "http:\n  max_body: 2\n  workers: 2\n  ratio: 2\n")
	loaded, err := config.Load[Settings](config.Options{
		Dir: dir, Environment: "production",
		Environ: []string{"TRELLIS_HTTP_WORKERS=3", "TRELLIS_HTTP_RATIO=3"},
		Flags:   map[string]string{"http.ratio": "4"},
	})
	require.NoError(t, err)
	assert.Equal(t, "one", loaded.Value.Log.Level)
	assert.Equal(t, config.Size(2), loaded.Value.HTTP.MaxBody)
	assert.Equal(t, int8(3), loaded.Value.HTTP.Workers)
	assert.InDelta(t, 4.0, loaded.Value.HTTP.Ratio, 0)

	assert.Equal(t, filepath.Join(dir, "default.yaml")+":7", origin(t, *loaded, "log.level"))
	assert.Equal(t, filepath.Join(dir, "production.yaml")+":2", origin(t, *loaded, "http.max_body"))
	assert.Equal(t, "environment TRELLIS_HTTP_WORKERS", origin(t, *loaded, "http.workers"))
	assert.Equal(t, "flag", origin(t, *loaded, "http.ratio"))
	assert.Equal(t, "built-in", origin(t, *loaded, "http.debug"))
}

func TestTheFilesThatWereReadAreListed(t *testing.T) {
	dir := folder(t, "default.yaml", minimal, "test.yaml", "")
	loaded, err := config.Load[Settings](config.Options{Dir: dir, Environment: "test"})
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(dir, "default.yaml"), filepath.Join(dir, "test.yaml")}, loaded.Files)
}

func TestTheFileOfTheEnvironmentMayBeMissing(t *testing.T) {
	loaded, err := config.Load[Settings](config.Options{Dir: folder(t, "default.yaml", minimal), Environment: "staging"})
	require.NoError(t, err)
	assert.Equal(t, "staging", loaded.Environment)
}

func TestTheFileOfTheEnvironmentMaySetWhatTheDefaultLacks(t *testing.T) {
	dir := folder(t, "default.yaml", minimal, "staging.yaml", "log: {level: debug}")
	loaded, err := config.Load[Settings](config.Options{Dir: dir, Environment: "staging"})
	require.NoError(t, err)
	assert.Equal(t, "debug", loaded.Value.Log.Level)
}

func TestTheEnvironmentIsDevelopmentUnlessNamed(t *testing.T) {
	assert.Equal(t, "development", ok(t, minimal).Environment)
}

func TestTheEnvironmentIsNamedByItsVariable(t *testing.T) {
	assert.Equal(t, "production", ok(t, minimal, "TRELLIS_ENV=production").Environment)
}

func TestTheOptionGoesBeforeTheVariableOfTheEnvironment(t *testing.T) {
	loaded, err := config.Load[Settings](config.Options{
		Embedded: embedded(minimal), Environment: "test", Environ: []string{"TRELLIS_ENV=production"},
	})
	require.NoError(t, err)
	assert.Equal(t, "test", loaded.Environment)
}

func TestAnUnknownEnvironmentIsRefused(t *testing.T) {
	assert.Equal(t, []string{
		`environment variable TRELLIS_ENV: must be one of development, test, staging, production, got "prod"`,
	}, wrong(t, minimal, "TRELLIS_ENV=prod"))
}

func TestTheFolderIsNamedByItsVariable(t *testing.T) {
	dir := folder(t, "default.yaml", minimal)
	loaded, err := config.Load[Settings](config.Options{Environ: []string{"TRELLIS_CONFIG_DIR=" + dir}})
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(dir, "default.yaml")}, loaded.Files)
}

func TestTheFolderConfigsGoesBeforeTheEmbeddedCopy(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("configs", 0o700))
	require.NoError(t, os.WriteFile("configs/default.yaml", []byte(minimal), 0o600))
	loaded := ok(t, "http: {addr: embedded:1}")
	assert.Equal(t, "configs/default.yaml:2", origin(t, loaded, "http.addr"))
}

func TestTheEmbeddedCopyServesWhereNoFolderIs(t *testing.T) {
	t.Chdir(t.TempDir())
	loaded := ok(t, minimal)
	assert.Equal(t, "embedded configs/default.yaml:2", origin(t, loaded, "http.addr"))
	assert.Empty(t, loaded.Files)
}

func TestAMissingDefaultIsAnErrorThatNamesTheFolder(t *testing.T) {
	dir := t.TempDir()
	_, err := config.Load[Settings](config.Options{Dir: dir, Embedded: embedded(minimal)})
	assert.Equal(t, []string{"folder " + dir + ": has no default.yaml"}, lines(t, err))
	_, err = config.Load[Settings](config.Options{Environ: []string{"TRELLIS_CONFIG_DIR=" + dir}})
	assert.Equal(t, []string{"folder " + dir + " (TRELLIS_CONFIG_DIR): has no default.yaml"}, lines(t, err))
	t.Chdir(dir)
	_, err = config.Load[Settings](config.Options{})
	assert.Equal(t, []string{"folder configs: has no default.yaml"}, lines(t, err))
}

func TestAFileThatCannotBeReadIsAnError(t *testing.T) {
	for _, name := range []string{"default.yaml", "development.yaml"} {
		dir := folder(t, "default.yaml", minimal)
		_ = os.Remove(filepath.Join(dir, name))
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
		_, err := config.Load[Settings](config.Options{Dir: dir})
		assert.Equal(t, []string{filepath.Join(dir, name) + ": cannot be read: is a directory"}, lines(t, err))
	}
}

func TestFlagsNameKeys(t *testing.T) {
	loaded, err := config.Load[Settings](config.Options{Embedded: embedded(minimal), Flags: map[string]string{
		"databases.reports.driver": "mysql", "databases.reports.dsn": "u@tcp(h)/d", "http.trusted_proxies": "a,b",
	}})
	require.NoError(t, err)
	assert.Equal(t, config.DSN("u@tcp(h)/d"), loaded.Value.Databases["reports"].DSN)
	assert.Equal(t, []string{"a", "b"}, loaded.Value.HTTP.TrustedProxies)
}

func TestFlagsThatNameNoValueAreRefused(t *testing.T) {
	_, err := config.Load[Settings](config.Options{Embedded: embedded(minimal), Flags: map[string]string{
		"http": "x", "htp.addr": "x", "http.addr.x": "x", "log.sinks": "x", "log.sinks[0].format": "json", "http.workers": "many",
	}})
	assert.Equal(t, []string{
		"flag: htp.addr is not a known key: did you mean http.addr?",
		"flag: http is a section: name one of its keys",
		"flag: http.addr.x is not a known key",
		`flag: http.workers must be a whole number, got "many"`,
		"flag: log.sinks is a list of sections: set it in a file",
		"flag: log.sinks[0].format is part of a list: set it in a file",
	}, lines(t, err))
}

func TestAllErrorsOfAllLayersAreReportedAtOnceInOrder(t *testing.T) {
	dir := folder(t,
		"default.yaml", "http:\n  addr: nonsense\n  workers: many\n  adr: x\n",
		"production.yaml", "log:\n  levl: debug\nhttp:\n  max_body: 2MiB\n")
	_, err := config.Load[Settings](config.Options{
		Dir: dir, Environment: "production",
		Environ: []string{"TRELLIS_HTTP_RATIO=half", "TRELLIS_HTTP_WORKER=1"},
		Flags:   map[string]string{"http.debug": "maybe"},
	})
	assert.Equal(t, []string{
		dir + `/default.yaml:2: http.addr must be a host and port, such as localhost:8000 or :8000, got "nonsense"`,
		dir + `/default.yaml:3: http.workers must be a whole number, got "many"`,
		dir + `/default.yaml:4: http.adr is not a known key: did you mean http.addr?`,
		dir + `/production.yaml:2: log.levl is not a known key: did you mean log.level?`,
		dir + `/production.yaml:4: http.max_body must be at most 1MiB, got "2MiB"`,
		`environment variable TRELLIS_HTTP_RATIO: http.ratio must be a number, got "half"`,
		`environment variable TRELLIS_HTTP_WORKER: is not a known variable: did you mean TRELLIS_HTTP_WORKERS?`,
		`flag: http.debug must be true or false, got "maybe"`,
	}, lines(t, err))
}

func TestErrorsOfAFileAreInTheOrderOfItsLines(t *testing.T) {
	assert.Equal(t, []string{at + "2: http.a is not a known key", at + "11: http.b is not a known key", "not set: http.addr is required"},
		wrong(t, "http:\n  a: 1\n"+"\n\n\n\n\n\n\n\n"+"  b: 1\n"))
}
