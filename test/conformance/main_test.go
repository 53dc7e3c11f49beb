package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/test/testkit"
)

const frame = "# Title\n" + begins + "old\n" + ends + "rest\n"

// files are a book of what was shown, and a page.
func files(t *testing.T, lines ...string) (book, page string) {
	t.Helper()
	folder := t.TempDir()
	book, page = filepath.Join(folder, "book"), filepath.Join(folder, "page.md")
	require.NoError(t, os.WriteFile(book, []byte(strings.Join(lines, "\n")), 0o600))
	require.NoError(t, os.WriteFile(page, []byte(frame), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "ci.yml"), []byte("env:\n  "+testkit.OracleVariable+": x\n"), 0o600))
	return book, page
}

func TestTheTableSaysWhatWasShownAndWhatWasNot(t *testing.T) {
	book, page := files(t,
		`{"Engine":"mysql","Aspect":"connect","How":"live","Test":"A"}`,
		`{"Engine":"oracle","Aspect":"contract suite","How":"elsewhere","Test":"B"}`,
		`{"Engine":"oracle","Aspect":"contract suite","How":"recorded","Test":"C"}`,
		`{"Engine":"clickhouse native","Aspect":"connect","How":"elsewhere","Test":"D"}`)
	require.NoError(t, run([]string{book, page, filepath.Dir(page)}, io.Discard))
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Contains(t, string(text), "| MySQL, MariaDB | live | **not shown** | **not shown** | **not shown** | **not shown** |\n")
	assert.Contains(t, string(text), "| Oracle | **not shown** | **not shown** | recorded statements; live in the workflow | ")
	assert.Contains(t, string(text), "| ClickHouse, HTTP | **not shown** | **not shown** | **not shown** | the engine has none | **not shown** |\n")
	assert.Contains(t, string(text), "| ClickHouse, native protocol | **not shown** |", "no workflow has the server")
	assert.True(t, strings.HasPrefix(string(text), "# Title\n"+begins+"| engine | connect |"))
	assert.True(t, strings.HasSuffix(string(text), ends+"rest\n"))
	assert.NotContains(t, string(text), "old")
}

func TestACheckFailsOnAnotherTableAndChangesNothing(t *testing.T) {
	book, page := files(t, `{"Engine":"mysql","Aspect":"connect","How":"live","Test":"A"}`)
	var out strings.Builder
	require.ErrorContains(t, run([]string{"--check", book, page, filepath.Dir(page)}, &out), "run make conformance")
	assert.Contains(t, out.String(), "| MySQL, MariaDB | live |")
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Equal(t, frame, string(text))
	require.NoError(t, run([]string{book, page, filepath.Dir(page)}, io.Discard))
	assert.NoError(t, run([]string{"--check", book, page, filepath.Dir(page)}, io.Discard))
}

func TestWhatCannotBeReadIsSaid(t *testing.T) {
	book, page := files(t, "{")
	require.Error(t, run([]string{book, page, filepath.Dir(page)}, io.Discard))
	require.ErrorContains(t, run([]string{"nowhere", page, "."}, io.Discard), "run make test-integration")
	require.ErrorContains(t, run([]string{page}, io.Discard), "give the file")
	book, _ = files(t)
	require.ErrorContains(t, run([]string{book, book, "."}, io.Discard), "no place for the table")
}

// The marks as tests use them.

func shownBy(t *testing.T, run func(t *testing.T)) []testkit.Shown {
	t.Helper()
	book := filepath.Join(t.TempDir(), "book")
	t.Setenv(testkit.ConformanceVariable, book)
	t.Run("test", run)
	if _, err := os.Stat(book); os.IsNotExist(err) {
		return nil
	}
	shown, err := read(book)
	require.NoError(t, err)
	return shown
}

func TestATestShowsItsAspectsOfEveryEngineItRunsOn(t *testing.T) {
	shown := shownBy(t, func(t *testing.T) {
		testkit.Shows(t, testkit.Connect, testkit.Failure)
		t.Run("one", func(t *testing.T) { testkit.RunsOn(t, "mysql", testkit.Live) })
		testkit.RunsOn(t, "oracle", testkit.Recorded)
	})
	name := t.Name() + "/test"
	assert.ElementsMatch(t, []testkit.Shown{
		{Engine: "mysql", Aspect: testkit.Connect, How: testkit.Live, Test: name + "/one"},
		{Engine: "mysql", Aspect: testkit.Failure, How: testkit.Live, Test: name + "/one"},
		{Engine: "oracle", Aspect: testkit.Connect, How: testkit.Recorded, Test: name},
		{Engine: "oracle", Aspect: testkit.Failure, How: testkit.Recorded, Test: name},
	}, shown)
}

func TestATestThatSaysNothingOrIsSkippedShowsNothing(t *testing.T) {
	assert.Empty(t, shownBy(t, func(t *testing.T) { testkit.RunsOn(t, "mysql", testkit.Live) }))
	shown := shownBy(t, func(t *testing.T) {
		testkit.Shows(t, testkit.Connect)
		for engine, how := range map[string]testkit.How{"mysql": testkit.Live, "oracle": testkit.Elsewhere} {
			testkit.RunsOn(skipped{TB: t}, engine, how)
		}
	})
	require.Len(t, shown, 1, "what is elsewhere is shown there")
	assert.Equal(t, "oracle", shown[0].Engine)
}

// skipped is a test that was skipped.
type skipped struct{ testing.TB }

func (skipped) Skipped() bool { return true }

func TestATestThatFailsShowsNothing(t *testing.T) {
	assert.Empty(t, shownBy(t, func(t *testing.T) {
		testkit.Shows(t, testkit.Connect)
		testkit.RunsOn(failed{TB: t}, "mysql", testkit.Live)
	}))
}

// failed is a test that failed.
type failed struct{ testing.TB }

func (failed) Failed() bool { return true }
