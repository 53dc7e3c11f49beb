package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// file is the reading of one YAML file into its layer. The tree of nodes is walked along the schema, since only there
// each key has its line.
type file struct {
	*loader
	layer *layer
	name  string // as messages show it
	order int
}

// readFiles reads default.yaml and the file of the environment, which may be missing.
func (l *loader) readFiles() {
	dir, named := l.folder()
	data, name, err := l.readFile(dir, defaultFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.fail(origin{order: orderNone, text: named}, "has no "+defaultFile, "")
		return
	case err != nil:
		l.fail(origin{text: name}, "cannot be read: "+reason(err), "")
	default:
		l.parse(data, name, orderDefault)
	}
	if l.environment == "" {
		return
	}
	data, name, err = l.readFile(dir, l.environment+".yaml")
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		l.fail(origin{order: orderOverride, text: name}, "cannot be read: "+reason(err), "")
	default:
		l.parse(data, name, orderOverride)
	}
}

func (l *loader) readFile(dir, base string) (data []byte, name string, err error) {
	if dir == "" {
		data, err = fs.ReadFile(l.opts.Embedded, base)
		return data, "embedded " + defaultDir + "/" + base, err
	}
	name = filepath.Join(dir, base)
	if data, err = os.ReadFile(name); err == nil { //nolint:gosec // the operator names the folder
		l.files = append(l.files, name)
	}
	return data, name, err
}

func (l *loader) parse(data []byte, name string, order int) {
	f := &file{loader: l, layer: newLayer(), name: name, order: order}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return
	case err != nil:
		f.malformed(err)
		return
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		l.fail(f.at(second.Line), "begins a second document: a file holds one", "")
	case !errors.Is(err, io.EOF):
		f.malformed(err)
	}
	f.section(document.Content[0], "", document.Content[0].Line, l.schema)
	l.add(f.layer)
}

var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

func (f *file) malformed(err error) {
	line, text := 0, err.Error()
	if parts := yamlError.FindStringSubmatch(text); parts != nil {
		line, _ = strconv.Atoi(parts[1])
		text = parts[2]
	}
	if strings.HasPrefix(text, "unknown anchor") { // its name may be a secret
		text = "refers to an anchor that does not exist; put a text that begins with * in quotes"
	}
	f.fail(f.at(line), "is not YAML: "+text, "")
}

func (f *file) at(line int) origin {
	if line == 0 {
		return origin{order: f.order, text: f.name}
	}
	return origin{order: f.order, line: line, text: f.name + ":" + strconv.Itoa(line)}
}

func (f *file) wrong(key string, line int, rule string) { f.report(key, "", rule, f.at(line)) }

// section reads a struct or a table.
func (f *file) section(y *yaml.Node, key string, line int, n *node) {
	y = follow(y)
	if isNull(y) {
		return
	}
	if y.Kind != yaml.MappingNode {
		f.wrong(key, line, "must be a section of keys")
		return
	}
	lines := map[string]int{}
	for i := 0; i < len(y.Content); i += 2 {
		name, line, value := y.Content[i].Value, y.Content[i].Line, y.Content[i+1]
		full, child := join(key, name), n.child(name)
		first, twice := lines[name]
		switch {
		case twice:
			f.wrong(full, line, fmt.Sprintf("is given twice: first in line %d", first))
		case name == "<<":
			f.wrong(full, line, "is not read: repeat the keys instead of merging them")
		case child == nil && n.kind == table:
			f.wrong(full, line, "is not a name: use a to z, 0 to 9 and _, and begin with a letter")
		case child == nil:
			f.wrong(full, line, "is not a known key"+didYouMean(f.schema.suggest(full)))
		default:
			lines[name] = line
			f.entry(n, full, line)
			f.value(value, full, line, child)
		}
	}
}

// entry notes that a table has an entry, whether or not it sets anything.
func (f *file) entry(n *node, key string, line int) {
	if n.kind == table && n.elem.kind != leaf {
		f.named[key] = true
		f.layer.origins[key] = f.at(line)
	}
}

func (f *file) value(y *yaml.Node, key string, line int, n *node) {
	switch n.kind {
	case section, table:
		f.section(y, key, line, n)
	case list:
		f.list(follow(y), key, line, n)
	case leaf:
		f.leaf(follow(y), key, line, n)
	}
}

func (f *file) leaf(y *yaml.Node, key string, line int, n *node) {
	var raw any
	switch {
	case isNull(y):
		f.wrong(key, line, `has no value: write one ("" is the empty text) or leave the key out`)
	case y.Kind == yaml.MappingNode:
		f.wrong(key, line, "must be a value, not a section")
	case y.Decode(&raw) != nil:
		// The decoder's own text would quote the value.
		f.wrong(key, line, "cannot be read: the value contradicts its YAML tag")
	default:
		f.set(f.layer, n, key, raw, f.at(line))
	}
}

// list reads a list of sections: each element as a layer of its own, to have its lines, then all as one value.
func (f *file) list(y *yaml.Node, key string, line int, n *node) {
	if y.Kind != yaml.SequenceNode {
		f.wrong(key, line, "must be a list of sections")
		return
	}
	before := len(f.items)
	elements := make([]map[string]any, len(y.Content))
	for i, item := range y.Content {
		sub := &file{loader: f.loader, layer: newLayer(), name: f.name, order: f.order}
		at := fmt.Sprintf("%s[%d]", key, i)
		sub.section(item, at, item.Line, n.elem)
		f.layer.origins[at] = f.at(item.Line)
		for sub, from := range sub.layer.origins {
			f.layer.origins[sub] = from
		}
		elements[i] = within(sub.layer.values.AllSettings(), at)
	}
	f.layer.origins[key] = f.at(line)
	if len(f.items) > before {
		f.failed[key] = true
		return
	}
	value := reflect.New(n.typ)
	if err := decodeInto(value.Interface(), elements, false); err != nil {
		f.wrong(key, line, "cannot be read as "+n.typ.String())
		return
	}
	f.layer.values.Set(key, value.Elem().Interface())
}

// follow gives what an alias stands for.
func follow(y *yaml.Node) *yaml.Node {
	if y.Kind == yaml.AliasNode {
		return y.Alias
	}
	return y
}

func isNull(y *yaml.Node) bool { return y.Kind == yaml.ScalarNode && y.ShortTag() == "!!null" }

// reason is an error of the file system without the path, which the message has already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
