package skim

import (
	"go/format"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDeclarations(t *testing.T) {
	names := map[string]string{"fmt": "fmt", "gopkg.in/yaml.v3": "yaml", "slices": "slices"}
	for name, c := range map[string]struct{ source, want string }{
		"a function is empty, and an import of its own gone": {
			"package p\n\nimport \"fmt\"\n\nfunc F() string { return fmt.Sprint(1) }\n",
			"package p\n\nimport _ \"unsafe\"\n\nfunc F() string {\n\tfor {\n\t}\n}\n",
		},
		"an import of a declaration stays, by the name of its package": {
			"package p\n\nimport \"gopkg.in/yaml.v3\"\n\nfunc F(*yaml.Node) {}\n",
			"package p\n\nimport \"gopkg.in/yaml.v3\"\n\nfunc F(*yaml.Node) {\n\tfor {\n\t}\n}\n",
		},
		"one that is renamed goes by its name": {
			"package p\n\nimport (\n\tfmt \"slices\"\n\tslices \"fmt\"\n)\n\nvar V fmt.X\n",
			"package p\n\nimport (\n\tfmt \"slices\"\n\t_ \"unsafe\"\n)\n\nvar V fmt.X\n",
		},
		"variables keep what they are set to": {
			"package p\n\nimport \"fmt\"\n\nvar V = func() string { return fmt.Sprint(1) }()\n",
			"package p\n\nimport \"fmt\"\n\nvar V = func() string { return fmt.Sprint(1) }()\n",
		},
		"an unknown import, a dot and what stands before the package stay": {
			"//go:build go1.21\n\n// Package p is.\npackage p\n\nimport (\n\t. \"fmt\"\n\t\"unknown\"\n)\n\nvar V Stringer\n",
			"//go:build go1.21\n\n// Package p is.\npackage p\n\nimport (\n\t. \"fmt\"\n\t\"unknown\"\n)\n\nvar V Stringer\n",
		},
		"comments go, and still end what they ended": {
			"package p\n\n// T is.\ntype T int /* so\nit */ type U int // is\n\nfunc (T) M() /* quiet */ { /* empty */ }\n",
			"package p\n\ntype T int\ntype U int\n\nfunc (T) M() {\n\tfor {\n\t}\n}\n",
		},
		"lines may end as on Windows, and comments stand between words": {
			"package p\r\n\r\n/* one\r\ntwo\r\n*/\r\n// three\r\nvar/**/V/*is*/int\r\n",
			"package p\n\nvar V int\n",
		},
		"what has no function body has none": {
			"package p\n\nimport _ \"unsafe\"\n\nfunc F() int\n",
			"package p\n\nimport _ \"unsafe\"\n\nfunc F() int\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			short, imports, err := declarations([]byte(c.source), names)
			require.NoError(t, err)
			formatted, err := format.Source(short)
			require.NoError(t, err)
			assert.Equal(t, c.want, string(formatted))
			assert.ElementsMatch(t, imported(t, c.want), append(imports, "unsafe"))
		})
	}
	_, _, err := declarations([]byte("package p\n\nfunc F( {\n"), names)
	assert.Error(t, err)
}

func imported(t *testing.T, source string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "", source, parser.ImportsOnly)
	require.NoError(t, err)
	paths := []string{"unsafe"}
	for _, spec := range parsed.Imports {
		if spec.Path.Value != `"unsafe"` {
			paths = append(paths, strings.Trim(spec.Path.Value, `"`))
		}
	}
	return paths
}
