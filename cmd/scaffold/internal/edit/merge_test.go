package edit_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/edit"
)

const base = `// Package a is.
package a

import "fmt"

// T is.
type T struct {
	A int    // first
	B string ` + "`json:\"b\"`" + `
}

// Show is.
func (t T) Show() string {
	return fmt.Sprint(
		t.A,
		t.B,
	)
}

func gone() {}
`

func TestChangesOfBothSidesAreMerged(t *testing.T) {
	ours := `// Package a is ours.
package a

import "fmt"

// T is.
type T struct {
	A int    // first
	B string ` + "`json:\"b\"`" + `

	ours bool // by hand
}

// Show is.
func (t T) Show() string {
	t.ours = true
	return fmt.Sprint(
		t.A,
		t.B,
	)
}

// byHand stays.
func byHand() {} // here

func gone() {}
`
	theirs := `// Package a is.
package a

import "fmt"

// T is.
type T struct {
	A             int    // first
	B             string ` + "`json:\"b\"`" + `
	MuchLongerOne string ` + "`json:\"long  er\"`" + `
}

// Show is.
func (t T) Show() string {
	return fmt.Sprint(
		t.A,
		t.B,
		t.MuchLongerOne,
	)
}

func added() {}
`
	merged, conflicts, err := edit.Merge([]byte(base), []byte(ours), []byte(theirs))
	require.NoError(t, err)
	assert.Empty(t, conflicts)
	assert.Equal(t, `// Package a is ours.
package a

import "fmt"

// T is.
type T struct {
	A int    // first
	B string `+"`json:\"b\"`"+`

	ours          bool   // by hand
	MuchLongerOne string `+"`json:\"long  er\"`"+`
}

// Show is.
func (t T) Show() string {
	t.ours = true
	return fmt.Sprint(
		t.A,
		t.B,
		t.MuchLongerOne,
	)
}

func added() {}

// byHand stays.
func byHand() {} // here
`, string(merged))
	again, conflicts, err := edit.Merge([]byte(theirs), merged, []byte(theirs))
	require.NoError(t, err)
	assert.Empty(t, conflicts)
	assert.Equal(t, string(merged), string(again))
}

func TestWhatBothChangedDifferentlyIsAConflictAndOursStays(t *testing.T) {
	change := func(from, to string) []byte { return replaced(t, base, from, to) }
	for name, test := range map[string]struct{ ours, theirs []byte }{
		"one line":                {change("A int    // first", "A int8   // first"), change("A int    // first", "A int16  // first")},
		"taken out and changed":   {change("\nfunc gone() {}\n", ""), change("func gone() {}", "func gone() { println() }")},
		"changed and taken out":   {change("func gone() {}", "func gone() { println() }"), change("\nfunc gone() {}\n", "")},
		"a line and its removal":  {change("t.A,\n", "t.A+1,\n"), change("\t\tt.A,\n", "")},
		"a block over a line":     {change("t.A,\n\t\tt.B,\n", "t.B,\n\t\tt.A,\n\t\tt.A,\n"), change("t.B,\n", "t.B+\"x\",\n")},
		"a comment in two ways":   {change("// Show is.", "// Show does."), change("// Show is.", "// Show was.")},
		"the package doc in both": {change("// Package a is.", "// Package a was."), change("// Package a is.", "// Package a will be.")},
	} {
		t.Run(name, func(t *testing.T) {
			merged, conflicts, err := edit.Merge([]byte(base), test.ours, test.theirs)
			require.NoError(t, err)
			require.Len(t, conflicts, 1)
			assert.Equal(t, string(test.ours), string(merged))
		})
	}
}

func TestWhatOneSideChangedIsTaken(t *testing.T) {
	ours, theirs := replaced(t, base, "first", "mine"), replaced(t, base, "func gone() {}", "func kept() {}")
	merged, conflicts, err := edit.Merge([]byte(base), []byte(base), theirs)
	require.NoError(t, err)
	assert.Empty(t, conflicts)
	assert.Equal(t, string(theirs), string(merged))
	merged, _, err = edit.Merge([]byte(base), ours, []byte(base))
	require.NoError(t, err)
	assert.Equal(t, string(ours), string(merged))
	_, _, err = edit.Merge([]byte(base), []byte("package"), theirs)
	require.Error(t, err)
}

func replaced(t *testing.T, text, from, to string) []byte {
	t.Helper()
	require.Contains(t, text, from)
	return []byte(strings.Replace(text, from, to, 1))
}
