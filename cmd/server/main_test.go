package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAWrongCommandLineHasItsOwnExitCode(t *testing.T) {
	inFolder(t)
	for _, args := range [][]string{
		{"sevre"}, {"sevre", "--no-worker"}, {"--nothing"}, {"serve", "now"}, {"worker", "now"}, {"config", "x"}, {"openapi", "v1"},
		{"routes", "x"}, {"version", "x"}, {"migrate", "x"}, {"deadletters", "x"}, {"user", "x"},
	} {
		var out, errs bytes.Buffer
		assert.Equal(t, 2, run(t.Context(), args, &out, &errs), "%v: %s", args, errs.String())
		assert.Empty(t, out.String(), args)
	}
}

func TestAnUnknownCommandIsAnsweredWithThoseThatAreLikeIt(t *testing.T) {
	for _, args := range [][]string{{"sevre"}, {"--env", "test", "sevre"}, {"sevre", "--no-worker"}} {
		var out, errs bytes.Buffer
		run(t.Context(), args, &out, &errs)
		assert.Equal(t, "error: server has no command \"sevre\": did you mean serve?\n", errs.String())
	}
}

func TestTheProgramAloneTellsItsCommands(t *testing.T) {
	var out, errs bytes.Buffer
	assert.Equal(t, 0, run(t.Context(), nil, &out, &errs), errs.String())
	assert.Contains(t, out.String(), "deadletters")
}
