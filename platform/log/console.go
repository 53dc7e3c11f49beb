package log

import (
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"
)

const stackKey = "stack"

func newConsole(cfg ConsoleConfig, w io.Writer, level slog.Leveler) (slog.Handler, error) {
	color, err := colored(cfg.Color, w)
	if err != nil {
		return nil, err
	}
	switch cfg.Format {
	case "json":
		return newJSON(w, level), nil
	case "text":
		shared := &console{w: w}
		options := &tint.Options{Level: level, NoColor: !color, TimeFormat: "15:04:05.000", ReplaceAttr: textAttr}
		return textHandler{Handler: tint.NewTextHandler(shared, options), console: shared}, nil
	default:
		return nil, unknown("log.console.format", cfg.Format, "text", "json")
	}
}

// colored decides about colour; auto follows https://no-color.org and the terminal.
func colored(when string, w io.Writer) (bool, error) {
	switch when {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		terminal, ok := w.(interface{ Fd() uintptr })
		return ok && isatty.IsTerminal(terminal.Fd()) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", nil
	default:
		return false, unknown("log.console.color", when, "auto", "always", "never")
	}
}

// textAttr makes every value a text that cannot steer the terminal or pass for another record.
func textAttr(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.MessageKey && a.Value.Kind() == slog.KindString {
		a.Value = slog.StringValue(strings.Map(picture, a.Value.String()))
		return a
	}
	a = redact(groups, a)
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(strings.Map(inert, a.Value.String()))
	case slog.KindTime:
		if a.Key != slog.TimeKey || len(groups) > 0 {
			a.Value = slog.TimeValue(a.Value.Time().UTC())
		}
	case slog.KindAny:
		if text, ok := textOf(a.Value.Any()); ok {
			a.Value = slog.StringValue(strings.Map(inert, text))
		}
	}
	return a
}

func textOf(v any) (text string, ok bool) {
	switch v := v.(type) {
	case slog.Level: // tint writes and colours it
		return "", false
	case json.RawMessage:
		return string(v), true
	case []byte:
		return string(v), true
	case encoding.TextMarshaler:
		marshaled, err := v.MarshalText()
		return string(marshaled), err == nil
	default:
		return fmt.Sprint(v), true
	}
}

// inert leaves to tint what it quotes, and takes out what it lets through (the escape) or cuts the text at (bytes that
// are no UTF-8).
func inert(r rune) rune {
	switch r {
	case '\x1b':
		return '␛'
	case utf8.RuneError:
		return '?'
	default:
		return r
	}
}

// picture shows control characters by their symbols, because tint does not quote the message.
func picture(r rune) rune {
	switch {
	case r < ' ':
		return '\u2400' + r
	case r == utf8.RuneError, unicode.IsControl(r):
		return '?'
	default:
		return r
	}
}

// console writes each record with its stack in one piece. Its fields are guarded by mu.
type console struct {
	mu    sync.Mutex
	w     io.Writer
	stack string
}

// Write is called by tint, once per record, while Handle holds the lock.
func (c *console) Write(line []byte) (int, error) {
	out := slices.Clip(line)
	for part := range strings.Lines(c.stack) {
		out = append(out, "    "+strings.Map(inert, strings.TrimRight(part, "\r\n"))+"\n"...)
	}
	if _, err := c.w.Write(out); err != nil {
		return 0, err
	}
	return len(line), nil
}

// textHandler takes the stack out of a record and has it printed below.
type textHandler struct {
	slog.Handler
	console *console
}

func (h textHandler) Handle(ctx context.Context, r slog.Record) error {
	stack, rest := takeStack(r)
	h.console.mu.Lock()
	defer h.console.mu.Unlock()
	h.console.stack = stack
	return h.Handler.Handle(ctx, rest)
}

func (h textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return textHandler{Handler: h.Handler.WithAttrs(attrs), console: h.console}
}

func (h textHandler) WithGroup(name string) slog.Handler {
	return textHandler{Handler: h.Handler.WithGroup(name), console: h.console}
}

func takeStack(r slog.Record) (stack string, rest slog.Record) {
	rest = slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == stackKey {
			if value := redact(nil, a).Value; value.Kind() == slog.KindString {
				stack = value.String()
				return true
			}
		}
		rest.AddAttrs(a)
		return true
	})
	return stack, rest
}
