package config_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
)

func TestVariablesBecomeTypedValues(t *testing.T) {
	loaded := ok(t, minimal,
		"TRELLIS_REGION=north", "TRELLIS_HTTP_ADDR=:9000", "TRELLIS_HTTP_REQUEST_TIMEOUT=2s", "TRELLIS_HTTP_MAX_BODY=1KiB",
		"TRELLIS_HTTP_WORKERS=7", "TRELLIS_HTTP_RATIO=0.25", "TRELLIS_HTTP_DEBUG=true",
		"TRELLIS_AUTH_SINCE=2026-01-31T08:00:00Z", "TRELLIS_AUTH_KEY=a=b")
	value := loaded.Value
	assert.Equal(t, "north", value.Region)
	assert.Equal(t, ":9000", value.HTTP.Addr)
	assert.Equal(t, 2*time.Second, value.HTTP.RequestTimeout)
	assert.Equal(t, config.KiB, value.HTTP.MaxBody)
	assert.Equal(t, int8(7), value.HTTP.Workers)
	assert.InDelta(t, 0.25, value.HTTP.Ratio, 0)
	assert.True(t, value.HTTP.Debug)
	assert.Equal(t, time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC), value.Auth.Since)
	assert.Equal(t, "a=b", value.Auth.Key.Reveal())
}

func TestCommasSeparateAListInAVariable(t *testing.T) {
	assert.Equal(t, []string{"a", "b"}, ok(t, minimal, "TRELLIS_HTTP_TRUSTED_PROXIES=a, b,").Value.HTTP.TrustedProxies)
}

func TestAnEmptyVariableEmptiesAList(t *testing.T) {
	loaded := ok(t, minimal+"  trusted_proxies: [a]\n", "TRELLIS_HTTP_TRUSTED_PROXIES=")
	assert.Empty(t, loaded.Value.HTTP.TrustedProxies)
}

func TestTheLastOfAVariableCounts(t *testing.T) {
	assert.Equal(t, "b", ok(t, minimal, "TRELLIS_REGION=a", "TRELLIS_REGION=b").Value.Region)
}

func TestAVariableMaySetAnEntryThatNoFileMentions(t *testing.T) {
	value := ok(t, minimal, "TRELLIS_DATABASES_REPORTS_DRIVER=mysql", "TRELLIS_DATABASES_REPORTS_DSN=u@tcp(h)/d").Value
	assert.Equal(t, map[string]Database{"reports": {Driver: "mysql", DSN: "u@tcp(h)/d"}}, value.Databases)
}

func TestAVariableMaySetAnEntryWithAnUnderscore(t *testing.T) {
	value := ok(t, minimal, "TRELLIS_DATABASES_READ_ONLY_DRIVER=sqlite", "TRELLIS_DATABASES_READ_ONLY_MAX_OPEN=3").Value
	assert.Equal(t, map[string]Database{"read_only": {Driver: "sqlite", MaxOpen: 3}}, value.Databases)
}

func TestAVariableMaySetAnEntryOfATableOfValues(t *testing.T) {
	assert.Equal(t, map[string]string{"cost_centre": "7"}, ok(t, minimal, "TRELLIS_LABELS_COST_CENTRE=7").Value.Labels)
}

func TestOtherVariablesAreIgnored(t *testing.T) {
	ok(t, minimal,
		"HOME=/root", "TRELLIS", "TRELLIS_ENV=test", "TRELLIS_CONFIG_DIR=", "TRELLIS_TEST_MYSQL_DSN=x",
		"TRELLIS_SERVICE_HOST=10.0.0.1", "TRELLIS_SERVICE_PORT=80", "TRELLIS_SERVICE_PORT_HTTP=80",
		"TRELLIS_PORT=tcp://10.0.0.1:80", "TRELLIS_PORT_80_TCP=tcp://10.0.0.1:80", "TRELLIS_PORT_80_TCP_ADDR=10.0.0.1")
}

func TestServicesNamedLikeUsAreIgnored(t *testing.T) {
	ok(t, minimal,
		"TRELLIS_REDIS_SERVICE_HOST=10.0.0.1", "TRELLIS_REDIS_SERVICE_PORT=6379", "TRELLIS_REDIS_SERVICE_PORT_REDIS=6379",
		"TRELLIS_REDIS_PORT=tcp://10.0.0.1:6379", "TRELLIS_REDIS_PORT_6379_TCP_PROTO=tcp")
}

func TestUnknownVariablesAreRefusedWithTheNearestKnownOne(t *testing.T) {
	cases := []struct{ name, want string }{
		{"TRELLIS_HTTP_ADR", ": did you mean TRELLIS_HTTP_ADDR?"},
		{"TRELLIS_HTTP_ADR_FILE", ": did you mean TRELLIS_HTTP_ADDR_FILE?"},
		{"TRELLIS_DATABASES_PRIMARY_DNS", ": did you mean TRELLIS_DATABASES_PRIMARY_DSN?"},
		{"TRELLIS_http_addr", ""},
		{"TRELLIS_HTTP", ""},
		{"TRELLIS_ZEBRA", ""},
		{"TRELLIS_REDIS_PORT", ""},
		{"TRELLIS_PORT", ""},
		{"TRELLIS_MIGRATE_AUTO", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			found := wrong(t, minimal+"databases: {primary: {driver: sqlite}}", c.name+"=hush")
			assert.Equal(t, []string{"environment variable " + c.name + ": is not a known variable" + c.want}, found)
		})
	}
}

