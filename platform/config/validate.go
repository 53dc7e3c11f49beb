package config

import (
	"errors"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-playground/validator/v10"
)

// place is a value in the tree.
type place struct {
	key    string
	node   *node
	value  reflect.Value
	rooted bool // a section that no other section contains as a field
}

// walk visits a section and all below it, each before its parts, in the order of the schema and of the names.
func walk(p place, visit func(place)) {
	for p.value.Kind() == reflect.Pointer {
		if p.value.IsNil() {
			if p.node.kind == leaf {
				visit(p)
			}
			return
		}
		p.value = p.value.Elem()
	}
	visit(p)
	switch p.node.kind {
	case leaf:
	case section:
		for _, field := range p.node.fields {
			walk(place{key: join(p.key, field.name), node: field, value: p.value.FieldByIndex(field.index)}, visit)
		}
	case table:
		names := map[string]reflect.Value{}
		for _, name := range p.value.MapKeys() {
			names[name.String()] = name
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			// A map's element has no address, which a method on its pointer needs.
			element := reflect.New(p.value.Type().Elem()).Elem()
			element.Set(p.value.MapIndex(names[name]))
			walk(place{key: join(p.key, name), node: p.node.elem, value: element, rooted: true}, visit)
		}
	case list:
		for i := range p.value.Len() {
			key := p.key + "[" + strconv.Itoa(i) + "]"
			walk(place{key: key, node: p.node.elem, value: p.value.Index(i), rooted: true}, visit)
		}
	}
}

// validate applies the rules of all tags and sections.
func (l *loader) validate(root reflect.Value) {
	if l.broken {
		return
	}
	rules := validator.New(validator.WithRequiredStructEnabled())
	rules.RegisterTagNameFunc(func(field reflect.StructField) string {
		name, squash := fieldName(field)
		if squash {
			return squashMark
		}
		return name
	})
	walk(place{node: l.schema, value: root, rooted: true}, func(p place) {
		if p.node.kind != section {
			return
		}
		if p.rooted {
			l.applyTags(rules, p)
		}
		if l.sound(p.key) {
			l.askSection(p)
		}
	})
}

// squashMark stands in a validator's path for an embedded struct that is no part of the key.
const squashMark = "^"

var mapEntry = regexp.MustCompile(`\[([a-z][a-z0-9_]*)\]`)

// applyTags reports what breaks a rule of a tag in a section and those within it. Elements of tables and lists are
// validated by themselves, so that no field needs the tag dive.
func (l *loader) applyTags(rules *validator.Validate, p place) {
	var broken validator.ValidationErrors
	if !errors.As(rules.Struct(p.value.Interface()), &broken) {
		return
	}
	for _, rule := range broken {
		path := rule.Namespace()
		if name := p.value.Type().Name(); name != "" {
			path = path[len(name)+1:]
		}
		path = strings.ReplaceAll(path, squashMark+".", "")
		key := join(p.key, mapEntry.ReplaceAllString(path, ".$1"))
		if l.failed[key] {
			continue
		}
		value := ""
		if !strings.HasPrefix(rule.Tag(), "required") {
			value = l.found(key, reflect.ValueOf(rule.Value()))
		}
		l.items = append(l.items, l.item(key, value, words(rule)))
	}
}

// found is the value under a key as errors show it.
func (l *loader) found(key string, value reflect.Value) string {
	n := l.schema.find(key)
	switch {
	case n == nil || n.kind != leaf || !value.IsValid():
		return ""
	case n.hidden() || l.origin(key).mounted:
		if value.IsZero() {
			return ""
		}
		return hidden
	default:
		return plain(display(value))
	}
}

func (l *loader) item(key, value, rule string) Item {
	from := l.origin(key)
	return Item{Key: key, Value: value, Rule: rule, Source: from.source(), at: from}
}

// sound tells whether nothing under a key is reported as unreadable, so that its section can be judged.
func (l *loader) sound(key string) bool {
	for failed := range l.failed {
		if key == "" || failed == key || strings.HasPrefix(failed, key+".") || strings.HasPrefix(key, failed+".") {
			return false
		}
	}
	return true
}

// askSection calls the section's own Validate, and those of the structs that are squashed into it.
func (l *loader) askSection(p place) {
	judges := []reflect.Value{p.value}
	for _, index := range p.node.squashed {
		judges = append(judges, p.value.FieldByIndex(index))
	}
	for _, judge := range judges {
		if section, ok := judge.Addr().Interface().(interface{ Validate() error }); ok {
			l.objection(p.key, section.Validate())
		}
	}
}

// objection reports the error of a section. An *Error names keys in the section; each of joined errors is an item.
func (l *loader) objection(key string, err error) {
	var items *Error
	joined, several := err.(interface{ Unwrap() []error }) // only the outermost error is taken apart
	switch {
	case err == nil:
	case errors.As(err, &items) && !several:
		for _, item := range items.Items {
			full := join(key, item.Key)
			if n := l.schema.find(full); n != nil && n.hidden() && item.Value != "" {
				item.Value = hidden
			}
			l.items = append(l.items, l.item(strings.TrimSuffix(full, "."), item.Value, item.Rule))
		}
	case several:
		for _, err := range joined.Unwrap() {
			l.objection(key, err)
		}
	default:
		l.items = append(l.items, l.item(key, "", "is not valid: "+err.Error()))
	}
}
