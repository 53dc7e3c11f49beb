package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
)

const at = "embedded configs/default.yaml:"

func TestYAMLBecomesTypedValues(t *testing.T) {
	value := ok(t, `
region: north
http:
  addr: ":8000"
  request_timeout: 1m30s
  trusted_proxies: [10.0.0.0/8, "::1"]
  max_body: 64KiB
  workers: 4
  ratio: 0.5
  debug: true
log:
  sinks:
    - format: json
      every: 5s
    - {format: text, token: abc}
auth: {key: hush, since: 2026-01-31}
databases:
  primary: {driver: sqlite, dsn: data/trellis.db}
labels: {team: blue}
`).Value
	assert.Equal(t, "north", value.Region)
	assert.Equal(t, ":8000", value.HTTP.Addr)
	assert.Equal(t, 90*time.Second, value.HTTP.RequestTimeout)
	assert.Equal(t, []string{"10.0.0.0/8", "::1"}, value.HTTP.TrustedProxies)
	assert.Equal(t, 64*config.KiB, value.HTTP.MaxBody)
	assert.Equal(t, int8(4), value.HTTP.Workers)
	assert.InDelta(t, 0.5, value.HTTP.Ratio, 0)
	assert.True(t, value.HTTP.Debug)
	assert.Equal(t, []Sink{{Format: "json", Every: 5 * time.Second}, {Format: "text", Token: "abc"}}, value.Log.Sinks)
	assert.Equal(t, config.Secret("hush"), value.Auth.Key)
	assert.Equal(t, time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC), value.Auth.Since)
	assert.Equal(t, map[string]Database{"primary": {Driver: "sqlite", DSN: "data/trellis.db"}}, value.Databases)
	assert.Equal(t, map[string]string{"team": "blue"}, value.Labels)
}

func TestValuesOfTheWrongTypeAreRefused(t *testing.T) {
	cases := []struct{ yaml, want string }{
		{"workers: abc", `http.workers must be a whole number, got "abc"`},
		{"workers: 1.5", `http.workers must be a whole number, got "1.5"`},
		{"workers: 300", `http.workers must fit into 8 bits, got "300"`},
		{"workers: [1]", `http.workers must be a single value, got "[1]"`},
		{"workers: {a: 1}", `http.workers must be a value, not a section`},
		{"ratio: half", `http.ratio must be a number, got "half"`},
		{"debug: 1", `http.debug must be true or false, got "1"`},
		{"debug: yes", `http.debug must be true or false, got "yes"`},
		{"addr: 8000", `http.addr must be a text: put it in quotes, got "8000"`},
		{"request_timeout: 30", `http.request_timeout must be a duration with a unit, such as 500ms, 30s or 24h, got "30"`},
		{"trusted_proxies: 10.0.0.0/8", `http.trusted_proxies must be a list, got "10.0.0.0/8"`},
		{"trusted_proxies: [a, 1]", `http.trusted_proxies must be a text: put it in quotes, got "1"`},
		{"trusted_proxies: [a, ]\n  max_body: -5", `cannot be read: "-5" is not a size`},
		{"trusted_proxies: [a, null]", `http.trusted_proxies must not have an empty element`},
		{"request_timeout:", `http.request_timeout has no value: write one ("" is the empty text) or leave the key out`},
		{"workers: !!int hush", `http.workers cannot be read: the value contradicts its YAML tag`},
	}
	for _, c := range cases {
		t.Run(c.yaml, func(t *testing.T) {
			yaml := "http:\n  " + c.yaml + "\n"
			if c.yaml[:4] != "addr" {
				yaml = minimal + "  " + c.yaml + "\n"
			}
			found := wrong(t, yaml)
			require.Len(t, found, 1)
			assert.Contains(t, found[0], c.want)
			assert.Contains(t, found[0], at)
		})
	}
}

func TestSectionsAndListsMustBeSuch(t *testing.T) {
	assert.Equal(t, []string{
		at + "3: auth must be a section of keys",
		at + "4: databases must be a section of keys",
		at + "6: log.sinks must be a list of sections",
	}, wrong(t, minimal+"auth: hush\ndatabases: [a]\nlog:\n  sinks: {a: b}\n"))
}

func TestADateMustBeOne(t *testing.T) {
	assert.Equal(t, []string{
		at + `3: auth.since must be a date or time, such as 2026-01-31 or 2026-01-31T08:00:00Z, got "soon"`,
	}, wrong(t, minimal+"auth: {since: soon}"))
}

func TestAnEmptySectionSetsNothing(t *testing.T) {
	assert.Empty(t, ok(t, minimal+"auth:\ndatabases:\n").Value.Databases)
}

