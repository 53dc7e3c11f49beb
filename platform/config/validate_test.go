package config_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/config"
)

func TestABrokenRuleNamesKeyValueRuleAndSource(t *testing.T) {
	_, err := load(minimal + "databases:\n  primary:\n    driver: oracl\n")
	var typed *config.Error
	require.ErrorAs(t, err, &typed)
	require.Len(t, typed.Items, 1)
	item := typed.Items[0]
	assert.Equal(t, "databases.primary.driver", item.Key)
	assert.Equal(t, "oracl", item.Value)
	assert.Equal(t, "must be one of sqlite, mysql", item.Rule)
	assert.Equal(t, "embedded configs/default.yaml:5", item.Source)
}

func TestARequiredValueThatNothingSets(t *testing.T) {
	assert.Equal(t, []string{"not set: http.addr is required"}, wrong(t, ""))
}

func TestABrokenRuleOfAVariable(t *testing.T) {
	assert.Equal(t, []string{
		`environment variable TRELLIS_DATABASES_X_MAX_OPEN: databases.x.max_open must be at most 100, got "101"`,
	}, wrong(t, minimal+"databases: {x: {driver: sqlite}}", "TRELLIS_DATABASES_X_MAX_OPEN=101"))
}

func TestAValueOfTheWrongTypeIsNotAlsoMissing(t *testing.T) {
	assert.Equal(t, []string{at + `2: http.addr must be a text: put it in quotes, got "1"`}, wrong(t, "http:\n  addr: 1\n"))
}

func TestRulesAreNotAppliedWhenAFileCannotBeRead(t *testing.T) {
	assert.Len(t, wrong(t, "http: [", "TRELLIS_HTTP_MAX_BODY=2MiB"), 1)
}

func TestASectionMayNameTheKeyItObjectsTo(t *testing.T) {
	assert.Equal(t, []string{at + "4: databases.primary.dsn is required for mysql"},
		wrong(t, minimal+"databases:\n  primary:\n    driver: mysql\n"))
}

func TestASectionThatCannotBeReadIsNotAskedForItsOpinion(t *testing.T) {
	assert.Equal(t, []string{at + "3: databases.primary.dsn must be a text: put it in quotes, got [hidden]"},
		wrong(t, minimal+"databases: {primary: {driver: mysql, dsn: 123}}"))
}

// Opinion is a section whose rules are code.
type Opinion struct {
	Name   string
	Secret string
}

func (o Opinion) Validate() error {
	switch o.Name {
	case "joined":
		return errors.Join(errors.New("one"), errors.New("two"))
	case "typed":
		return fmt.Errorf("wrapped: %w", &config.Error{Items: []config.Item{{Key: "secret", Value: o.Secret, Rule: "is weak"}}})
	case "whole":
		return &config.Error{Items: []config.Item{{Rule: "has\ntwo lines"}}}
	case "":
		return nil
	}
	return errors.New("plain")
}

type opinions struct {
	Opinion `mapstructure:",squash"`
	Inner   Opinion
	Pointer *Opinion
	Many    []Opinion
}

func TestTheErrorOfASectionIsReportedUnderItsKey(t *testing.T) {
	cases := []struct {
		yaml string
		want []string
	}{
		{"inner: {name: x}", []string{"not set: inner is not valid: plain"}},
		{"pointer: {name: x}", []string{"not set: pointer is not valid: plain"}},
		{"many:\n- {name: ''}\n- {name: x}", []string{at + "3: many[1] is not valid: plain"}},
		{"inner: {name: joined}", []string{"not set: inner is not valid: one", "not set: inner is not valid: two"}},
		{"inner:\n  name: typed\n  secret: hush", []string{at + "3: inner.secret is weak, got [hidden]"}},
		{"inner: {name: whole}", []string{"not set: inner has two lines"}},
		{"name: x", []string{"not set: is not valid: plain"}},
	}
	for _, c := range cases {
		t.Run(c.yaml, func(t *testing.T) {
			_, err := config.Load[opinions](config.Options{Embedded: embedded(c.yaml)})
			assert.Equal(t, c.want, lines(t, err))
		})
	}
}

