package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/cmd/scaffold/internal/plan"
	"github.com/trellis-go/trellis/cmd/scaffold/internal/project"
)

func TestWhoIsAskedIsToldWhatIsWrongAndAskedAgain(t *testing.T) {
	p, err := project.Open(".")
	require.NoError(t, err)
	staged, err := plan.New(p, time.Now())
	require.NoError(t, err)
	var said strings.Builder
	answers := strings.NewReader("catalog\nproducts\nwidget\nsize:strin\nsize:string,ready:bool\n1\n0\n")
	asked := wanted{database: "primary"}
	require.NoError(t, questions{oneByOne{answers}, &said, true}.ask(t.Context(), staged, &asked))
	assert.Equal(t, wanted{name: "widget", fields: "size:string,ready:bool", database: "primary", versions: "v1,v2"}, asked)
	assert.Contains(t, said.String(), "there is a module catalog already")
	assert.Contains(t, said.String(), "name it in the singular, product")
	assert.Contains(t, said.String(), "did you mean string?")
}

// oneByOne gives a letter at a time, as a terminal does, so that no question reads the answers to the next.
type oneByOne struct{ *strings.Reader }

func (o oneByOne) Read(p []byte) (int, error) { return o.Reader.Read(p[:1]) }
