package migrate

import (
	"context"
	"path"
	"slices"
	"time"
)

// Status is one migration at one database.
type Status struct {
	Database string    // the first name, in the alphabet, under which the database is configured
	Version  int64     // the number that the file's name begins with
	Name     string    // of the file; empty when it was applied and there is no such file any more
	Applied  time.Time // when, in UTC; zero when it is pending
	Late     bool      // pending below a version that is applied: it would be applied out of order
}

// Pending says that the migration was not applied yet.
func (s Status) Pending() bool { return s.Applied.IsZero() }

// Status lists every migration of every database, by database and version. It changes nothing but
// what a turn takes: see Preview.
func (m *Migrator) Status(ctx context.Context) ([]Status, error) {
	var all []Status
	for _, db := range m.databases() {
		err := m.run(ctx, db, func(ctx context.Context, t *target) error {
			list, err := t.status(ctx)
			all = append(all, list...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Pending counts the migrations that are not applied, of all databases. It waits for a process that is applying them:
// ask at start-up, not in a health check.
func (m *Migrator) Pending(ctx context.Context) (int, error) {
	pending := 0
	for _, db := range m.databases() {
		err := m.run(ctx, db, func(ctx context.Context, t *target) error {
			current, err := t.state(ctx)
			pending += len(Up()(current))
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return pending, nil
}

// state reads what is applied. A database that was never migrated has no table of versions, and gets none by being read.
func (t *target) state(ctx context.Context) (state, error) {
	var current state
	for _, source := range t.provider.ListSources() {
		current.files = append(current.files, source.Version)
	}
	tables, err := t.db.Tables(ctx)
	if err != nil || !slices.Contains(tables, Table) {
		return current, err
	}
	rows, err := t.store.ListMigrations(ctx, t.pool)
	for _, row := range rows {
		if row.Version > 0 && row.IsApplied {
			current.applied = append(current.applied, row.Version)
		}
	}
	return current, err
}

// status is state with times and names.
func (t *target) status(ctx context.Context) ([]Status, error) {
	current, err := t.state(ctx)
	if err != nil {
		return nil, err
	}
	names := map[int64]string{}
	for _, source := range t.provider.ListSources() {
		names[source.Version] = path.Base(source.Path)
	}
	versions := append(slices.Clone(current.files), current.applied...)
	slices.Sort(versions)
	var list []Status
	for _, version := range slices.Compact(versions) {
		one := Status{Database: t.db.Name(), Version: version, Name: names[version]}
		if current.has(version) {
			row, err := t.store.GetMigration(ctx, t.pool, version)
			if err != nil {
				return nil, err
			}
			one.Applied = row.Timestamp.UTC()
		} else {
			one.Late = len(current.applied) > 0 && version < slices.Max(current.applied)
		}
		list = append(list, one)
	}
	return list, nil
}
