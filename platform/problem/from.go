package problem

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"
)

// From finds the problem in err's chain, or makes the one that answers it: a body over its limit is TooLarge, a passed
// deadline Timeout, a cancelled request ClientClosed, everything else Internal.
func From(err error) *Error {
	var (
		occurrence *Error
		kind       *Kind
		tooLarge   *http.MaxBytesError
	)
	switch {
	case errors.As(err, &occurrence):
		return occurrence
	case errors.As(err, &kind):
		return kind.Because(err)
	case errors.As(err, &tooLarge):
		return TooLarge.Errorf("the body is over the limit of %d bytes", tooLarge.Limit).Because(err)
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout.Because(err).After(time.Second)
	case errors.Is(err, context.Canceled):
		return ClientClosed.Because(err)
	default:
		return Internal.Because(err)
	}
}

// traced is an error that knows where it was first seen.
type traced struct {
	error
	stack []byte
}

func (t *traced) Unwrap() error { return t.error }

// Trace records the caller's stack with err, for the log, unless the chain has one already. Call it where an
// unexpected error enters our code: at the edge of a driver or another library.
func Trace(err error) error {
	if err == nil || Stack(err) != nil {
		return err
	}
	return TraceAt(err, debug.Stack())
}

// TraceAt is Trace with a stack that was taken before, such as that of a panic.
func TraceAt(err error, stack []byte) error { return &traced{error: err, stack: stack} }

// Guard calls fn and makes an error of a panic, with its stack.
func Guard(fn func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = TraceAt(fmt.Errorf("panic: %v", cause), debug.Stack())
		}
	}()
	return fn()
}

// Stack gives the stack that Trace recorded in err's chain, nil when there is none.
func Stack(err error) []byte {
	var t *traced
	if errors.As(err, &t) {
		return t.stack
	}
	return nil
}
