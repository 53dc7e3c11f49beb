package database

import (
	"errors"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// classifyMySQL knows the numbers of MySQL and MariaDB, and the driver's own errors.
func classifyMySQL(err error) error {
	if errors.Is(err, mysql.ErrInvalidConn) {
		return unavailable(err)
	}
	var answer *mysql.MySQLError
	if !errors.As(err, &answer) {
		return nil
	}
	switch answer.Number {
	case 1062, 1169, 1586: // duplicate entry, unique constraint, duplicate entry with the key's name
		return &DuplicateError{Constraint: mysqlKey(answer.Message), cause: err}
	case 1216, 1217, 1451, 1452: // foreign key, seen from the child and from the parent
		return foreignKey(err)
	case 1020, 1205, 1213, 3572: // changed since it was read, lock wait timeout, deadlock, NOWAIT
		return busy(err)
	case 1040, 1203, 1226, // too many connections: of the server, of the user, in an hour
		1053, 1077, 1079, 1080, // shutting down
		1129, 1130, // the host is blocked after errors
		1152, 1158, 1159, 1160, 1161, 1184, // the network, seen by the server
		1290, 1792, 1836, // read-only
		1927, 3169, 4031: // the session was killed or timed out
		return unavailable(err)
	default:
		return nil
	}
}

// lostMySQL says that the session is gone, and its transaction rolled back with it.
func lostMySQL(err error) bool {
	var answer *mysql.MySQLError
	return errors.Is(err, mysql.ErrInvalidConn) ||
		errors.As(err, &answer) && (answer.Number == 1927 || answer.Number == 3169 || answer.Number == 4031)
}

// mysqlKey finds the index in "Duplicate entry '…' for key 'name'"; MySQL 8 puts the table before the name.
func mysqlKey(message string) string {
	const mark = " for key '"
	at := strings.LastIndex(message, mark)
	if at < 0 {
		return ""
	}
	key := strings.TrimSuffix(message[at+len(mark):], "'")
	return key[strings.LastIndex(key, ".")+1:]
}
