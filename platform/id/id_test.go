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
