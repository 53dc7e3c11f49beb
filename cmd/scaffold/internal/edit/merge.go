package edit

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// Conflict is a declaration that was changed on both sides in ways that do not go together.
type Conflict struct{ Declaration, Ours, Theirs string }

// Merge brings the changes between base and theirs into ours, declaration by declaration, and line by line within one that
// both have changed. Of a conflict, ours stays. The result is what gofmt writes.
func Merge(base, ours, theirs []byte) ([]byte, []Conflict, error) {
	if string(ours) == string(base) {
		return theirs, nil, nil
	}
	if string(theirs) == string(base) || string(theirs) == string(ours) {
		return ours, nil, nil
	}
	var sides [3]parts
	for i, source := range [][]byte{base, ours, theirs} {
		var err error
		if sides[i], err = declarations(source); err != nil {
			return nil, nil, err
		}
	}
	m := merger{base: sides[0], ours: sides[1], theirs: sides[2]}
	merged, err := format.Source([]byte(m.run()))
	return merged, m.conflicts, err
}

// parts are the declarations of a file in their order, each with the comments before it.
type parts struct {
	keys []string
	text map[string]string
}

func (p parts) has(key string) bool { _, ok := p.text[key]; return ok }

// declarations cuts a file into the package clause and its declarations.
func declarations(source []byte) (parts, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return parts{}, err
	}
	p := parts{text: map[string]string{}}
	add := func(key, text string) {
		for n := 2; p.has(key); n++ {
			key = fmt.Sprintf("%s (%d)", key, n)
		}
		p.keys = append(p.keys, key)
		p.text[key] = text
	}
	at := set.Position(file.Name.End()).Offset
	add("package", string(source[:at]))
	for _, declaration := range file.Decls {
		end := lineEnd(source, set.Position(declaration.End()).Offset)
		add(keyOf(declaration), string(source[at:end]))
		at = end
	}
	if rest := string(source[at:]); strings.TrimSpace(rest) != "" {
		add("the end of the file", rest)
	}
	return p, nil
}

// lineEnd is the end of the line, for a comment behind a declaration to stay with it.
func lineEnd(source []byte, at int) int {
	for at < len(source) && source[at] != '\n' {
		at++
	}
	return at
}

func keyOf(declaration ast.Decl) string {
	function, ok := declaration.(*ast.FuncDecl)
	if ok && function.Recv != nil && len(function.Recv.List) == 1 {
		return "func (" + typeName(function.Recv.List[0].Type) + ") " + function.Name.Name
	}
	if ok {
		return "func " + function.Name.Name
	}
	general, ok := declaration.(*ast.GenDecl)
	if !ok || len(general.Specs) == 0 {
		return "declaration"
	}
	switch spec := general.Specs[0].(type) {
	case *ast.TypeSpec:
		return "type " + spec.Name.Name
	case *ast.ValueSpec:
		return general.Tok.String() + " " + spec.Names[0].Name
	default:
		return general.Tok.String()
	}
}

func typeName(expression ast.Expr) string {
	switch kind := expression.(type) {
	case *ast.StarExpr:
		return typeName(kind.X)
	case *ast.Ident:
		return kind.Name
	case *ast.IndexExpr:
		return typeName(kind.X)
	default:
		return "type"
	}
}

type merger struct {
	base, ours, theirs parts
	conflicts          []Conflict
}

// run follows the order of ours; what theirs has added comes behind what stands before it there.
func (m *merger) run() string {
	var keys []string
	text := map[string]string{}
	for _, key := range m.ours.keys {
		if kept, ok := m.one(key); ok {
			keys = append(keys, key)
			text[key] = kept
		}
	}
	for i, key := range m.theirs.keys {
		if m.base.has(key) || m.ours.has(key) {
			m.gone(key)
			continue
		}
		at := len(keys)
		for j := i - 1; j >= 0; j-- {
			if found := slices.Index(keys, m.theirs.keys[j]); found >= 0 {
				at = found + 1
				break
			}
		}
		keys = slices.Insert(keys, at, key)
		text[key] = m.theirs.text[key]
	}
	var out strings.Builder
	for _, key := range keys {
		out.WriteString(text[key])
	}
	out.WriteString("\n")
	return out.String()
}

// gone looks at a declaration that ours has taken out and theirs has: it stays out, unless theirs has changed it.
func (m *merger) gone(key string) {
	if !m.ours.has(key) && !same(m.base.text[key], m.theirs.text[key]) {
		m.conflict(key)
	}
}

// one merges a declaration of ours; it is not kept when theirs has taken it out.
func (m *merger) one(key string) (text string, kept bool) {
	base, ours, theirs := m.base.text[key], m.ours.text[key], m.theirs.text[key]
	switch {
	case !m.base.has(key) && !m.theirs.has(key): // added by hand
		return ours, true
	case !m.theirs.has(key):
		if !same(base, ours) {
			m.conflict(key)
			return ours, true
		}
		return "", false
	case same(ours, theirs), same(base, theirs):
		return ours, true
	case same(base, ours):
		return theirs, true
	}
	merged, ok := mergeLines(lines(base), lines(ours), lines(theirs))
	if !ok {
		m.conflict(key)
		return ours, true
	}
	return strings.Join(merged, "\n"), true
}

func (m *merger) conflict(key string) {
	m.conflicts = append(m.conflicts, Conflict{key, m.ours.text[key], m.theirs.text[key]})
}

func same(a, b string) bool { return slices.Equal(lines(a), lines(b)) }

var alignment = regexp.MustCompile(`(\S) {2,}|\t+`)

// lines are those of a text without the alignment that gofmt gives them: a longer name beside a line does not change it.
func lines(text string) []string {
	all := strings.Split(text, "\n")
	for i, line := range all {
		indent := line[:len(line)-len(strings.TrimLeft(line, "\t"))]
		if !strings.ContainsAny(line, "\"`") {
			all[i] = indent + alignment.ReplaceAllString(line[len(indent):], "$1 ")
			continue
		}
		all[i] = indent + collapse(line[len(indent):])
	}
	return all
}

// collapse takes the alignment out of a line that has texts, and leaves those as they are.
func collapse(line string) string {
	var out strings.Builder
	var quote byte
	for i := 0; i < len(line); i++ {
		letter := line[i]
		switch {
		case quote != 0:
			if letter == '\\' && quote == '"' && i+1 < len(line) {
				out.WriteByte(letter)
				i++
				letter = line[i]
			} else if letter == quote {
				quote = 0
			}
		case letter == '"' || letter == '`':
			quote = letter
		case letter == ' ' && i > 0 && line[i-1] == ' ':
			continue
		}
		out.WriteByte(letter)
	}
	return out.String()
}
