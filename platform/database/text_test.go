package database_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/trellis-go/trellis/platform/database"
)

func TestTextIsClippedToWholeCharacters(t *testing.T) {
	for text, want := range map[string]string{
		"":             "",
		"short":        "short",
		"eight by":     "eight by",
		"eight bytes":  "eight by",
		"日本語":          "日本",
		"caf\xe9 noir": "caf noi",
		"a\x00b":       "ab",
	} {
		assert.Equal(t, want, database.Clip(text, 8), "%q", text)
	}
}
