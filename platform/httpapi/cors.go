package httpapi

import (
	"net/http"

	"github.com/rs/cors"
)

// allowOrigins answers preflight requests and marks the answers that pages of the allowed origins may read.
func (a *API) allowOrigins() middleware {
	if len(a.cfg.CORS.AllowedOrigins) == 0 {
		return func(next http.Handler) http.Handler { return next }
	}
	return cors.New(cors.Options{
		AllowedOrigins:   a.cfg.CORS.AllowedOrigins,
		AllowCredentials: a.cfg.CORS.AllowCredentials,
		MaxAge:           int(a.cfg.CORS.MaxAge.Seconds()),
		AllowedMethods: []string{
			http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		},
		AllowedHeaders: []string{"*"},
		ExposedHeaders: []string{
			HeaderRequestID, HeaderVersion, "ETag", "Link", "Location", "Content-Disposition", "WWW-Authenticate", "Deprecation", "Sunset",
			"Retry-After", "Preference-Applied", "Idempotency-Replayed",
			"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy",
		},
	}).Handler
}
