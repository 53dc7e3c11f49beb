package id_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/trellis-go/trellis/platform/id"
)

func TestIdentifiersGrow(t *testing.T) {
	last := ""
	for range 10_000 {
		next := id.New()
		assert.Greater(t, next, last)
		last = next
	}
}

func TestOnlyOneTextFormIsValid(t *testing.T) {
	assert.True(t, id.Valid(id.New()))
	for _, text := range []string{
		"", "x", "0198c2a47b1e7c3a9f105d2b6a8e4c01", "{0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c01}", "0198c2a4-7b1e-7c3a-9f10-5d2b6a8e4c0g",
	} {
		assert.False(t, id.Valid(text), text)
	}
}
