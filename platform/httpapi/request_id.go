package httpapi

import (
	"log/slog"
	"net/http"
	"regexp"

	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/log"
)

// HeaderRequestID carries the request's id, in the request and in the answer.
const HeaderRequestID = "X-Request-Id"

var acceptableID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`)

// identifyRequest takes the id that a proxy or client gave the request, when it is harmless, or makes one.
func (a *API) identifyRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requestID := r.Header.Get(HeaderRequestID)
		if !acceptableID.MatchString(requestID) {
			requestID = id.New()
		}
		exchangeOf(r.Context()).id = requestID
		log.Set(r.Context(), slog.String("request_id", requestID))
		w.Header().Set(HeaderRequestID, requestID)
		next.ServeHTTP(w, r)
	})
}
