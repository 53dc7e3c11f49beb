package httpapi

import (
	"crypto/rand"
	"net/http"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traceRequest continues the trace that the request's traceparent header belongs to, or begins one, so that every log
// record of the request carries its trace id and outbound calls can pass it on.
func (a *API) traceRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		parent := trace.SpanContextFromContext(ctx)
		next.ServeHTTP(w, r.WithContext(trace.ContextWithSpanContext(ctx, newSpan(parent))))
	})
}

// newSpan is a new span of the parent's trace, or of a new trace when there is no parent.
func newSpan(parent trace.SpanContext) trace.SpanContext {
	config := trace.SpanContextConfig{
		TraceID: parent.TraceID(), TraceFlags: parent.TraceFlags(), TraceState: parent.TraceState(),
	}
	_, _ = rand.Read(config.SpanID[:])
	if !config.TraceID.IsValid() {
		_, _ = rand.Read(config.TraceID[:])
	}
	return trace.NewSpanContext(config)
}
