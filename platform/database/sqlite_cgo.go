//go:build cgo

package database

import (
	"database/sql/driver"
	"errors"
	"net/url"

	"github.com/mattn/go-sqlite3"
)

// sqliteDriver is mattn's, SQLite itself, where there is cgo.
func sqliteDriver() driver.Driver { return &sqlite3.SQLiteDriver{} }

// sqliteParams adds what this driver needs in the URI: nothing.
func sqliteParams(url.Values) {}

// sqliteCode is the extended result code in err's chain, and its text.
func sqliteCode(err error) (code int, text string, ok bool) {
	var answer sqlite3.Error
	if !errors.As(err, &answer) {
		return 0, "", false
	}
	if answer.ExtendedCode != 0 {
		return int(answer.ExtendedCode), answer.Error(), true
	}
	return int(answer.Code), answer.Error(), true
}
