// Package log is log/slog with what a service needs around it: several sinks at once, a level that changes while the
// program runs, attributes that follow a request, and secrets that do not get out.
//
//	logger, err := log.New(cfg, os.Stderr)
//	defer logger.Close()
//
//	ctx = log.NewScope(ctx)                                     // the outer middleware, once per request
//	ctx = log.With(ctx, slog.String("request_id", id))          // for everything below
//	log.Set(ctx, slog.String("route", route))                   // known only below, seen by the outer middleware too
//	logger.InfoContext(ctx, "order placed", "order_id", o.ID)   // has order_id, request_id, route, trace_id, span_id
//
// Packages take a plain *slog.Logger (the Logger field) and use the …Context methods; there is no global logger.
//
// A JSON record has the keys time (UTC, RFC 3339 with milliseconds), level (debug, info, warn, error) and msg. Times are
// written like that everywhere, durations as text with their unit (1.5s), and an error as its text. On a text console
// an attribute named stack is printed below its record, line by line.
//
// What is secret by its type (config.Secret, config.DSN) hides itself. What is secret by its key is hidden in every
// sink, in groups, and inside maps, structs and http.Header values: a key with one of the words password, passwd, pwd,
// passphrase, secret, token, jwt, authorization, cookie, credential, dsn, or api, private, access, signing or encryption
// before key; words end at _ - . and capitals. Booleans, times and durations are shown under any key, and numbers
// under those that only mention the word: token_count is shown, password_hash and token are hidden.
package log

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Logger is the program's log. The embedded *slog.Logger is what the rest of the program takes.
type Logger struct {
	*slog.Logger
	level *slog.LevelVar
	file  io.Closer
}

// New opens the sinks of cfg; stderr is the console. It fails when a setting is unknown or the file cannot be written,
// and names the key.
func New(cfg Config, stderr io.Writer) (*Logger, error) {
	logger := &Logger{level: new(slog.LevelVar)}
	if err := logger.SetLevel(cfg.Level); err != nil {
		return nil, err
	}
	var sinks []slog.Handler
	if cfg.Console.Enabled {
		sink, err := newConsole(cfg.Console, stderr, logger.level)
		if err != nil {
			return nil, err
		}
		sinks = append(sinks, sink)
	}
	if cfg.File.Enabled {
		file, err := openFile(cfg.File)
		if err != nil {
			return nil, err
		}
		logger.file = file
		sinks = append(sinks, newJSON(file, logger.level))
	}
	logger.Logger = slog.New(&contextHandler{inner: join(sinks)})
	return logger, nil
}

// NewTest is a logger for tests: JSON to w from the level debug on, with request attributes and redaction.
func NewTest(w io.Writer) *slog.Logger {
	return slog.New(&contextHandler{inner: newJSON(w, slog.LevelDebug)})
}

// Discard is a logger that writes nothing.
func Discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// SetLevel changes what is logged from now on: debug, info, warn or error. An unknown level is an error and changes
// nothing. It is safe for concurrent use.
func (l *Logger) SetLevel(name string) error {
	switch name {
	case "debug", "info", "warn", "error":
		var level slog.Level
		if err := level.UnmarshalText([]byte(name)); err != nil {
			return fmt.Errorf("log.level: %w", err)
		}
		l.level.Set(level)
		return nil
	default:
		return unknown("log.level", name, "debug", "info", "warn", "error")
	}
}

// Level is the level that SetLevel or the configuration set.
func (l *Logger) Level() string { return strings.ToLower(l.level.Level().String()) }

// Close closes the file, if there is one. A record that comes later opens it again rather than being lost. The
// goroutine that lumberjack compresses and removes old files in stays (one per Logger, idle): it offers no way to end it.
func (l *Logger) Close() error {
	if l.file == nil {
		return nil
	}
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("close the log file: %w", err)
	}
	return nil
}

func join(sinks []slog.Handler) slog.Handler {
	switch len(sinks) {
	case 0:
		return slog.DiscardHandler
	case 1:
		return sinks[0]
	default:
		return slog.NewMultiHandler(sinks...)
	}
}

func unknown(key, value string, known ...string) error {
	return errors.New(key + fmt.Sprintf(": %q is not one of ", value) + strings.Join(known, ", "))
}
