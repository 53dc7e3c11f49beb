package testkit

import (
	"database/sql/driver"
	"flag"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
)

// update makes Contract write what was sent to Oracle, for the review to see, instead of comparing it.
var update = flag.Bool("update", false, "write the golden files of statements for Oracle")

// Suite is what a repository promises, as scenarios by name. A scenario makes its ids, names and times up once and for
// all, since it is run twice and must say the same both times.
type Suite map[string]func(t *testing.T, m *database.Manager)

// Scenarios makes a suite of scenarios that all tell of one thing, such as a repository, which open makes on their database.
func Scenarios[T any](open func(t *testing.T, m *database.Manager) T, all map[string]func(*testing.T, T)) Suite {
	suite := Suite{}
	for name, scenario := range all {
		suite[name] = func(t *testing.T, m *database.Manager) { scenario(t, open(t, m)) }
	}
	return suite
}

// Contract runs a suite on every engine, each scenario on a fresh database with the program's migrations, and on a
// recorder in the place of Oracle: that answers what SQLite has answered to the same scenario, and its statements, all of
// them distinct, must be those in the files of testdata/oracle. -update writes these.
func Contract(t *testing.T, suite Suite) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(suite)) {
		t.Run(name, func(t *testing.T) { EachEngine(t, suite[name]) })
	}
	t.Run("oracle, recorded", func(t *testing.T) {
		sent, ran := statements{}, 0
		for _, name := range slices.Sorted(maps.Keys(suite)) {
			t.Run(name, func(t *testing.T) {
				ran++
				sent.add(t, recorded(t, suite[name]))
			})
		}
		sent.compare(t, "testdata/oracle", ran == len(suite))
	})
}

// recorded runs a scenario on SQLite and then on the recorder, and gives what that was sent.
func recorded(t *testing.T, scenario func(t *testing.T, m *database.Manager)) []Statement {
	t.Helper()
	RunsOn(t, "oracle", Recorded)
	tape := &tape{answers: map[string][]*answer{}}
	cfg := database.Configs{Name: {Driver: "sqlite", DSN: config.DSN(migratedFile(t))}}
	scenario(t, through(t, cfg, tape.record))
	recorder := &Recorder{reply: tape.reply}
	scenario(t, through(t, oracleRecording(), func(string, driver.Connector) driver.Connector { return recorder }))
	assert.Empty(t, tape.rest())
	return recorder.Sent()
}