// rules has one field for each way to put a rule into words.
type rules struct {
	Min      int           `validate:"min=1"`
	Max      uint8         `validate:"max=9"`
	Less     float64       `validate:"lt=0.5"`
	More     time.Duration `validate:"gt=1s"`
	Size     config.Size   `validate:"max=2048"`
	Long     string        `validate:"omitempty,min=3"`
	Exact    string        `validate:"omitempty,len=1"`
	List     []string      `validate:"max=1,unique"`
	Each     []string      `validate:"dive,ip"`
	Email    string        `validate:"omitempty,email"`
	URL      string        `validate:"omitempty,url"`
	Either   string        `validate:"omitempty,ip|hostname"`
	Begin    string        `validate:"omitempty,startswith=/"`
	End      string        `validate:"omitempty,endswith=/"`
	Has      string        `validate:"omitempty,contains=x"`
	Lacks    string        `validate:"excludes=y"`
	Alpha    string        `validate:"omitempty,alpha"`
	Lower    int           `validate:"ltefield=Upper"`
	Upper    int           `validate:"ne=13"`
	Equal    string        `validate:"omitempty,eq=on"`
	Driver   string
	DSN      string            `validate:"required_if=Driver mysql,excluded_unless=Driver mysql"`
	Cert     string            `validate:"required_with=CertKey"`
	CertKey  int               `validate:"required_without_all=Driver Min"`
	Tables   map[string]string `validate:"max=1"`
	Optional *int              `validate:"omitempty,min=1"`
	Multiple int               `validate:"excluded_if=Min 7"`
	File     string            `validate:"omitempty,file"`
}

func TestRulesAreToldInWords(t *testing.T) {
	const valid = "min: 1\nmore: 2s\n"
	cases := []struct{ yaml, want string }{
		{"min: 0\nmore: 2s\ndriver: x", `1: min must be at least 1, got "0"`},
		{valid + "max: 10", `3: max must be at most 9, got "10"`},
		{valid + "max: 256", `3: max must fit into 8 bits, got "256"`},
		{valid + "max: -1", `3: max must be a whole number, not negative, got "-1"`},
		{valid + "less: 0.5", `3: less must be less than 0.5, got "0.5"`},
		{"min: 1\nmore: 1s", `2: more must be more than 1s, got "1s"`},
		{valid + "size: 3KiB", `3: size must be at most 2KiB, got "3KiB"`},
		{valid + "long: ab", `3: long must have at least 3 characters, got "ab"`},
		{valid + "exact: ab", `3: exact must have exactly 1 character, got "ab"`},
		{valid + "list: [a, b]", `3: list must have at most 1 entry, got "[a, b]"`},
		{valid + "each: ['::1', b]", `3: each[1] must be an IP address, got "b"`},
		{valid + "email: a", `3: email must be an e-mail address, got "a"`},
		{valid + "url: a", `3: url must be a URL, got "a"`},
		{valid + "either: '-'", `3: either must be an IP address or must be a host name, got "-"`},
		{valid + "begin: a", `3: begin must begin with /, got "a"`},
		{valid + "end: a", `3: end must end with /, got "a"`},
		{valid + "has: a", `3: has must contain x, got "a"`},
		{valid + "lacks: y", `3: lacks must not contain y, got "y"`},
		{valid + "alpha: '1'", `3: alpha must satisfy the rule alpha, got "1"`},
		{valid + "lower: 1", `3: lower must be at most upper, got "1"`},
		{valid + "upper: 13", `3: upper must not be 13, got "13"`},
		{valid + "equal: off", `3: equal must be on, got "off"`},
		{valid + "driver: mysql", `not set: dsn is required if driver is mysql`},
		{valid + "dsn: x", `3: dsn must not be set unless driver is mysql, got "x"`},
		{valid + "cert_key: 1", `not set: cert is required with cert_key`},
		{"min: 0\nmore: 2s", `not set: cert_key is required without driver and min`},
		{valid + "tables: {a: b, c: d}", `not set: tables must have at most 1 entry`},
		{valid + "optional: 0", `3: optional must be at least 1, got "0"`},
		{"min: 7\nmore: 2s\nmultiple: 1", `3: multiple must not be set if min is 7, got "1"`},
		{valid + "file: /nowhere", `3: file must be an existing file, got "/nowhere"`},
	}
	for _, c := range cases {
		t.Run(c.want, func(t *testing.T) {
			_, err := config.Load[rules](config.Options{Embedded: embedded(c.yaml)})
			found := lines(t, err)
			want := c.want
			if want[0] != 'n' {
				want = at + want
			}
			assert.Contains(t, found, want)
		})
	}
}

func TestFormsAreToldInWords(t *testing.T) {
	type forms struct {
		A string `validate:"uri"`
		B string `validate:"fqdn"`
		C uint   `validate:"port"`
		D string `validate:"cidr"`
		E string `validate:"dir"`
		F string `validate:"base64"`
		G string `validate:"hexadecimal"`
		H string `validate:"uuid"`
		I string `validate:"timezone"`
		J string `validate:"alphanum|eq=-"`
	}
	_, err := config.Load[forms](config.Options{Embedded: embedded("")})
	assert.Equal(t, []string{
		"not set: a must be a URI",
		"not set: b must be a full host name",
		"not set: c must be a port, 1 to 65535, got \"0\"",
		"not set: d must be a network, such as 10.0.0.0/8",
		"not set: e must be an existing folder",
		"not set: f must be base64",
		"not set: g must be hexadecimal",
		"not set: h must be a UUID",
		"not set: i must be a time zone, such as Europe/Berlin",
		"not set: j must satisfy the rule alphanum or must be -",
	}, lines(t, err))
}