func TestUnknownKeysAreRefusedWithTheNearestKnownOne(t *testing.T) {
	cases := []struct{ name, yaml, want string }{
		{"misspelled", "  worker: 1", "3: http.worker is not a known key: did you mean http.workers?"},
		{"section", "loging: {level: x}", "3: loging is not a known key"},
		{"near section", "logs: {level: x}", "3: logs is not a known key: did you mean log?"},
		{"misplaced", "request_timeout: 1s", "3: request_timeout is not a known key: did you mean http.request_timeout?"},
		{"in a table", "databases:\n  primary: {drivr: sqlite}", "4: databases.primary.drivr is not a known key: did you mean databases.primary.driver?"},
		{"far from all", "  zebra: 1", "3: http.zebra is not a known key"},
		{"in another case", "  Workers: 1", "3: http.Workers is not a known key: did you mean http.workers?"},
		{"with a dot", "http.workers: 1", "3: http.workers is not a known key"},
		{"in a list", "log: {sinks: [{format: json, formt: x}]}", "3: log.sinks[0].formt is not a known key: did you mean log.sinks[0].format?"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			assert.Contains(t, wrong(t, minimal+c.yaml+"\n"), at+c.want)
		})
	}
}

func TestAnEntryNeedsAProperName(t *testing.T) {
	assert.Equal(t, []string{
		at + "3: databases.Read-Only is not a name: use a to z, 0 to 9 and _, and begin with a letter",
	}, wrong(t, minimal+"databases: {Read-Only: {driver: sqlite}}"))
}

func TestAnEntryWithoutKeysIsThereForItsRules(t *testing.T) {
	assert.Equal(t, []string{at + "4: databases.reports.driver must be one of sqlite, mysql"},
		wrong(t, minimal+"databases:\n  reports:\n"))
}

func TestAKeyGivenTwiceIsRefused(t *testing.T) {
	assert.Equal(t, []string{at + "3: http.addr is given twice: first in line 2"}, wrong(t, minimal+"  addr: other:1\n"))
}

func TestMergeKeysAreRefused(t *testing.T) {
	assert.Equal(t, []string{at + "4: databases.b.<< is not read: repeat the keys instead of merging them"},
		wrong(t, "http: {addr: 'h:1'}\ndatabases:\n  a: &a {driver: sqlite}\n  b: {driver: mysql, dsn: x, <<: *a}\n"))
}

func TestAliasesStandForTheirAnchor(t *testing.T) {
	value := ok(t, minimal+"databases:\n  a: &a {driver: sqlite}\n  b: *a\n").Value
	assert.Equal(t, "sqlite", value.Databases["b"].Driver)
}

func TestMalformedYAMLIsReportedWithItsLine(t *testing.T) {
	found := wrong(t, "http:\n  addr: [\n")
	require.Len(t, found, 1)
	assert.Regexp(t, `^embedded configs/default\.yaml:\d: is not YAML: `, found[0])
}

func TestMalformedYAMLWithoutALineNamesTheFile(t *testing.T) {
	found := wrong(t, "http: \x00\n")
	require.Len(t, found, 1)
	assert.Contains(t, found[0], "embedded configs/default.yaml: is not YAML: ")
}

func TestASecondDocumentIsRefused(t *testing.T) {
	assert.Equal(t, []string{at + "3: begins a second document: a file holds one"}, wrong(t, minimal+"---\nlog: {}\n"))
	assert.NotContains(t, wrong(t, minimal+"password: *hunter2\n")[0], "hunter2")
	assert.Contains(t, wrong(t, minimal+"---\nlog: [\n")[0], "is not YAML")
}

func TestAFileOfCommentsIsEmpty(t *testing.T) {
	value := ok(t, "# nothing yet\n", "TRELLIS_HTTP_ADDR=h:1").Value
	assert.Equal(t, "h:1", value.HTTP.Addr)
	assert.Equal(t, "h:1", ok(t, "", "TRELLIS_HTTP_ADDR=h:1").Value.HTTP.Addr)
}

func TestAFileMustHoldASection(t *testing.T) {
	assert.Contains(t, wrong(t, "- a\n")[0], "embedded configs/default.yaml:1: must be a section of keys")
}

func TestAListReplacesTheOneOfTheLayerBefore(t *testing.T) {
	dir := folder(t,
		"default.yaml", minimal+"log:\n  sinks:\n    - format: json\n      every: 1s\n    - format: text\n",
		"test.yaml", "log:\n  sinks:\n    - format: text\n")
	loaded, err := config.Load[Settings](config.Options{Dir: dir, Environment: "test"})
	require.NoError(t, err)
	assert.Equal(t, []Sink{{Format: "text"}}, loaded.Value.Log.Sinks)
	assert.Equal(t, dir+"/test.yaml:3", origin(t, *loaded, "log.sinks[0].format"))
	assert.Equal(t, "built-in", origin(t, *loaded, "log.sinks[0].every"))
}

func TestAMistakeInAListIsReportedOnce(t *testing.T) {
	assert.Equal(t, []string{
		at + `5: log.sinks[0].every must be a duration with a unit, such as 500ms, 30s or 24h, got "x"`,
	}, wrong(t, minimal+"log:\n  sinks:\n    - every: x\n"))
}

func TestAnEmptyElementOfAListOfSectionsIsJudgedByItsRules(t *testing.T) {
	assert.Equal(t, []string{at + "5: log.sinks[0].format is required"}, wrong(t, minimal+"log:\n  sinks:\n    - {}\n"))
}
