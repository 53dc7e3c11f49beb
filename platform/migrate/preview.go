package migrate

import (
	"context"
	"fmt"
	"io/fs"
	"path"

	"github.com/trellis-go/trellis/platform/migrate/script"
)

// Step is one file that a change would run at one database.
type Step struct {
	Database    string
	Name        string // of the file
	Up          bool
	Transaction bool // all of it is undone when a statement fails, where the engine can
	Statements  []script.Statement
}

// Preview gives what Apply would run, in its order. It waits its turn as Apply does, for which ClickHouse
// and Oracle get a table when they have none, and only reads.
func (m *Migrator) Preview(ctx context.Context, change Change) ([]Step, error) {
	var steps []Step
	for _, db := range m.databases() {
		err := m.run(ctx, db, func(ctx context.Context, t *target) error {
			current, err := t.state(ctx)
			if err != nil {
				return err
			}
			for _, move := range change(current) {
				step, err := t.step(move)
				if err != nil {
					return err
				}
				steps = append(steps, step)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return steps, nil
}

func (t *target) step(move move) (Step, error) {
	for _, source := range t.provider.ListSources() {
		if source.Version != move.version {
			continue
		}
		name := path.Base(source.Path)
		text, err := fs.ReadFile(t.folder, source.Path)
		if err != nil {
			return Step{}, err
		}
		read, err := script.Parse(string(text))
		if err != nil {
			return Step{}, fmt.Errorf("%s: %w", name, err)
		}
		step := Step{
			Database: t.db.Name(), Name: name, Up: move.up, Statements: read.Down,
			Transaction: read.Transaction && t.db.Driver() != "clickhouse",
		}
		if move.up {
			step.Statements = read.Up
		}
		return step, nil
	}
	return Step{}, fmt.Errorf("the version %d is applied, and there is no file of it", move.version)
}
