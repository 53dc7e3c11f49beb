package log

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
)

const hidden = "[hidden]"

// redact hides what is secret by its key, and makes errors, structs, maps and lists plain, so that no sink prints them
// by its own means (%+v would show the unexported fields of a struct). Every sink calls it, through its ReplaceAttr.
func redact(groups []string, a slog.Attr) slog.Attr {
	verdict := mentions(a.Key)
	for _, name := range groups {
		verdict = max(verdict, mentions(name))
	}
	switch {
	case verdict != none && hides(verdict, a.Value):
		a.Value = slog.StringValue(hidden)
	case a.Value.Kind() == slog.KindAny:
		a.Value = plain(a.Key, a.Value.Any())
	}
	return a
}

func hides(verdict mention, v slog.Value) bool {
	switch v.Kind() {
	case slog.KindBool, slog.KindTime, slog.KindDuration:
		return false
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64:
		return verdict == named
	case slog.KindString:
		return v.String() != ""
	default:
		return v.Any() != nil
	}
}

// plain gives an error, a text or JSON without secrets for a value that slog has no kind for; numbers, and the like,
// with names of their own stay as they are.
func plain(key string, v any) (value slog.Value) {
	defer func() {
		if p := recover(); p != nil {
			value = slog.StringValue(fmt.Sprintf("!PANIC: %v", p))
			if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && r.IsNil() {
				value = slog.AnyValue(nil)
			}
		}
	}()
	switch v := v.(type) {
	case error:
		return slog.StringValue(v.Error())
	case []byte:
		if key == stackKey {
			return slog.StringValue(string(v))
		}
		return slog.AnyValue(v)
	}
	switch reflect.ValueOf(v).Kind() {
	case reflect.Struct, reflect.Map, reflect.Slice, reflect.Array, reflect.Pointer, reflect.Chan, reflect.Func:
		return document(v)
	default:
		return slog.AnyValue(v)
	}
}

// document is v as JSON with its secrets hidden; a text when v marshals as one.
func document(v any) slog.Value {
	raw, err := marshal(v)
	if err != nil {
		return slog.StringValue("!ERROR: " + err.Error())
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return slog.StringValue("!ERROR: " + err.Error())
	}
	if text, ok := tree.(string); ok {
		return slog.StringValue(text)
	}
	if hideIn(tree) {
		if raw, err = marshal(tree); err != nil {
			return slog.StringValue("!ERROR: " + err.Error())
		}
	}
	return slog.AnyValue(json.RawMessage(raw))
}

func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimRight(buf.Bytes(), "\n"), err
}

// hideIn hides what is secret by its key anywhere in a decoded document, and tells whether there was any.
func hideIn(tree any) (changed bool) {
	switch node := tree.(type) {
	case map[string]any:
		for key, child := range node {
			if verdict := mentions(key); verdict != none && hidesNode(verdict, child) {
				node[key], changed = hidden, true
			} else if hideIn(child) {
				changed = true
			}
		}
	case []any:
		for _, child := range node {
			changed = hideIn(child) || changed
		}
	}
	return changed
}

func hidesNode(verdict mention, node any) bool {
	switch node := node.(type) {
	case json.Number:
		return verdict == named
	default:
		return hides(verdict, slog.AnyValue(node))
	}
}
