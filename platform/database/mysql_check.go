package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// errMisset is a server whose sessions are not as they have to be, whatever we ask for: trying again is of no use.
var errMisset = errors.New("the server is set wrongly")

// checkMySQL looks at what a session really is. The settings of the connection ask for all of it, but a DSN may ask for
// something else, a proxy may swallow the asking, and a database has a character set of its own.
func checkMySQL(ctx context.Context, pool *sql.DB) error {
	var mode, client, stored, zone string
	row := pool.QueryRowContext(ctx, "SELECT @@SESSION.sql_mode, @@character_set_client, @@character_set_database, @@SESSION.time_zone")
	if err := row.Scan(&mode, &client, &stored, &zone); err != nil {
		return err
	}
	var wrong []error
	if !strings.Contains(mode, "STRICT_TRANS_TABLES") && !strings.Contains(mode, "STRICT_ALL_TABLES") {
		wrong = append(wrong, fmt.Errorf("%w: sql_mode is %q and must be strict, or values that do not fit are cut off", errMisset, mode))
	}
	if client != "utf8mb4" {
		wrong = append(wrong, fmt.Errorf("%w: the connection has the character set %s and must have utf8mb4", errMisset, client))
	}
	if stored != "utf8mb4" {
		wrong = append(wrong, fmt.Errorf("%w: the database has the character set %s and must have utf8mb4: ALTER DATABASE … CHARACTER SET utf8mb4", errMisset, stored))
	}
	if zone != "+00:00" {
		wrong = append(wrong, fmt.Errorf("%w: time_zone is %s and must be +00:00", errMisset, zone))
	}
	return errors.Join(wrong...)
}
