// Package migrations holds the SQL that brings a database to the schema this program works with: one folder for each
// engine, named as its driver, with goose files named <yyyymmddhhmmss>_<what>.sql. A change of the schema is a new file
// in every folder; a file that has been released is never edited. platform/migrate applies them.
package migrations

import "embed"

// Files is every migration of every engine: sqlite/20261124090000_create_catalog.sql and so on.
//
//go:embed */*.sql
var Files embed.FS
