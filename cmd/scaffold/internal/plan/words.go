package plan

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/spec"
)

// words are the names of one module, with those of another that take their places: the longer ones first.
type words [][2]string

func newWords(now, next spec.Module) words {
	w := words{
		{now.Table(), next.Table()}, {now.Package() + "api", next.Package() + "api"},
		{now.A(), next.A()}, {spec.Capital(now.A()), spec.Capital(next.A())},
		{now.Nouns(), next.Nouns()}, {now.Tag(), next.Tag()}, {now.Slugs(), next.Slugs()},
		{spec.GoName(strings.ReplaceAll(now.Slugs(), "-", "_")), spec.GoName(strings.ReplaceAll(next.Slugs(), "-", "_"))},
		{now.Noun(), next.Noun()}, {now.Entity(), next.Entity()}, {now.Shape(), next.Shape()}, {now.Slug(), next.Slug()},
		{now.Name, next.Name}, {now.Package(), next.Package()},
	}
	slices.SortStableFunc(w, func(a, b [2]string) int { return len(b[0]) - len(a[0]) })
	return w
}

// replace puts the new names into a text, where the old ones are words of it or of a Go name: art is one of newArt and art_id,
// and none of start.
func (w words) replace(text string) string {
	var out strings.Builder
	for at := 0; at < len(text); {
		from, to := w.at(text, at)
		if from == "" {
			_, size := utf8.DecodeRuneInString(text[at:])
			from, to = text[at:at+size], text[at:at+size]
		}
		out.WriteString(to)
		at += len(from)
	}
	return out.String()
}

// at finds the pair whose old name is a word there; empty when none is.
func (w words) at(text string, at int) (from, to string) {
	for _, pair := range w {
		if strings.HasPrefix(text[at:], pair[0]) && cuts(text, at) && cuts(text, at+len(pair[0])) {
			return pair[0], pair[1]
		}
	}
	return "", ""
}

// cuts tells whether a word begins or ends at a place of a text: as in to|send, send|ID, PDF|Sent.
func cuts(text string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, size := utf8.DecodeRuneInString(text[at:])
	switch {
	case !unicode.IsLetter(before) || !unicode.IsLetter(after):
		return true
	case unicode.IsLower(after):
		return false
	case unicode.IsLower(before):
		return true
	}
	next, _ := utf8.DecodeRuneInString(text[at+size:])
	return unicode.IsLower(next)
}