func TestAVariableMayNameAFileWithTheValue(t *testing.T) {
	path := filepath.Join(folder(t, "key", " hush \r\n"), "key")
	loaded := ok(t, minimal, "TRELLIS_AUTH_KEY_FILE="+path)
	assert.Equal(t, " hush ", loaded.Value.Auth.Key.Reveal())
	assert.Equal(t, "file "+path+" (TRELLIS_AUTH_KEY_FILE)", origin(t, loaded, "auth.key"))
}

func TestOneNewlineIsCutFromAMountedFile(t *testing.T) {
	path := filepath.Join(folder(t, "key", "hush\n\n"), "key")
	assert.Equal(t, "hush\n", ok(t, minimal, "TRELLIS_AUTH_KEY_FILE="+path).Value.Auth.Key.Reveal())
}

func TestAVariableAndItsFileAreNotBothSet(t *testing.T) {
	path := filepath.Join(folder(t, "key", "hush"), "key")
	found := wrong(t, minimal, "TRELLIS_AUTH_KEY=hush", "TRELLIS_AUTH_KEY_FILE="+path)
	assert.Equal(t, []string{
		"environment variable TRELLIS_AUTH_KEY_FILE: auth.key is set by TRELLIS_AUTH_KEY and by TRELLIS_AUTH_KEY_FILE: set one of them",
	}, found)
}

func TestAMountedFileThatCannotBeReadIsAnError(t *testing.T) {
	assert.Equal(t, []string{
		"environment variable TRELLIS_AUTH_KEY_FILE: auth.key cannot be read from the file /nowhere/key: no such file or directory",
	}, wrong(t, minimal, "TRELLIS_AUTH_KEY_FILE=/nowhere/key"))
}

func TestTheContentOfAMountedFileIsInNoError(t *testing.T) {
	dir := folder(t, "value", "hush")
	for _, name := range []string{"HTTP_WORKERS", "HTTP_MAX_BODY", "HTTP_ADDR"} {
		found := wrong(t, minimal, "TRELLIS_"+name+"_FILE="+filepath.Join(dir, "value"))
		require.Len(t, found, 1)
		assert.NotContains(t, found[0], "hush")
		assert.Contains(t, found[0], ", got [hidden]")
		assert.Contains(t, found[0], "file "+dir+"/value (TRELLIS_"+name+"_FILE): ")
	}
}

// Shards has keys whose variables can be read in two ways.
type Shards struct {
	Shards map[string]Shard
	Log    struct{ Out, OutFile string }
}

type Shard struct{ DSN, ReplicaDSN, File string }

func loadShards(yaml string, environ ...string) (*config.Loaded[Shards], error) {
	return config.Load[Shards](config.Options{Embedded: embedded(yaml), Environ: environ})
}

func TestAVariableOfTwoReadingsMeansTheEntryThatExists(t *testing.T) {
	loaded, err := loadShards("shards: {a_replica: {dsn: x}}", "TRELLIS_SHARDS_A_REPLICA_DSN=y")
	require.NoError(t, err)
	assert.Equal(t, map[string]Shard{"a_replica": {DSN: "y"}}, loaded.Value.Shards)
}

func TestAnEntryOfAFlagExistsForVariables(t *testing.T) {
	loaded, err := config.Load[Shards](config.Options{
		Embedded: embedded(""), Environ: []string{"TRELLIS_SHARDS_A_REPLICA_DSN=y"},
		Flags: map[string]string{"shards.a_replica.file": "z"},
	})
	require.NoError(t, err)
	assert.Equal(t, map[string]Shard{"a_replica": {DSN: "y", File: "z"}}, loaded.Value.Shards)
}

func TestAVariableOfTwoReadingsMeansTheShortestNameWhenNoneExists(t *testing.T) {
	loaded, err := loadShards("", "TRELLIS_SHARDS_A_REPLICA_DSN=y")
	require.NoError(t, err)
	assert.Equal(t, map[string]Shard{"a": {ReplicaDSN: "y"}}, loaded.Value.Shards)
}

func TestAVariableOfTwoReadingsIsRefusedWhenBothExist(t *testing.T) {
	_, err := loadShards("shards: {a: {dsn: x}, a_replica: {dsn: x}}", "TRELLIS_SHARDS_A_REPLICA_DSN=y")
	assert.Equal(t, []string{
		"environment variable TRELLIS_SHARDS_A_REPLICA_DSN: shards.a.replica_dsn may be meant, or shards.a_replica.dsn: set it in a file",
	}, lines(t, err))
}

func TestAKeyThatEndsInFileGoesBeforeTheFileOfAnother(t *testing.T) {
	loaded, err := loadShards("", "TRELLIS_LOG_OUT_FILE=/nowhere")
	require.NoError(t, err)
	assert.Equal(t, "/nowhere", loaded.Value.Log.OutFile)
}

func TestTheFileOfAnEntryThatExistsGoesBeforeANewEntry(t *testing.T) {
	path := filepath.Join(folder(t, "dsn", "y"), "dsn")
	loaded, err := loadShards("shards: {a: {dsn: x}}", "TRELLIS_SHARDS_A_DSN_FILE="+path)
	require.NoError(t, err)
	assert.Equal(t, map[string]Shard{"a": {DSN: "y"}}, loaded.Value.Shards)
}
