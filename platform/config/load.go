package config

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/viper"
)

const (
	defaultDir         = "configs"
	defaultFile        = "default.yaml"
	defaultEnvironment = "development"
)

// layer is what one source sets.
type layer struct {
	values  *viper.Viper // values of their final type
	origins map[string]origin
}

func newLayer() *layer { return &layer{values: viper.New(), origins: map[string]origin{}} }

// loader is the work of one Load.
type loader struct {
	opts        Options
	schema      *node
	variables   map[string]string
	environment string // empty when it is not a known one
	files       []string

	values  *viper.Viper // all layers so far
	origins map[string]origin
	named   map[string]bool // entries of tables that are mentioned, such as databases.primary
	failed  map[string]bool // keys that are reported already: what follows from them is noise
	broken  bool            // a whole layer is missing, so the merged values mean nothing
	items   []Item
}

func newLoader(opts Options, schema *node) *loader {
	l := &loader{
		opts: opts, schema: schema, variables: map[string]string{},
		values: viper.New(), origins: map[string]origin{}, named: map[string]bool{}, failed: map[string]bool{},
	}
	for _, pair := range opts.Environ {
		if name, value, ok := strings.Cut(pair, "="); ok {
			l.variables[name] = value
		}
	}
	l.chooseEnvironment()
	return l
}

func (l *loader) chooseEnvironment() {
	from := origin{order: orderNone, text: "option Environment"}
	l.environment = l.opts.Environment
	if l.environment == "" {
		from = variable(envVariable)
		l.environment = l.variables[envVariable]
	}
	if l.environment == "" {
		l.environment = defaultEnvironment
	}
	known := []string{defaultEnvironment, "test", "staging", "production"}
	if !slices.Contains(known, l.environment) {
		l.fail(from, "must be one of "+strings.Join(known, ", "), l.environment)
		l.environment = ""
	}
}

// add merges what a layer sets over what is there.
func (l *loader) add(set *layer) {
	if err := l.values.MergeConfigMap(set.values.AllSettings()); err != nil {
		l.fail(origin{order: orderNone}, "cannot be merged: "+err.Error(), "")
	}
	for key := range set.origins {
		// A list replaces the one below it, so the lines of that one's elements are void.
		maps.DeleteFunc(l.origins, func(old string, _ origin) bool { return strings.HasPrefix(old, key+"[") })
	}
	maps.Copy(l.origins, set.origins)
}

// report notes what is wrong with a key.
func (l *loader) report(key, value, rule string, from origin) {
	l.failed[key] = true
	l.items = append(l.items, Item{Key: key, Value: value, Rule: rule, Source: from.source(), at: from})
}

// fail notes what is wrong with a whole layer.
func (l *loader) fail(from origin, rule, value string) {
	l.broken = true
	l.items = append(l.items, Item{Value: value, Rule: rule, Source: from.source(), at: from})
}

// set decodes the raw value of a leaf into the layer.
func (l *loader) set(to *layer, n *node, key string, raw any, from origin) {
	value, err := decodeLeaf(n, raw, from.order >= orderEnvironment)
	if err == nil {
		to.values.Set(key, value)
		to.origins[key] = from
		return
	}
	wrong := &mismatch{rule: "cannot be read as " + n.typ.String()}
	errors.As(err, &wrong)
	shown := redact(wrong.value)
	if n.hidden() || from.mounted {
		shown = hidden
	}
	if wrong.foreign && shown != wrong.value {
		wrong.rule = "cannot be read as " + n.typ.String()
	}
	l.report(key, shown, wrong.rule, from)
}

func (l *loader) readFlags() {
	set := newLayer()
	for _, key := range slices.Sorted(maps.Keys(l.opts.Flags)) {
		from := origin{order: orderFlag, text: "flag"}
		switch n := l.schema.find(key); {
		case n == nil:
			l.report(key, "", "is not a known key"+didYouMean(l.schema.suggest(key)), from)
		case inList(key):
			l.report(key, "", "is part of a list: set it in a file", from)
		case n.kind == leaf:
			l.set(set, n, key, l.opts.Flags[key], from)
		case n.kind == list:
			l.report(key, "", "is a list of sections: set it in a file", from)
		default:
			l.report(key, "", "is a section: name one of its keys", from)
		}
	}
	l.add(set)
}

// decode fills the struct with the merged values.
func (l *loader) decode(root reflect.Value) {
	settings := l.values.AllSettings()
	for entry := range l.named {
		if inList(entry) {
			continue // it is part of a list, which is a value of its own
		}
		// viper knows leaves only: an entry without any is there all the same, for its rules to speak.
		within := settings
		for part := range strings.SplitSeq(entry, ".") {
			next, ok := within[part].(map[string]any)
			if !ok {
				next = map[string]any{}
				within[part] = next
			}
			within = next
		}
	}
	if err := decodeInto(root.Addr().Interface(), settings, true); err != nil {
		l.fail(origin{order: orderNone}, "cannot be decoded: "+err.Error(), "")
	}
}

// origin finds where a key, or else the list element or table entry that it belongs to, was set.
func (l *loader) origin(key string) origin {
	for key != "" {
		if from, ok := l.origins[key]; ok {
			return from
		}
		key = key[:max(strings.LastIndexAny(key, ".["), 0)]
	}
	return origin{order: orderUnset, text: "not set"}
}

// folder chooses where the files are; empty is the embedded copy.
func (l *loader) folder() (dir, named string) {
	if l.opts.Dir != "" {
		return l.opts.Dir, "folder " + l.opts.Dir
	}
	if dir := l.variables[dirVariable]; dir != "" {
		return dir, "folder " + dir + " (" + dirVariable + ")"
	}
	if _, err := os.Stat(filepath.Join(defaultDir, defaultFile)); errors.Is(err, os.ErrNotExist) && l.opts.Embedded != nil {
		return "", "embedded " + defaultDir
	}
	return defaultDir, "folder " + defaultDir
}
