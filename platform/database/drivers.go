package database

import (
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
)

// source is what a driver gets to open a connection: all of it checked for presence, none of it for sense.
type source struct {
	name   string
	cfg    Config
	logger *slog.Logger
	tls    *tls.Config // nil when the section tls has nothing
	around Around
}

// through is a driver's connector, or what OpenThrough puts around it.
func (s source) through(connector driver.Connector) driver.Connector {
	if s.around == nil {
		return connector
	}
	return s.around(s.name, connector)
}

// opener makes a connection without touching the network or the disk. Its error is about the DSN and never repeats it.
type opener func(source) (Connection, error)

// drivers is the table of all drivers. A new one is a line here and a file of its own.
func drivers() map[string]opener {
	return map[string]opener{
		"clickhouse": openClickHouse,
		"mysql":      openMySQL,
		"oracle":     openOracle,
		"redis":      openRedis,
		"sqlite":     openSQLite,
	}
}

func open(src source) (Connection, error) {
	key := "databases." + src.name
	table := drivers()
	opens, known := table[src.cfg.Driver]
	switch {
	case src.cfg.Driver == "":
		return nil, fmt.Errorf("%s.driver is not set: give one of %s", key, names(table))
	case !known:
		return nil, fmt.Errorf("%s.driver is %q: it must be one of %s", key, src.cfg.Driver, names(table))
	case src.cfg.DSN == "":
		return nil, fmt.Errorf("%s.dsn is not set", key)
	}
	var err error
	if src.tls, err = src.cfg.TLS.config(); err != nil {
		return nil, fmt.Errorf("%s.%w", key, err)
	}
	if len(src.cfg.Replicas) > 0 && src.cfg.Driver != "mysql" {
		return nil, fmt.Errorf("%s.replicas: %s reads from none", key, src.cfg.Driver)
	}
	connection, err := opens(src)
	var replica *replicaError
	if errors.As(err, &replica) {
		return nil, fmt.Errorf("%s.%w", key, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s.dsn: %w", key, err)
	}
	return connection, nil
}

// names lists the keys of a table for a message.
func names[V any](table map[string]V) string {
	if len(table) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(table)), ", ")
}
