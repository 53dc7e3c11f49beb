package httpapi

import (
	"net/http"
	"slices"
)

// chain puts the middlewares before the router, in the order in which a request meets them.
func (a *API) chain(router http.Handler) http.Handler {
	return stack(router,
		a.beginExchange,
		a.recoverPanics,
		a.identifyRequest,
		a.traceRequest,
		a.secureHeaders,
		a.allowOrigins(),
		a.logAccess,
		a.measure,
		a.limitRate,
		a.detectVersion,
		answerHead,
	)
}

type middleware = func(next http.Handler) http.Handler

func stack(handler http.Handler, middlewares ...middleware) http.Handler {
	for _, wrap := range slices.Backward(middlewares) {
		handler = wrap(handler)
	}
	return handler
}

// answerHead lets every GET operation answer HEAD: net/http leaves the body away, since it knows the method that came.
func answerHead(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			asked := *r
			asked.Method = http.MethodGet
			r = &asked
		}
		next.ServeHTTP(w, r)
	})
}
