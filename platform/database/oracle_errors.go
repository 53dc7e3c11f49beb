package database

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/sijms/go-ora/v2/network"

	"github.com/trellis-go/trellis/platform/problem"
)

// The numbers that are acted upon by name.
const (
	oraDuplicate = 1
	oraNoTable   = 942
	oraExists    = 955
)

// oracleAdvice says what to do about an Oracle that is missing or wrong.
var oracleAdvice = map[int]string{
	1017:  "the login is refused: correct user and password in the DSN",
	1031:  "the user lacks a privilege: GRANT CREATE SESSION, CREATE TABLE TO it",
	1045:  "the user may not log in: GRANT CREATE SESSION TO it",
	1536:  "the user's quota is used up: ALTER USER … QUOTA UNLIMITED ON its tablespace",
	1950:  "the user has no quota: ALTER USER … QUOTA UNLIMITED ON its tablespace",
	12505: "the listener knows no such SID: correct it in the DSN, or name a service; lsnrctl status lists them",
	12514: "the listener knows no such service: correct the end of the DSN, or wait until the database has registered; lsnrctl status lists the services",
	28000: "the user is locked: ALTER USER … ACCOUNT UNLOCK",
	28001: "the password has expired: ALTER USER … IDENTIFIED BY a new one",
}

// classifyOracle knows the numbers of Oracle and the driver's own errors.
func classifyOracle(err error) error {
	if errors.Is(err, network.ErrConnReset) {
		return unavailable(err)
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return unavailable(fmt.Errorf("nothing listens there: start Oracle's listener, or correct host and port in the DSN: %w", err))
	}
	code := oracleCode(err)
	if advice, known := oracleAdvice[code]; known {
		err = fmt.Errorf("%s: %w", advice, err)
	}
	switch code {
	case 0:
		return nil
	case oraDuplicate:
		return &DuplicateError{Constraint: oracleConstraint(err.Error()), cause: err}
	case 2291, 2292: // foreign key, seen from the child and from the parent
		return foreignKey(err)
	case 54, 60, 4020, 4021, 8177, 30006: // NOWAIT, deadlock, the same of DDL, DDL timeout, serialisation, WAIT
		return busy(err)
	}
	if oracleAway(code) {
		return unavailable(err)
	}
	if oracleAdvice[code] != "" {
		return problem.Trace(err)
	}
	return nil
}

// oracleAway says that the database cannot be reached, or does not serve now.
func oracleAway(code int) bool {
	return slices.Contains([]int{
		18, 19, 20, 2391, // too many sessions, processes, sessions of the user
		28, 1012, 2396, 2399, 3113, 3114, 3135, 3136, // the session was ended, or lost contact
		257, 1033, 1034, 1035, 1089, 1090, 1092, 1109, 16000, // starting, stopping, not open, read-only
		25401, 25402, 25405, 25408, // failing over
	}, code) || code >= 12150 && code <= 12699 // the listener and the network
}

// lostOracle says that the session is gone, and its transaction rolled back with it.
func lostOracle(err error) bool {
	return errors.Is(err, network.ErrConnReset) ||
		slices.Contains([]int{28, 1012, 1092, 2396, 2399, 3113, 3114, 3135, 25402, 25405}, oracleCode(err))
}

// oracleCode is the number of the ORA- error in err's chain, 0 when there is none.
func oracleCode(err error) int {
	var answer *network.OracleError
	if errors.As(err, &answer) {
		return answer.ErrCode
	}
	return 0
}

// oracleConstraint finds the name in "unique constraint (SCHEMA.NAME) violated", in the small letters it was given.
func oracleConstraint(text string) string {
	_, rest, _ := strings.Cut(text, "constraint (")
	name, _, _ := strings.Cut(rest, ")")
	return strings.ToLower(name[strings.LastIndex(name, ".")+1:])
}
