package log_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/trellis-go/trellis/platform/log"
)

// carried logs with ctx and gives what the record has beside time, level and msg, in JSON and in its order.
func carried(ctx context.Context, t *testing.T, with func(*slog.Logger) *slog.Logger, args ...any) string {
	t.Helper()
	var out bytes.Buffer
	logger := log.NewTest(&out)
	if with != nil {
		logger = with(logger)
	}
	logger.InfoContext(ctx, "m", args...)
	_, rest, found := strings.Cut(strings.TrimSpace(out.String()), `"msg":"m"`)
	require.True(t, found)
	return "{" + strings.TrimPrefix(rest, ",")
}

func TestWithIsCarriedByEveryRecordOfTheContext(t *testing.T) {
	ctx := log.With(t.Context(), slog.String("request_id", "r-1"), slog.Int("n", 1))
	assert.Equal(t, `{"own":true,"request_id":"r-1","n":1}`, carried(ctx, t, nil, "own", true))
}

func TestWithDoesNotChangeTheContextItIsGiven(t *testing.T) {
	outer := log.With(t.Context(), slog.Int("a", 1))
	log.With(outer, slog.Int("a", 2), slog.Int("b", 2))
	assert.Equal(t, `{"a":1}`, carried(outer, t, nil))
}

func TestAKeyIsCarriedOnceWithItsInnermostValue(t *testing.T) {
	ctx := log.With(t.Context(), slog.Int("a", 1), slog.Int("b", 1))
	ctx = log.With(ctx, slog.Int("a", 2), slog.Int("a", 3))
	assert.Equal(t, `{"a":3,"b":1}`, carried(ctx, t, nil))
}

func TestTheRecordsOwnAttributeWins(t *testing.T) {
	ctx := log.With(t.Context(), slog.Int("a", 1), slog.Int("b", 1))
	assert.Equal(t, `{"a":2,"b":1}`, carried(ctx, t, nil, "a", 2))
}

func TestSetIsSeenByThoseWhoHoldTheScope(t *testing.T) {
	outer := log.NewScope(t.Context())
	inner := log.With(outer, slog.Int("user", 7))

	log.Set(inner, slog.String("route", "/orders"))

	assert.Equal(t, `{"route":"/orders"}`, carried(outer, t, nil))
	assert.Equal(t, `{"route":"/orders","user":7}`, carried(inner, t, nil))
}

func TestSetReplacesWhatTheScopeHas(t *testing.T) {
	ctx := log.NewScope(t.Context())
	log.Set(ctx, slog.Int("a", 1))
	log.Set(ctx, slog.Int("a", 2))
	assert.Equal(t, `{"a":2}`, carried(ctx, t, nil))
}

func TestSetReachesTheNearestScopeOnly(t *testing.T) {
	outer := log.NewScope(t.Context())
	inner := log.NewScope(outer)
	log.Set(inner, slog.Int("inner", 1))
	log.Set(outer, slog.Int("outer", 1))
	assert.Equal(t, `{"outer":1}`, carried(outer, t, nil))
	assert.Equal(t, `{"outer":1,"inner":1}`, carried(inner, t, nil))
}

func TestAWithBelowTheScopeKeepsItsValue(t *testing.T) {
	outer := log.NewScope(t.Context())
	inner := log.With(outer, slog.Int("a", 1))
	log.Set(inner, slog.Int("a", 2))
	assert.Equal(t, `{"a":1}`, carried(inner, t, nil))
	assert.Equal(t, `{"a":2}`, carried(outer, t, nil))
}

func TestSetWithoutAScopeDoesNothing(t *testing.T) {
	ctx := log.With(t.Context(), slog.Int("a", 1))
	log.Set(ctx, slog.Int("b", 1))
	log.Set(t.Context(), slog.Int("b", 1))
	assert.Equal(t, `{"a":1}`, carried(ctx, t, nil))
}

