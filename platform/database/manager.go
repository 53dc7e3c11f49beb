package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"gorm.io/gorm"
)

// Manager holds the configured connections.
type Manager struct {
	members []*member // in the order of their names, which is the order of opening
	byName  map[string]*member
	logger  *slog.Logger
	once    sync.Once
	closed  error
}

// member is a connection with its place in the configuration.
type member struct {
	Connection
	cfg Config
}

// Open makes the manager of the configured connections. It does no I/O: connections come up in Start or at first use, so
// a program may build its whole graph, say to print the API document, with no database there. The error joins one for
// each connection that is configured wrongly; each names its key, and none shows a password.
func Open(cfgs Configs, logger *slog.Logger) (*Manager, error) {
	return OpenThrough(cfgs, logger, nil)
}

// Around makes a connector from the one of a driver, of the connection with that name.
type Around func(name string, connector driver.Connector) driver.Connector

// OpenThrough is Open with something between the service and its SQL databases: to record what is sent, or to disturb it.
// Connections of Exclusive on SQLite and MySQL are made without it.
func OpenThrough(cfgs Configs, logger *slog.Logger, around Around) (*Manager, error) {
	m := &Manager{byName: map[string]*member{}, logger: logger}
	var failed []error
	for _, name := range slices.Sorted(maps.Keys(cfgs)) {
		cfg := cfgs[name]
		if cfg.Driver == "" && cfg.DSN == "" {
			if cfg.Required {
				failed = append(failed, fmt.Errorf("databases.%s is required, and has neither driver nor dsn", name))
			}
			continue
		}
		connection, err := open(source{name: name, cfg: cfg, logger: logger, around: around})
		if err != nil {
			failed = append(failed, err)
			continue
		}
		added := &member{Connection: connection, cfg: cfg}
		m.members = append(m.members, added)
		m.byName[name] = added
	}
	if len(failed) > 0 {
		return nil, errors.Join(append(failed, m.Close(context.Background()))...)
	}
	return m, nil
}

// DB is the SQL database with that name. The error of a name that is not configured is ErrNotConfigured, lists those
// that are, and names the keys to set.
func (m *Manager) DB(name string) (*DB, error) { return Lookup[*DB](m, name) }

// SQL is every SQL database, in the order of their names.
func (m *Manager) SQL() []*DB { return All[*DB](m) }

// Or is name when a connection is configured under it, and else fallback: what may have a database of its own and does
// not need one. It connects nothing.
func (m *Manager) Or(name, fallback string) string {
	if _, found := m.byName[name]; found {
		return name
	}
	return fallback
}

// All is every connection of a type, which may be an interface, in the order of their names: All[*ClickHouse](m).
func All[T Connection](m *Manager) []T {
	var all []T
	for _, member := range m.members {
		if connection, fits := member.Connection.(T); fits {
			all = append(all, connection)
		}
	}
	return all
}

// Use installs a gorm plugin, tracing for example, on every handle of every SQL database. Call it before Start.
func (m *Manager) Use(plugin func() gorm.Plugin) error {
	for _, db := range m.SQL() {
		for _, handle := range db.handles() {
			if err := handle.Use(plugin()); err != nil {
				return fmt.Errorf("database %s: %w", db.Name(), err)
			}
		}
	}
	return nil
}

// Required says whether the service cannot run without the connection of that name.
func (m *Manager) Required(name string) bool {
	member, found := m.byName[name]
	return found && member.cfg.required()
}

// Checks is a health check for each connection, and for each replica: <name>_replica_1 and so on. Each probe ends with
// its ctx at the latest.
func (m *Manager) Checks() []Check {
	var checks []Check
	for _, member := range m.members {
		checks = append(checks, Check{Name: member.Name(), Required: member.cfg.required(), Probe: member.Ping})
		if db, isSQL := member.Connection.(*DB); isSQL {
			checks = append(checks, db.replicaChecks()...)
		}
	}
	return checks
}

// Stats describes every pool of every connection at this moment.
func (m *Manager) Stats() []Stats {
	var all []Stats
	for _, member := range m.members {
		all = append(all, member.Stats()...)
	}
	return all
}

// Close closes the connections in the reverse order of opening. It stops waiting for them when ctx ends, with the error
// of ctx. Closing again does nothing and gives the same error.
func (m *Manager) Close(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.once.Do(m.close)
	}()
	select {
	case <-done:
		return m.closed
	case <-ctx.Done():
		return fmt.Errorf("closing the databases: %w", ctx.Err())
	}
}

func (m *Manager) close() {
	var failed []error
	for _, member := range slices.Backward(m.members) {
		if err := member.Close(); err != nil {
			failed = append(failed, fmt.Errorf("closing the database %s: %w", member.Name(), err))
		}
	}
	m.closed = errors.Join(failed...)
}

func (m *Manager) names() string { return names(m.byName) }
