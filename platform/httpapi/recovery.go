package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"syscall"

	"github.com/trellis-go/trellis/platform/problem"
)

// recoverPanics answers a panic as an internal problem. When the answer has begun it cuts the connection instead, so
// that the client does not take half an answer for a whole one.
func (a *API) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			err := panicked(cause)
			if errors.Is(err, http.ErrAbortHandler) {
				panic(http.ErrAbortHandler)
			}
			if exchangeOf(r.Context()).answer.begun() {
				_ = report(r.Context(), err)
				panic(http.ErrAbortHandler)
			}
			writeProblem(w, r, err)
		}()
		next.ServeHTTP(w, r)
	})
}

// panicked is a panic as an error. Huma panics when it cannot write an answer, which is the client's doing when the
// connection is gone.
func panicked(cause any) error {
	err, ok := cause.(error)
	switch {
	case !ok:
		return problem.TraceAt(fmt.Errorf("panic: %v", cause), debug.Stack())
	case errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET):
		return problem.ClientClosed.Because(err)
	default:
		return problem.TraceAt(fmt.Errorf("panic: %w", err), debug.Stack())
	}
}
