package testkit

import (
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// ConformanceVariable names the environment variable with the file to which tests add what they have shown, a line of JSON
// each. The table in the README is made of it: make conformance.
const ConformanceVariable = "TRELLIS_TEST_CONFORMANCE"

// Aspect is what a test shows of an engine.
type Aspect string

// The aspects, which are the columns of the table.
const (
	Connect      Aspect = "connect"
	Migrate      Aspect = "migrate"
	Repositories Aspect = "contract suite"
	Transactions Aspect = "transactions"
	Failure      Aspect = "failure"
)

// How says on what a test has run.
type How string

// The ways, from what is nearest to operation.
const (
	Live      How = "live"      // a server, or the engine itself in the process
	Elsewhere How = "elsewhere" // a server that is there in the workflow alone, whether or not it was there now
	Recorded  How = "recorded"  // every statement, written down and checked
)

// Shown is one line of the file.
type Shown struct {
	Engine string
	Aspect Aspect
	How    How
	Test   string
}

// showing are the aspects of the tests that run, by their names.
var showing sync.Map

// Shows says what a test shows of every engine that it takes from this package after that, once it has passed:
//
//	testkit.Shows(t, testkit.Transactions)
//	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) { … })
func Shows(t testing.TB, aspects ...Aspect) {
	t.Helper()
	showing.Store(t.Name(), aspects)
	t.Cleanup(func() { showing.Delete(t.Name()) })
}

// RunsOn notes that a test, or one that it is part of, which says what it shows, runs on an engine. Whatever gives tests an
// engine calls it, before it skips one that is not there.
func RunsOn(t testing.TB, engine string, how How) {
	t.Helper()
	file := os.Getenv(ConformanceVariable)
	if file == "" {
		return
	}
	for name := t.Name(); name != ""; name, _ = cutLast(name) {
		aspects, _ := showing.Load(name)
		list, _ := aspects.([]Aspect)
		for _, aspect := range list {
			t.Cleanup(func() { note(t, file, Shown{engine, aspect, how, t.Name()}) })
		}
	}
}

func cutLast(name string) (before, after string) {
	if at := strings.LastIndex(name, "/"); at >= 0 {
		return name[:at], name[at+1:]
	}
	return "", name
}

// note adds a line, unless the test did not pass.
func note(t testing.TB, file string, shown Shown) {
	t.Helper()
	if t.Failed() || t.Skipped() && shown.How != Elsewhere {
		return
	}
	line, err := json.Marshal(shown)
	require.NoError(t, err)
	book, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = book.Write(append(line, '\n'))
	require.NoError(t, err)
	require.NoError(t, book.Close())
}
