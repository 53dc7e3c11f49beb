package httpapi

import (
	"net/http"
	"slices"
	"strings"
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
		a.recoverPanics, // again: what panics further in is logged and counted as it is answered
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

// answerOtherMethod answers a method that no operation of the path has: OPTIONS with the methods that there are, others
// with a problem. The router has put those of the operations into Allow.
func answerOtherMethod(w http.ResponseWriter, r *http.Request) {
	allowed := strings.Replace(w.Header().Get("Allow"), http.MethodGet, http.MethodGet+", "+http.MethodHead, 1)
	w.Header().Set("Allow", allowed+", "+http.MethodOptions)
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	writeProblem(w, r, errNoMethod(r))
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
