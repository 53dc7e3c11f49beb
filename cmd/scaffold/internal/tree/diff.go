package tree

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
)

// Change is what happens to one file.
type Change struct {
	Path string `json:"path"`
	What string `json:"what"` // created, changed or removed
}

// Changes lists what differs from what was there, by path: of the files on disk once they are written, of what is staged
// before that.
func (t *Tree) Changes(applied bool) []Change {
	var all []Change
	for _, path := range slices.Sorted(maps.Keys(t.before)) {
		before, after := t.before[path], t.after(path, applied)
		switch {
		case before == nil && after == nil:
		case before == nil:
			all = append(all, Change{path, "created"})
		case after == nil:
			all = append(all, Change{path, "removed"})
		case !bytes.Equal(before.content, after):
			all = append(all, Change{path, "changed"})
		}
	}
	return all
}

func (t *Tree) after(path string, applied bool) []byte {
	if content, ok := t.staged[path]; ok && !applied {
		return content
	}
	content, err := os.ReadFile(t.join(path))
	if err != nil {
		return nil
	}
	return content
}

// Diff is what is staged as a unified diff.
func (t *Tree) Diff() string {
	var text strings.Builder
	for _, change := range t.Changes(false) {
		from, to := "a/"+change.Path, "b/"+change.Path
		var before []byte
		if change.What == "created" {
			from = os.DevNull
		} else {
			before = t.before[change.Path].content
		}
		if change.What == "removed" {
			to = os.DevNull
		}
		text.WriteString(Unified(from, to, before, t.after(change.Path, false)))
	}
	return text.String()
}

// Unified is the difference of two texts as a unified diff.
func Unified(from, to string, before, after []byte) string {
	text, _ := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{ // writing to memory does not fail
		A: lines(before), B: lines(after), FromFile: from, ToFile: to, Context: 3,
	})
	return text
}

func lines(text []byte) []string {
	if len(text) == 0 {
		return nil
	}
	return difflib.SplitLines(strings.TrimSuffix(string(text), "\n"))
}
