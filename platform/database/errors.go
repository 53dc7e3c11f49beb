package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"gorm.io/gorm"

	"github.com/trellis-go/trellis/platform/problem"
)

// The kinds of problem that a database causes and a client is told about.
var (
	// ErrUnavailable is the database that cannot be reached, refuses connections, or shuts down.
	ErrUnavailable = problem.Define(http.StatusServiceUnavailable, "database_unavailable", "The database is unavailable",
		"The service cannot reach its database for the moment. Nothing was written. The Retry-After header says when to "+
			"come again.")
	// ErrBusy is a lock that was not granted in time, or a deadlock, after all repetitions.
	ErrBusy = problem.Define(http.StatusServiceUnavailable, "database_busy", "The database is busy",
		"Others are changing the same data. Nothing was written. The Retry-After header says when to come again.")
	// ErrOutcomeUnknown is a commit that was sent and never answered. It comes with ErrUnavailable in its chain, so who
	// does not care for the difference need not know it.
	ErrOutcomeUnknown = problem.Define(http.StatusServiceUnavailable, "outcome_unknown", "The outcome is not known",
		"The connection to the database broke while the change was being committed: it may or may not have been made. "+
			"Read the resource before you repeat the request, or repeat it with the same Idempotency-Key.")
)

var (
	// ErrDuplicate says that a row with that key exists already. The error in the chain is a *DuplicateError.
	ErrDuplicate = errors.New("a row with that key exists already")
	// ErrForeignKey says that a row refers to one that does not exist, or is referred to and cannot go.
	ErrForeignKey = errors.New("the row that is referred to does not exist, or is still referred to")
)

const (
	retryBusyAfter        = time.Second
	retryUnavailableAfter = 2 * time.Second
)

// DuplicateError is a broken unique constraint: errors.Is(err, ErrDuplicate) is true of it.
type DuplicateError struct {
	// Constraint says which one: on MySQL the name of the index ("PRIMARY" for the primary key), on SQLite its columns
	// as "table.column, table.column".
	Constraint string
	cause      error
}

// Error is the text for the log.
func (e *DuplicateError) Error() string {
	return fmt.Sprintf("%v (%s): %v", ErrDuplicate, e.Constraint, e.cause)
}

// Unwrap gives the driver's error.
func (e *DuplicateError) Unwrap() error { return e.cause }

// Is makes errors.Is(err, ErrDuplicate) true.
func (e *DuplicateError) Is(target error) bool { return target == ErrDuplicate }

// IsNotFound says that a statement found no row. It is never true of a statement that failed.
func IsNotFound(err error) bool { return errors.Is(err, gorm.ErrRecordNotFound) }

func unavailable(err error) error { return ErrUnavailable.Because(err).After(retryUnavailableAfter) }
func busy(err error) error        { return ErrBusy.Because(err).After(retryBusyAfter) }
func foreignKey(err error) error  { return fmt.Errorf("%w: %w", ErrForeignKey, err) }

// translate makes of a driver's error what the package documentation promises. classify knows the errors of the one
// driver, and gives nil for those it does not. An error that was translated before stays as it is.
func translate(err error, classify func(error) error) error {
	if err == nil || translated(err) || errors.Is(err, gorm.ErrRecordNotFound) {
		return err
	}
	if known := classify(err); known != nil {
		return known
	}
	var network *net.OpError
	switch {
	// Before the context's errors: a dial that timed out by itself also says it is context.DeadlineExceeded.
	case errors.As(err, &network), lost(err):
		return unavailable(err)
	case canceled(err):
		return err
	default:
		return problem.Trace(err)
	}
}

func translated(err error) bool {
	var occurrence *problem.Error
	return errors.As(err, &occurrence) || errors.Is(err, ErrDuplicate) || errors.Is(err, ErrForeignKey) ||
		problem.Stack(err) != nil
}

// lost says that the connection broke under the statement.
func lost(err error) bool {
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

func canceled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// blame makes the error of a statement that failed while its ctx had ended an error of that ctx. Drivers report the end
// in many ways, a broken connection among them.
func blame(ctx context.Context, err error) error {
	ended := ctx.Err()
	if err == nil || ended == nil || errors.Is(err, gorm.ErrRecordNotFound) ||
		errors.Is(err, ErrDuplicate) || errors.Is(err, ErrForeignKey) {
		return err
	}
	var occurrence *problem.Error
	if errors.Is(err, ended) && !errors.As(err, &occurrence) {
		return err
	}
	return fmt.Errorf("%w (the database says: %v)", ended, err) //nolint:errorlint // the cause must not answer the request
}
