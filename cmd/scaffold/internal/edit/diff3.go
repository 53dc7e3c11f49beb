package edit

import (
	"slices"

	"github.com/pmezard/go-difflib/difflib"
)

// hunk replaces base[from:to] by lines.
type hunk struct {
	from, to int
	lines    []string
}

func (h hunk) inserts() bool { return h.from == h.to }

func hunks(base, side []string) []hunk {
	var all []hunk
	for _, code := range difflib.NewMatcherWithJunk(base, side, false, nil).GetOpCodes() {
		if code.Tag != 'e' {
			all = append(all, hunk{code.I1, code.I2, side[code.J1:code.J2]})
		}
	}
	return all
}

// mergeLines makes the changes of both sides. Changes that touch do not disturb each other; of two insertions at one
// place, ours comes first. It is not possible when both change the same lines in different ways.
func mergeLines(base, ours, theirs []string) ([]string, bool) {
	a, b := hunks(base, ours), hunks(base, theirs)
	var out []string
	at := 0
	for len(a) > 0 || len(b) > 0 {
		next, ok := take(&a, &b)
		if !ok {
			return nil, false
		}
		for _, h := range next {
			if h.from < at {
				return nil, false
			}
			out = append(append(out, base[at:h.from]...), h.lines...)
			at = h.to
		}
	}
	return append(out, base[at:]...), true
}

// take gives the change that comes first, or both where they are one or meet.
func take(a, b *[]hunk) ([]hunk, bool) {
	switch {
	case len(*b) == 0:
		return pop(a), true
	case len(*a) == 0:
		return pop(b), true
	}
	x, y := (*a)[0], (*b)[0]
	switch {
	case x.from == y.from && x.to == y.to && slices.Equal(x.lines, y.lines):
		*b = (*b)[1:]
		return pop(a), true
	case x.from == y.from && x.inserts() && y.inserts():
		return append(pop(a), pop(b)...), true
	case x.to <= y.from:
		return pop(a), true
	case y.to <= x.from:
		return pop(b), true
	default:
		return nil, false
	}
}

func pop(list *[]hunk) []hunk {
	first := (*list)[0]
	*list = (*list)[1:]
	return []hunk{first}
}
