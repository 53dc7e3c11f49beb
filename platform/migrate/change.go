package migrate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// Change says what is to happen to a database, from what it is in: Up, Down, Redo or To.
type Change func(state) []move

// move runs one file.
type move struct {
	version int64
	up      bool
}

// state is what a database has and lacks.
type state struct {
	files   []int64 // the versions that there are files of, ascending
	applied []int64 // the newest in time first
}

func (s state) has(version int64) bool { return slices.Contains(s.applied, version) }

// Up applies everything that is pending.
func Up() Change {
	return func(s state) []move {
		var moves []move
		for _, version := range s.files {
			if !s.has(version) {
				moves = append(moves, move{version, true})
			}
		}
		return moves
	}
}

// Down takes back the migration that was applied last; nothing when none is.
func Down() Change {
	return func(s state) []move {
		if len(s.applied) == 0 {
			return nil
		}
		return []move{{s.applied[0], false}}
	}
}

// Redo takes back the last migration and applies it again, to try out a file that is being written.
func Redo() Change {
	return func(s state) []move {
		moves := Down()(s)
		if len(moves) == 0 {
			return nil
		}
		return append(moves, move{moves[0].version, true})
	}
}

// To makes a version the last that is applied: it takes back what is above, the newest first, and applies what is pending
// up to it. 0 takes back everything. A version that no file of the migrator's databases has is refused.
func (m *Migrator) To(version int64) (Change, error) {
	if err := m.known(version); err != nil {
		return nil, err
	}
	return func(s state) []move {
		var moves []move
		for _, applied := range s.applied {
			if applied > version {
				moves = append(moves, move{applied, false})
			}
		}
		return append(moves, slices.DeleteFunc(Up()(s), func(up move) bool { return up.version > version })...)
	}, nil
}

// ErrSeveral refuses a change that takes something back and is not one database's alone.
var ErrSeveral = errors.New("it takes migrations back, and would change more than one database")

// OfOne makes sure that a change which takes something back means one database, and is ErrSeveral with the names
// otherwise: the last migrations of two need not belong together, and what one of them loses by it is gone. Only chooses.
func (m *Migrator) OfOne(ctx context.Context, change Change) error {
	var names []string
	back := false
	for _, db := range m.databases() {
		err := m.run(ctx, db, func(ctx context.Context, t *target) error {
			current, err := t.state(ctx)
			if err != nil {
				return err
			}
			moves := change(current)
			if len(moves) > 0 {
				names = append(names, db.Name())
			}
			back = back || slices.ContainsFunc(moves, func(one move) bool { return !one.up })
			return nil
		})
		if err != nil {
			return err
		}
	}
	if back && len(names) > 1 {
		return fmt.Errorf("%w: %s", ErrSeveral, strings.Join(names, ", "))
	}
	return nil
}

// known makes sure that a version is not a slip of the pen.
func (m *Migrator) known(version int64) error {
	if version == 0 {
		return nil
	}
	for _, db := range m.databases() {
		names, err := fs.Glob(m.files, db.Driver()+"/"+"*.sql")
		if err != nil {
			return err
		}
		for _, name := range names {
			number, _, _ := strings.Cut(strings.TrimPrefix(name, db.Driver()+"/"), "_")
			if found, err := strconv.ParseInt(number, 10, 64); err == nil && found == version {
				return nil
			}
		}
	}
	return fmt.Errorf("no migration has the version %d: server migrate status lists them", version)
}
