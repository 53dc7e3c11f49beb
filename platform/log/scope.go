package log

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// scope is one link of the chain of attributes that a context carries. Every With and NewScope adds a link; only those
// of NewScope are open, that is, may change after they were made.
type scope struct {
	parent *scope
	open   bool
	attrs  atomic.Pointer[[]slog.Attr] // copied on write
}

type scopeKey struct{}

func scopeOf(ctx context.Context) *scope {
	s, _ := ctx.Value(scopeKey{}).(*scope)
	return s
}

// With gives a context whose records carry attrs, beside what ctx carries. A key that is set already is replaced. Those
// who hold ctx itself see no change.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	s := &scope{parent: scopeOf(ctx)}
	s.put(attrs)
	return context.WithValue(ctx, scopeKey{}, s)
}

// NewScope gives a context that Set can add attributes to later on: the one of a request, a message or a task.
func NewScope(ctx context.Context) context.Context {
	return context.WithValue(ctx, scopeKey{}, &scope{parent: scopeOf(ctx), open: true})
}

// Set adds attrs to the nearest scope around ctx, so that everyone who holds that scope's context, or one derived from
// it, logs them from now on. A key that the scope has is replaced; one that a With below the scope has set keeps the
// value of the With there. Without a scope Set does nothing. It is safe for concurrent use.
func Set(ctx context.Context, attrs ...slog.Attr) {
	s := scopeOf(ctx)
	for s != nil && !s.open {
		s = s.parent
	}
	if s != nil {
		s.put(attrs)
	}
}

func (s *scope) put(attrs []slog.Attr) {
	for {
		old := s.attrs.Load()
		var merged []slog.Attr
		if old != nil {
			merged = append(make([]slog.Attr, 0, len(*old)+len(attrs)), *old...)
		}
		for _, attr := range attrs {
			merged = replace(merged, attr)
		}
		if s.attrs.CompareAndSwap(old, &merged) {
			return
		}
	}
}

// collect adds the attributes of the whole chain to list, outermost first; of equal keys the innermost counts.
func (s *scope) collect(list []slog.Attr) []slog.Attr {
	if s == nil {
		return list
	}
	list = s.parent.collect(list)
	if attrs := s.attrs.Load(); attrs != nil {
		for _, attr := range *attrs {
			list = replace(list, attr)
		}
	}
	return list
}

func replace(list []slog.Attr, attr slog.Attr) []slog.Attr {
	for i := range list {
		if list[i].Key == attr.Key {
			list[i] = attr
			return list
		}
	}
	return append(list, attr)
}
