package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
)

// foreignRule begins a rule in the words of another package.
const foreignRule = "cannot be read: "

// mismatch says why a raw value is none of the type that its key has.
type mismatch struct {
	rule    string
	value   string // the part that is wrong
	foreign bool   // the rule may quote the value
}

func (m *mismatch) Error() string { return m.rule }

// decodeLeaf makes a value of the leaf's type. In text, which comes from a variable or flag, commas separate a list.
func decodeLeaf(n *node, raw any, text bool) (any, error) {
	value := reflect.New(n.typ)
	if err := decodeInto(value.Interface(), raw, text); err != nil {
		return nil, err
	}
	return value.Elem().Interface(), nil
}

// decodeInto fills what target points to.
func decodeInto(target, raw any, text bool) error {
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result:       target,
		DecodeHook:   hook(text),
		MapFieldName: snake,
		MatchName:    func(key, field string) bool { return key == field },
	})
	if err != nil {
		return err
	}
	return decoder.Decode(raw)
}

// hook converts a raw value before mapstructure, which by itself cuts numbers off that do not fit, takes a duration without a
// unit as nanoseconds, and reads the numbers of types that have a text form.
func hook(text bool) mapstructure.DecodeHookFuncValue {
	return func(from, to reflect.Value) (any, error) {
		t := to.Type()
		if from.Type() == t || !isLeaf(t) || t.Kind() == reflect.Pointer {
			return from.Interface(), nil
		}
		if t.Kind() == reflect.Slice && !isText(t) {
			return elements(from, text)
		}
		if from.Kind() == reflect.Slice || from.Kind() == reflect.Map {
			return nil, &mismatch{rule: "must be a single value", value: plain(from.Interface())}
		}
		value := reflect.New(t)
		err := scalar(value, from)
		return value.Elem().Interface(), err
	}
}

func elements(from reflect.Value, text bool) (any, error) {
	if text && from.Kind() == reflect.String {
		parts := []string{}
		for part := range strings.SplitSeq(from.String(), ",") {
			if part = strings.TrimSpace(part); part != "" {
				parts = append(parts, part)
			}
		}
		return parts, nil
	}
	if from.Kind() != reflect.Slice {
		return nil, &mismatch{rule: "must be a list", value: plain(from.Interface())}
	}
	for i := range from.Len() {
		if item := from.Index(i); item.Kind() == reflect.Interface && item.IsNil() {
			return nil, &mismatch{rule: "must not have an empty element"}
		}
	}
	return from.Interface(), nil
}

// scalar sets what value points to.
func scalar(value, from reflect.Value) error {
	target, raw := value.Elem(), plain(from.Interface())
	wrong := func(rule string) error { return &mismatch{rule: rule, value: raw} }
	switch t := target.Type(); {
	case t == reflect.TypeFor[time.Time]():
		at, err := instant(raw)
		if err != nil {
			return wrong("must be a date or time, such as 2026-01-31 or 2026-01-31T08:00:00Z")
		}
		target.Set(reflect.ValueOf(at))
	case t == reflect.TypeFor[time.Duration]():
		d, err := time.ParseDuration(raw)
		if err != nil {
			return wrong("must be a duration with a unit, such as 500ms, 30s or 24h")
		}
		target.SetInt(int64(d))
	case isText(t):
		if err := value.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(raw)); err != nil {
			return &mismatch{rule: foreignRule + err.Error(), value: raw, foreign: true}
		}
	case t.Kind() == reflect.String:
		if from.Kind() != reflect.String {
			return wrong("must be a text: put it in quotes")
		}
		target.SetString(raw)
	case t.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(raw)
		if err != nil || from.Kind() != reflect.Bool && from.Kind() != reflect.String {
			return wrong("must be true or false")
		}
		target.SetBool(b)
	default:
		return number(target, raw, wrong)
	}
	return nil
}

func number(target reflect.Value, raw string, wrong func(rule string) error) error {
	bits := target.Type().Bits()
	switch {
	case target.CanInt():
		n, err := strconv.ParseInt(raw, 10, bits)
		if errors.Is(err, strconv.ErrRange) {
			return wrong(fmt.Sprintf("must fit into %d bits", bits))
		} else if err != nil {
			return wrong("must be a whole number")
		}
		target.SetInt(n)
	case target.CanUint():
		n, err := strconv.ParseUint(raw, 10, bits)
		if errors.Is(err, strconv.ErrRange) {
			return wrong(fmt.Sprintf("must fit into %d bits", bits))
		} else if err != nil {
			return wrong("must be a whole number, not negative")
		}
		target.SetUint(n)
	default:
		x, err := strconv.ParseFloat(raw, bits)
		if err != nil {
			return wrong("must be a number")
		}
		target.SetFloat(x)
	}
	return nil
}

func instant(raw string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, raw)
	if err != nil {
		at, err = time.Parse(time.DateOnly, raw)
	}
	return at, err
}

// within is the map under a key.
func within(settings map[string]any, key string) map[string]any {
	for part := range strings.SplitSeq(key, ".") {
		settings, _ = settings[part].(map[string]any)
	}
	return settings
}
