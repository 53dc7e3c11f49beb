package database

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

const clickhouseForm = "is not of the form clickhouse://user:password@host:9000/database?parameter=value, " +
	"or the same with http://host:8123 or https://host:8443"

// clickhouseOptions is the DSN with everything that must not vary between installations set. The scheme chooses the
// protocol: clickhouse is the native one, with TLS when secure=true or the section tls is there; http and https are HTTP.
func clickhouseOptions(src source) (*clickhouse.Options, error) {
	options, err := parseClickHouse(src.cfg.DSN.Reveal())
	if err != nil {
		return nil, err
	}
	if src.tls != nil {
		if options.Protocol == clickhouse.HTTP && options.TLS == nil {
			return nil, errors.New("is http, and the section tls is set: https is what it needs")
		}
		options.TLS = src.tls
	}
	pool := src.cfg.Pool
	options.MaxOpenConns = cmp.Or(pool.MaxOpen, serverMaxOpen)
	options.MaxIdleConns = cmp.Or(pool.MaxIdle, options.MaxOpenConns)
	options.ConnMaxLifetime = cmp.Or(pool.MaxLifetime, serverMaxLifetime)
	options.DialTimeout = cmp.Or(options.DialTimeout, clickhouseDialTimeout)
	if options.Compression == nil {
		options.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	}
	options.Logger = slog.New(slog.DiscardHandler) // errors are returned; debug=true would write to the standard output
	options.ClientInfo.Products = append(options.ClientInfo.Products, struct{ Name, Version string }{"trellis", ""})
	if options.Protocol == clickhouse.HTTP {
		// A client that has gone shows on the native protocol by itself.
		options.Settings["cancel_http_readonly_queries_on_client_close"] = 1
	}
	return options, nil
}

// parseClickHouse reads a DSN. Its errors quote nothing of it.
func parseClickHouse(dsn string) (*clickhouse.Options, error) {
	scheme, _, found := strings.Cut(dsn, "://")
	switch {
	case !found:
		return nil, errors.New(clickhouseForm)
	case scheme == "https":
		dsn = withParameter(dsn, "secure=true") // the driver insists on it
	case scheme != "clickhouse" && scheme != "http":
		return nil, fmt.Errorf("begins with none of clickhouse://, http:// and https://: it %s", clickhouseForm)
	}
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		return nil, errors.New(clickhouseForm) // the driver's error may quote a part that is secret
	}
	if options.Auth.Database == "" {
		return nil, errors.New("names no database: it must end in /name, before any parameters")
	}
	if options.TLS != nil {
		options.TLS.MinVersion = tls.VersionTLS12
	}
	return options, nil
}

func withParameter(dsn, parameter string) string {
	if strings.Contains(dsn, "?") {
		return dsn + "&" + parameter
	}
	return dsn + "?" + parameter
}
