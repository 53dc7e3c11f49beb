//go:build !cgo

package database

import (
	"database/sql/driver"
	"errors"
	"net/url"

	"modernc.org/sqlite"
)

// sqliteDriver is modernc's, SQLite translated to Go, where there is no cgo.
func sqliteDriver() driver.Driver { return &sqlite.Driver{} }

// sqliteParams makes this driver write and read times as the other one does.
func sqliteParams(params url.Values) {
	params.Set("_time_format", "sqlite")
	params.Set("_timezone", "UTC")
}

// sqliteCode is the extended result code in err's chain, and its text.
func sqliteCode(err error) (code int, text string, ok bool) {
	var answer *sqlite.Error
	if !errors.As(err, &answer) {
		return 0, "", false
	}
	return answer.Code(), answer.Error(), true
}
