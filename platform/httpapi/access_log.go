package httpapi

import (
	"log/slog"
	"net/http"
	"time"
)

// logAccess writes one record for every request, when it has been answered.
func (a *API) logAccess(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		defer func() {
			level := slog.LevelInfo
			if x.isProbe() {
				level = slog.LevelDebug
			}
			attrs := append(make([]slog.Attr, 0, 7),
				slog.String("method", r.Method),
				slog.String("path", x.path),
				slog.Int("status", x.status()),
				slog.Float64("ms", float64(time.Since(x.started).Microseconds())/1000),
				slog.Int64("bytes", x.answer.bytes),
				slog.String("client", x.client),
			)
			if x.problem != "" {
				attrs = append(attrs, slog.String("problem", x.problem))
			}
			a.log.LogAttrs(r.Context(), level, "request", attrs...)
		}()
		next.ServeHTTP(w, r)
	})
}

// status is what the client was answered; a panic that has yet to be answered is a 500.
func (x *exchange) status() int {
	if x.answer.begun() {
		return x.answer.status
	}
	return http.StatusInternalServerError
}

// isProbe tells the requests that machines send every few seconds.
func (x *exchange) isProbe() bool {
	switch x.path {
	case "/livez", "/readyz", "/startupz", "/metrics":
		return true
	}
	return false
}
