package config

import (
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

type kind int

const (
	leaf    kind = iota // a value
	section             // a struct
	table               // a map: entries that the operator names
	list                // a slice of structs
)

// node is one place in the schema.
type node struct {
	name     string
	kind     kind
	typ      reflect.Type // without pointers
	index    []int        // the field in the struct of the section above
	fields   []*node      // of a section
	squashed [][]int      // embedded structs of a section whose fields count as its own
	elem     *node        // of a table or list
	secret   bool         // the value is not shown at all
}

var (
	entryName  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	secretName = regexp.MustCompile(`(?:password|passwd|passphrase|secret|token|credential|(?:private|api|access|signing|encryption|secret)_?key)s?$`)
)

// schemaOf reads the schema from a struct type, and panics when it cannot be one.
func schemaOf(t reflect.Type) *node {
	if t.Kind() != reflect.Struct {
		panic("config: " + t.String() + " is no struct")
	}
	root := build(t, "", "", false)
	taken := map[string]string{}
	root.leaves("", func(key string, _ *node) {
		if inList(key) {
			return
		}
		name := variableOf(key)
		if other, ok := taken[name]; ok {
			panic("config: " + other + " and " + key + " have one variable, " + name)
		}
		if foreign(name) {
			panic("config: " + key + " has the variable " + name + ", which means something else")
		}
		taken[name] = key
	})
	return root
}

func build(t reflect.Type, name, key string, secret bool) *node {
	t = indirect(t)
	n := &node{name: name, typ: t, secret: secret || secretName.MatchString(name)}
	switch {
	case isLeaf(t):
		n.secret = isSecret(t, n.secret)
	case t.Kind() == reflect.Struct:
		n.kind = section
		n.addFields(t, nil, key)
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		n.kind = table
		n.elem = build(t.Elem(), "", join(key, "<name>"), n.secret)
	case t.Kind() == reflect.Slice && indirect(t.Elem()).Kind() == reflect.Struct:
		n.kind = list
		n.elem = build(t.Elem(), "", key+"[]", false)
	default:
		panic(fmt.Sprintf("config: %s has the type %s, which no configuration can hold", key, t))
	}
	return n
}

func (n *node) addFields(t reflect.Type, index []int, key string) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, squash := fieldName(field)
		at := append(slices.Clone(index), i)
		switch {
		case squash:
			n.squashed = append(n.squashed, at)
			n.addFields(field.Type, at, key)
		case !field.IsExported() || name == "-":
		case !entryName.MatchString(name):
			panic("config: " + join(key, name) + " is not spelled in lower case, digits and _")
		case n.child(name) != nil:
			panic("config: " + join(key, name) + " is declared twice")
		default:
			child := build(field.Type, name, join(key, name), false)
			child.index = at
			n.fields = append(n.fields, child)
		}
	}
}

// fieldName is the name of a field in keys, and whether it is an embedded struct whose fields count as those above it.
func fieldName(field reflect.StructField) (name string, squash bool) {
	name, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
	if name == "" {
		name = snake(field.Name)
	}
	return name, options == "squash" && field.Type.Kind() == reflect.Struct
}

// snake is the key of a Go name: MaxOpen is max_open, TLSCert is tls_cert, URLs is urls.
func snake(name string) string {
	var key strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) && (!unicode.IsUpper(runes[i-1]) || startsWord(runes[i+1:])) {
			key.WriteByte('_')
		}
		key.WriteRune(unicode.ToLower(r))
	}
	return key.String()
}

// startsWord tells whether what follows a capital after a capital makes it the first letter of a word (the C of TLSCert)
// and not the last of an abbreviation, even of a plural one (the L of URLs).
func startsWord(after []rune) bool {
	if len(after) == 0 || !unicode.IsLower(after[0]) {
		return false
	}
	return after[0] != 's' || len(after) > 1 && !unicode.IsUpper(after[1])
}

// child is the part of a section or table with that name, nil when there is none.
func (n *node) child(name string) *node {
	if n.kind == table && entryName.MatchString(name) {
		return n.elem
	}
	for _, field := range n.fields {
		if field.name == name {
			return field
		}
	}
	return nil
}

// find is the node of a key, nil when there is none.
func (n *node) find(key string) *node {
	for part := range strings.SplitSeq(key, ".") {
		if n = n.step(part); n == nil {
			return nil
		}
	}
	return n
}

// step is the child that one part of a key names, which may be an element of a list: sinks[0].
func (n *node) step(part string) *node {
	name, _, element := strings.Cut(part, "[")
	child := n.child(name)
	if element && child != nil && child.kind == list {
		return child.elem
	}
	return child
}

// leaves visits the key of every value; the name of a table's entry is written <name>, the place in a list [].
func (n *node) leaves(key string, visit func(key string, n *node)) {
	switch n.kind {
	case leaf:
		visit(key, n)
	case section:
		for _, field := range n.fields {
			field.leaves(join(key, field.name), visit)
		}
	case table:
		n.elem.leaves(join(key, "<name>"), visit)
	case list:
		n.elem.leaves(key+"[]", visit)
	}
}

// hidden tells whether a value is kept out of errors. A DSN that has an error cannot be trusted to show its password where
// String looks for it.
func (n *node) hidden() bool {
	return n.secret || element(n.typ) == reflect.TypeFor[DSN]()
}

func isSecret(t reflect.Type, named bool) bool {
	t = element(t)
	return t == reflect.TypeFor[Secret]() || named && t.Kind() == reflect.String && t != reflect.TypeFor[DSN]()
}

func isLeaf(t reflect.Type) bool {
	if t = indirect(t); isText(t) {
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	case reflect.Slice:
		elem := indirect(t.Elem())
		return isLeaf(elem) && (isText(elem) || elem.Kind() != reflect.Slice)
	default:
		return false
	}
}

func isText(t reflect.Type) bool {
	return t == reflect.TypeFor[time.Time]() || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func indirect(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// element is the type of one value: that of a list's elements, or t itself.
func element(t reflect.Type) reflect.Type {
	if t = indirect(t); t.Kind() == reflect.Slice && !isText(t) {
		return indirect(t.Elem())
	}
	return t
}

// inList tells whether a key is part of a list, which has no variable.
func inList(key string) bool { return strings.Contains(key, "[") }

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}
