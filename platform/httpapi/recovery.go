package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

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
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(http.ErrAbortHandler)
			}
			err := problem.TraceAt(fmt.Errorf("panic: %v", cause), debug.Stack())
			if exchangeOf(r.Context()).answer.begun() {
				_ = report(r.Context(), err)
				panic(http.ErrAbortHandler)
			}
			writeProblem(w, r, err)
		}()
		next.ServeHTTP(w, r)
	})
}
