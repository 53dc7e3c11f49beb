package config

import (
	"cmp"
	"encoding"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// Entry is one key of a loaded configuration.
type Entry struct {
	Key    string `json:"key"`
	Value  any    `json:"value"`  // a text, number, bool, list of them or nil; secrets are hidden
	Origin string `json:"origin"` // file and line, variable, mounted file, flag, or built-in when nothing sets it
}

const builtIn = "built-in"

// Print writes a line for every key, sorted: key = value # origin. Secrets are hidden.
func (l *Loaded[T]) Print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	for _, entry := range l.entries {
		if _, err := fmt.Fprintf(table, "%s\t= %s\t  # %s\n", entry.Key, line(entry.Value), entry.Origin); err != nil {
			return err
		}
	}
	return table.Flush()
}

func (l *loader) entries(root reflect.Value) []Entry {
	var all []Entry
	walk(place{node: l.schema, value: root}, func(p place) {
		entry := Entry{Key: p.key, Value: []any{}, Origin: builtIn}
		if from, ok := l.origins[p.key]; ok {
			entry.Origin = from.text
		}
		switch {
		case p.node.kind == leaf && p.node.secret:
			entry.Value = conceal(p.value)
		case p.node.kind == leaf:
			entry.Value = display(p.value)
		case p.node.kind != list || p.value.Len() > 0:
			return
		}
		all = append(all, entry)
	})
	slices.SortFunc(all, func(a, b Entry) int { return cmp.Compare(a.Key, b.Key) })
	return all
}

// conceal tells only whether a secret is set.
func conceal(value reflect.Value) any {
	if value.IsZero() || value.Kind() == reflect.Slice && value.Len() == 0 {
		return ""
	}
	return hidden
}

// display is a value as JSON and people read it.
func display(value reflect.Value) any {
	if value.Kind() == reflect.Pointer {
		if value.IsNil() {
			return nil
		}
		return display(value.Elem())
	}
	switch v := value.Interface().(type) {
	case time.Duration:
		return short(v)
	case encoding.TextMarshaler:
		if text, err := v.MarshalText(); err == nil {
			return string(text)
		}
	case fmt.Stringer:
		return v.String()
	}
	switch value.Kind() {
	case reflect.Slice:
		list := make([]any, value.Len())
		for i := range list {
			list[i] = display(value.Index(i))
		}
		return list
	case reflect.String:
		return redact(value.String())
	default:
		return value.Interface()
	}
}

// short is a duration without the zeros at its end: 24h, not 24h0m0s.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// plain is a raw value or one for display as text.
func plain(value any) string {
	switch v := value.(type) {
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case []any:
		parts := make([]string, len(v))
		for i, part := range v {
			parts[i] = plain(part)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	default:
		return fmt.Sprint(v)
	}
}

// line is a value on a line of its own: texts that would be misread are quoted.
func line(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		if v == "" || v != strings.TrimSpace(v) || strings.ContainsFunc(v, unicode.IsControl) || strings.Contains(v, " #") {
			return strconv.Quote(v)
		}
		return v
	case []any:
		parts := make([]string, len(v))
		for i, part := range v {
			parts[i] = line(part)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	default:
		return plain(v)
	}
}