func TestSetLosesNothingWhenManySetAtOnce(t *testing.T) {
	ctx := log.NewScope(t.Context())
	logger := log.NewTest(io.Discard)
	var wait sync.WaitGroup
	for i := range 50 {
		wait.Go(func() {
			log.Set(ctx, slog.Int(strconv.Itoa(i), i))
			logger.InfoContext(ctx, "m")
		})
	}
	wait.Wait()
	assert.Equal(t, 50, strings.Count(carried(ctx, t, nil), ":"))
}

func TestASpanGivesItsIds(t *testing.T) {
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{0xab}, SpanID: trace.SpanID{0xcd}})
	ctx := trace.ContextWithSpanContext(log.With(t.Context(), slog.Int("a", 1)), span)
	assert.Equal(t, `{"a":1,"trace_id":"ab000000000000000000000000000000","span_id":"cd00000000000000"}`, carried(ctx, t, nil))
}

func TestAnInvalidSpanGivesNoIds(t *testing.T) {
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{0xab}})
	assert.Equal(t, `{}`, carried(trace.ContextWithSpanContext(t.Context(), span), t, nil))
}

func TestCarriedAttributesStayOutsideTheLoggersGroups(t *testing.T) {
	ctx := log.With(t.Context(), slog.String("request_id", "r-1"))
	grouped := func(l *slog.Logger) *slog.Logger {
		return l.With("a", 1).WithGroup("").WithGroup("order").With("b", 2).With("c", 3).WithGroup("line")
	}
	assert.Equal(t, `{"a":1,"order":{"b":2,"c":3,"line":{"d":4}},"request_id":"r-1"}`, carried(ctx, t, grouped, "d", 4))
}

func TestLoggersOfOneParentDoNotShareAttributes(t *testing.T) {
	var out bytes.Buffer
	parent := log.NewTest(&out).WithGroup("g").With("a", 1).With("b", 1).With("c", 1)
	first, second := parent.With("d", 1), parent.With("d", 2)
	first.Info("m")
	second.Info("m")
	parent.Info("m")
	assert.Regexp(t, `"g":{"a":1,"b":1,"c":1,"d":1}}\n.*"g":{"a":1,"b":1,"c":1,"d":2}}\n.*"g":{"a":1,"b":1,"c":1}}\n`, out.String())
}

func TestLoggersOfOneParentDoNotShareGroups(t *testing.T) {
	var out bytes.Buffer
	parent := log.NewTest(&out).WithGroup("a").WithGroup("b").WithGroup("c")
	first, second := parent.WithGroup("x"), parent.WithGroup("y")
	first.Info("m", "n", 1)
	second.Info("m", "n", 2)
	assert.Regexp(t, `"c":{"x":{"n":1}}}}}\n.*"c":{"y":{"n":2}}}}}\n`, out.String())
}

func BenchmarkInfo(b *testing.B) {
	ctx := context.Background()
	plain := slog.New(slog.NewJSONHandler(io.Discard, nil))
	ours, err := log.New(log.Config{Level: "info", Console: log.ConsoleConfig{Enabled: true, Format: "json", Color: "auto"}}, io.Discard)
	require.NoError(b, err)
	b.Run("plain slog", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			plain.LogAttrs(ctx, slog.LevelInfo, "request", slog.String("method", "GET"), slog.Int("status", 200),
				slog.String("request_id", "r-1"), slog.String("route", "/orders"))
		}
	})
	request := log.NewScope(log.With(ctx, slog.String("request_id", "r-1")))
	log.Set(request, slog.String("route", "/orders"))
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ours.LogAttrs(request, slog.LevelInfo, "request", slog.String("method", "GET"), slog.Int("status", 200))
		}
	})
	b.Run("ours with With", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ctx := log.With(ctx, slog.String("request_id", "r-1"), slog.String("route", "/orders"))
			ours.LogAttrs(ctx, slog.LevelInfo, "request", slog.String("method", "GET"), slog.Int("status", 200))
		}
	})
}
