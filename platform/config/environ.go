package config

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

const (
	prefix      = "TRELLIS_"
	fileSuffix  = "_FILE"
	envVariable = prefix + "ENV"
	dirVariable = prefix + "CONFIG_DIR"

	scratchVariable = prefix + "MIGRATE_MYSQL_DSN" // of the commands that compare migrations
)

// variableOf is the environment variable of a key.
func variableOf(key string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// Kubernetes gives every container the address of each service in its namespace: these for one named trellis…
var service = regexp.MustCompile(`^TRELLIS_(?:SERVICE_HOST|SERVICE_PORT.*|PORT_.*)$`)

// …and these for one named trellis-something.
var otherService = regexp.MustCompile(`^TRELLIS_[A-Z0-9_]+_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$`)

// foreign tells whether a variable is not about a key, whatever the keys are.
func foreign(name string) bool {
	return name == envVariable || name == dirVariable || name == scratchVariable ||
		strings.HasPrefix(name, prefix+"TEST_") || service.MatchString(name)
}

func injected(name, value string) bool {
	return otherService.MatchString(name) || strings.HasSuffix(name, "_PORT") && strings.Contains(value, "://")
}

// candidate is one reading of a variable's name.
type candidate struct {
	key     string
	node    *node
	entries []string // the table entries in the key
	mounted bool     // the variable names a file with the value
}

// match lists the readings of a variable's name, without the prefix, as keys under a node. Since keys and the names of
// entries contain underscores, there may be several.
func (n *node) match(rest, key string, entries []string) []candidate {
	var found []candidate
	switch n.kind {
	case leaf:
		if rest == "" {
			found = append(found, candidate{key: key, node: n, entries: entries})
		}
	case section:
		for _, field := range n.fields {
			if after, ok := strings.CutPrefix(rest, strings.ToUpper(field.name)); ok {
				found = append(found, field.matchAfter(after, join(key, field.name), entries)...)
			}
		}
	case table:
		for end := 1; end <= len(rest); end++ {
			name := strings.ToLower(rest[:end])
			if entryName.MatchString(name) && strings.ToUpper(name) == rest[:end] {
				full := join(key, name)
				found = append(found, n.elem.matchAfter(rest[end:], full, append(slices.Clone(entries), full))...)
			}
		}
	case list: // only a file can set it
	}
	return found
}

// matchAfter goes on behind a whole part of the name: at its end or at an underscore.
func (n *node) matchAfter(rest, key string, entries []string) []candidate {
	if rest == "" {
		if n.kind == leaf {
			return n.match("", key, entries)
		}
		return nil
	}
	if rest, ok := strings.CutPrefix(rest, "_"); ok && n.kind != leaf {
		return n.match(rest, key, entries)
	}
	return nil
}

// readings lists what a variable may mean, the likeliest first: one whose entries are named elsewhere, then the one with
// the shortest names of entries, then the value itself before a file with it.
func (l *loader) readings(name string) []candidate {
	rest := strings.TrimPrefix(name, prefix)
	found := l.schema.match(rest, "", nil)
	if rest, ok := strings.CutSuffix(rest, fileSuffix); ok {
		for _, c := range l.schema.match(rest, "", nil) {
			c.mounted = true
			found = append(found, c)
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		if a, b := l.known(a), l.known(b); a != b {
			return map[bool]int{true: -1, false: 1}[a]
		}
		return cmp.Compare(len(strings.Join(a.entries, "")), len(strings.Join(b.entries, "")))
	})
	return found
}

func (l *loader) known(c candidate) bool {
	return !slices.ContainsFunc(c.entries, func(entry string) bool { return !l.named[entry] })
}

// readEnvironment reads the variables of all keys, and refuses those of none.
func (l *loader) readEnvironment() {
	for key := range l.opts.Flags {
		l.mention(key)
	}
	set := newLayer()
	usedBy := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(l.variables)) {
		if !strings.HasPrefix(name, prefix) || foreign(name) {
			continue
		}
		found := l.readings(name)
		switch {
		case len(found) == 0 && injected(name, l.variables[name]):
		case len(found) == 0:
			l.unknownVariable(name)
		case ambiguous(found, l.known):
			l.report(found[0].key, "", fmt.Sprintf("may be meant, or %s: set it in a file", found[1].key), variable(name))
		case usedBy[found[0].key] != "":
			l.report(found[0].key, "", fmt.Sprintf("is set by %s and by %s: set one of them", usedBy[found[0].key], name), variable(name))
		default:
			usedBy[found[0].key] = name
			l.fromVariable(set, found[0], name)
		}
	}
	l.add(set)
	for key := range set.origins {
		l.mention(key)
	}
}

// ambiguous tells whether the two likeliest readings are equally likely: both name entries that exist.
func ambiguous(found []candidate, known func(candidate) bool) bool {
	return len(found) > 1 && len(found[0].entries) > 0 && known(found[0]) && known(found[1]) && found[0].mounted == found[1].mounted
}

func (l *loader) fromVariable(set *layer, c candidate, name string) {
	value, from := l.variables[name], variable(name)
	if c.mounted {
		path := value
		data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
		if err != nil {
			l.report(c.key, "", fmt.Sprintf("cannot be read from the file %s: %s", path, reason(err)), from)
			return
		}
		value = strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
		from = origin{order: orderEnvironment, text: fmt.Sprintf("file %s (%s)", path, name), mounted: true}
	}
	l.set(set, c.node, c.key, value, from)
}

// mention notes the table entries in a key.
func (l *loader) mention(key string) {
	n, at := l.schema, ""
	for part := range strings.SplitSeq(key, ".") {
		child := n.child(part)
		if child == nil {
			return
		}
		at = join(at, part)
		if n.kind == table && child.kind != leaf {
			l.named[at] = true
		}
		n = child
	}
}

func (l *loader) unknownVariable(name string) {
	var known []string
	l.schema.leaves("", func(key string, _ *node) {
		for entry := range l.named {
			within, entry := entry[:strings.LastIndex(entry, ".")+1], entry[strings.LastIndex(entry, ".")+1:]
			if rest, ok := strings.CutPrefix(key, within+"<name>"); ok {
				known = append(known, variableOf(within+entry+rest))
			}
		}
		if !strings.Contains(key, "<") && !inList(key) {
			known = append(known, variableOf(key))
		}
	})
	slices.Sort(known)
	best := nearest(name, known)
	if bare, ok := strings.CutSuffix(name, fileSuffix); ok && best == "" {
		if best = nearest(bare, known); best != "" {
			best += fileSuffix
		}
	}
	l.items = append(l.items, Item{
		Rule: "is not a known variable" + didYouMean(best), Source: variable(name).source(), at: variable(name),
	})
}
