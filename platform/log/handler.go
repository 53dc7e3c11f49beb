package log

import (
	"context"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// contextHandler adds to each record what its context carries: the attributes of With and Set, and the ids of the span.
// They stand at the top level whatever groups the logger has open, so groups are kept here and never reach inner.
type contextHandler struct {
	inner  slog.Handler
	groups []group
}

// group is one open WithGroup, and what WithAttrs added inside it.
type group struct {
	name  string
	attrs []slog.Attr
}

func (h *contextHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.inner.Enabled(ctx, level)
}

func (h *contextHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(h.groups) == 0 {
		return &contextHandler{inner: h.inner.WithAttrs(attrs)}
	}
	groups := slices.Clone(h.groups)
	last := &groups[len(groups)-1]
	last.attrs = slices.Concat(last.attrs, attrs)
	return &contextHandler{inner: h.inner, groups: groups}
}

func (h *contextHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &contextHandler{inner: h.inner, groups: append(slices.Clip(h.groups), group{name: name})}
}

func (h *contextHandler) Handle(ctx context.Context, r slog.Record) error {
	if len(h.groups) > 0 {
		r = h.nest(r)
	}
	var room [12]slog.Attr
	attrs := scopeOf(ctx).collect(room[:0])
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		attrs = replace(attrs, slog.String("trace_id", span.TraceID().String()))
		attrs = replace(attrs, slog.String("span_id", span.SpanID().String()))
	}
	if len(attrs) == 0 {
		return h.inner.Handle(ctx, r)
	}
	r.Attrs(func(own slog.Attr) bool {
		attrs = slices.DeleteFunc(attrs, func(a slog.Attr) bool { return a.Key == own.Key })
		return true
	})
	r = r.Clone()
	r.AddAttrs(attrs...)
	return h.inner.Handle(ctx, r)
}

// nest puts the attributes of the record into the open groups.
func (h *contextHandler) nest(r slog.Record) slog.Record {
	inside := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		inside = append(inside, a)
		return true
	})
	for _, g := range slices.Backward(h.groups) {
		inside = []slog.Attr{slog.GroupAttrs(g.name, slices.Concat(g.attrs, inside)...)}
	}
	nested := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	nested.AddAttrs(inside...)
	return nested
}
