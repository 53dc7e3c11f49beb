package database

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	redisPort    = "6379"
	sentinelPort = "26379"
)

// redisParams are the parameters that a DSN may have, with what each sets.
var redisParams = map[string]func(o *redis.UniversalOptions, values []string) error{
	"addr": func(o *redis.UniversalOptions, values []string) error {
		for _, value := range values {
			host, port, err := net.SplitHostPort(value)
			if err != nil || host == "" || port == "" {
				return errors.New("must be host:port")
			}
			o.Addrs = append(o.Addrs, value)
		}
		return nil
	},
	"cluster": func(o *redis.UniversalOptions, values []string) (err error) {
		if o.IsClusterMode, err = strconv.ParseBool(last(values)); err != nil {
			return errors.New("must be true or false")
		}
		return nil
	},
	"master_name":       func(o *redis.UniversalOptions, v []string) error { o.MasterName = last(v); return nil },
	"sentinel_username": func(o *redis.UniversalOptions, v []string) error { o.SentinelUsername = last(v); return nil },
	"sentinel_password": func(o *redis.UniversalOptions, v []string) error { o.SentinelPassword = last(v); return nil },
	"client_name":       func(o *redis.UniversalOptions, v []string) error { o.ClientName = last(v); return nil },
	"dial_timeout":      timeout(func(o *redis.UniversalOptions) *time.Duration { return &o.DialTimeout }),
	"read_timeout":      timeout(func(o *redis.UniversalOptions) *time.Duration { return &o.ReadTimeout }),
	"write_timeout":     timeout(func(o *redis.UniversalOptions) *time.Duration { return &o.WriteTimeout }),
}

func timeout(field func(*redis.UniversalOptions) *time.Duration) func(*redis.UniversalOptions, []string) error {
	return func(o *redis.UniversalOptions, values []string) error {
		d, err := time.ParseDuration(last(values))
		if err != nil || d <= 0 {
			return errors.New("must be a positive duration such as 500ms")
		}
		*field(o) = d
		return nil
	}
}

func last(values []string) string { return values[len(values)-1] }

// parseRedis reads a DSN. Its errors quote nothing that may be part of a password.
func parseRedis(dsn string) (*redis.UniversalOptions, error) {
	u, err := url.Parse(dsn)
	if err != nil || u.Opaque != "" || u.Scheme != "redis" && u.Scheme != "rediss" {
		return nil, errors.New("is not of the form redis://user:password@host:port/number?parameter=value (rediss:// " +
			"with TLS); signs in a password that are special in a URL are written as %XX")
	}
	o := &redis.UniversalOptions{Username: u.User.Username()}
	o.Password, _ = u.User.Password()
	if u.Scheme == "rediss" {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if u.Hostname() == "" {
		return nil, errors.New("names no host")
	}
	if err := readRedisParams(o, u.RawQuery); err != nil {
		return nil, err
	}
	port := redisPort
	if o.MasterName != "" {
		port = sentinelPort
	}
	if u.Port() != "" {
		port = u.Port()
	}
	o.Addrs = slices.Insert(o.Addrs, 0, net.JoinHostPort(u.Hostname(), port))
	if number := strings.Trim(u.Path, "/"); number != "" {
		if o.DB, err = strconv.Atoi(number); err != nil || o.DB < 0 {
			return nil, errors.New("must name its database by a number: redis://host/0")
		}
	}
	return o, sensible(o)
}

func readRedisParams(o *redis.UniversalOptions, query string) error {
	params, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("has parameters that cannot be read")
	}
	for name, values := range params {
		set, known := redisParams[name]
		if !known {
			return fmt.Errorf("has a parameter that is not known: known are %s", names(redisParams))
		}
		if err := set(o, values); err != nil {
			return fmt.Errorf("has the parameter %s, which %w", name, err)
		}
	}
	return nil
}

// sensible refuses what would be taken for something else.
func sensible(o *redis.UniversalOptions) error {
	switch {
	case o.IsClusterMode && o.MasterName != "":
		return errors.New("has the parameters cluster and master_name: it is one or the other")
	case o.IsClusterMode && o.DB != 0:
		return errors.New("names a database by its number, and a cluster has only number 0")
	case len(o.Addrs) > 1 && !o.IsClusterMode && o.MasterName == "":
		return errors.New("has the parameter addr: that takes cluster=true, or master_name for sentinels")
	case o.MasterName == "" && o.SentinelUsername+o.SentinelPassword != "":
		return errors.New("has parameters for sentinels, and no master_name")
	default:
		return nil
	}
}
