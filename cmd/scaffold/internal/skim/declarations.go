package skim

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// form is that of the copies: another one makes them anew.
const form = 3

// cut is a part of a source and what stands in its place.
type cut struct {
	from, to int
	text     string
}

// declarations gives a source with empty functions, without comments, and without the imports that only the functions used,
// and which imports it still has. It type-checks wherever the source did. The names are those of the packages by their paths.
func declarations(source []byte, names map[string]string) (short []byte, imports []string, err error) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, "", source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	at := set.File(parsed.FileStart).Offset
	var cuts []cut
	for _, declared := range parsed.Decls {
		if f, ok := declared.(*ast.FuncDecl); ok && f.Body != nil {
			cuts = append(cuts, cut{at(f.Body.Pos()), at(f.Body.End()), "{for{}}"}) // returns nothing, whatever it should
			f.Body = nil
		}
	}
	used := selected(parsed)
	for _, spec := range parsed.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, nil, err
		}
		if refersTo(spec, path, used, names) {
			imports = append(imports, path)
		} else {
			cuts = append(cuts, cut{at(spec.Pos()), at(spec.End()), `_ "unsafe"`}) // which is always there
		}
	}
	for _, group := range parsed.Comments {
		if group.Pos() < parsed.Package {
			continue // may say for which version of Go it is
		}
		for _, c := range group.List {
			cuts = append(cuts, comment(source, at(c.Pos())))
		}
	}
	return spliced(source, cuts), imports, nil
}

// comment cuts the one that begins there. Its end is looked for, since that of the syntax tree does not count carriage
// returns. One that spans lines ends a statement, as they do; another one separates words.
func comment(source []byte, from int) cut {
	text := source[from:]
	if bytes.HasPrefix(text, []byte("//")) {
		line, _, _ := bytes.Cut(text, []byte("\n"))
		return cut{from, from + len(line), ""}
	}
	inside, _, _ := bytes.Cut(text[2:], []byte("*/"))
	return cut{from, from + 2 + len(inside) + 2, cmp.Or(strings.Repeat("\n", bytes.Count(inside, []byte("\n"))), " ")}
}

// spliced is the source with the cuts made. One within another is not made.
func spliced(source []byte, cuts []cut) []byte {
	slices.SortFunc(cuts, func(a, b cut) int { return cmp.Compare(a.from, b.from) })
	var short bytes.Buffer
	end := 0
	for _, c := range cuts {
		if c.from >= end {
			short.Write(source[end:c.from])
			short.WriteString(c.text)
			end = c.to
		}
	}
	short.Write(source[end:])
	return short.Bytes()
}

// selected are the names that something is selected of: those of the packages in use are among them.
func selected(parsed *ast.File) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(parsed, func(node ast.Node) bool {
		if selector, ok := node.(*ast.SelectorExpr); ok {
			if of, ok := selector.X.(*ast.Ident); ok {
				names[of.Name] = true
			}
		}
		return true
	})
	return names
}

// refersTo tells whether a file may need an import, of which it uses these names.
func refersTo(spec *ast.ImportSpec, path string, used map[string]bool, names map[string]string) bool {
	if spec.Name != nil {
		return spec.Name.Name == "." || used[spec.Name.Name]
	}
	name, known := names[path]
	return !known || used[name]
}
