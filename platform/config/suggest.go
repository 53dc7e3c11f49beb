package config

import (
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// nearest is the candidate that a mistyped word stands for, empty when none is near enough to be worth a question.
func nearest(word string, candidates []string) string {
	best, least := "", 0
	for _, candidate := range candidates {
		if d := levenshtein.Distance(word, candidate, nil); best == "" || d < least {
			best, least = candidate, d
		}
	}
	// What both begin with does not make them alike: two in five letters of the rest may differ.
	same := 0
	for same < min(len(word), len(best)) && word[same] == best[same] {
		same++
	}
	same = strings.LastIndexAny(word[:same], "._") + 1
	if least > max(1, 2*(len(word)-same)/5) && !swapped(word[same:], best[same:]) {
		return ""
	}
	return best
}

// swapped tells whether two words have the same letters: dns for dsn is likely, though it is two changes in three.
func swapped(a, b string) bool {
	x, y := []byte(a), []byte(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// suggest is the key that an unknown one stands for: a sibling that is spelled much like it, or else the one key of the
// same name in another section.
func (n *node) suggest(key string) string {
	root, at, rest := n, "", strings.Split(key, ".")
	for len(rest) > 0 && n.step(rest[0]) != nil {
		n, at, rest = n.step(rest[0]), join(at, rest[0]), rest[1:]
	}
	if len(rest) == 0 {
		return ""
	}
	names := make([]string, len(n.fields))
	for i, field := range n.fields {
		names[i] = field.name
	}
	if best := nearest(rest[0], names); best != "" {
		better := join(at, best)
		if full := join(better, strings.Join(rest[1:], ".")); len(rest) > 1 && root.find(full) != nil {
			return full
		}
		return better
	}
	return root.elsewhere(rest[len(rest)-1])
}

// elsewhere is the only key whose last part is the name, empty when there is none or several.
func (n *node) elsewhere(name string) string {
	var keys []string
	n.leaves("", func(key string, found *node) {
		if found.name == name {
			keys = append(keys, key)
		}
	})
	if len(keys) != 1 {
		return ""
	}
	return keys[0]
}

func didYouMean(suggestion string) string {
	if suggestion == "" {
		return ""
	}
	return ": did you mean " + suggestion + "?"
}
