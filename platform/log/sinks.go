package log

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"

	"github.com/trellis-go/trellis/platform/config"
)

const (
	timeFormat = "2006-01-02T15:04:05.000Z07:00"
	day        = 24 * time.Hour
)

// newJSON is the sink for machines: one JSON object a line.
func newJSON(w io.Writer, level slog.Leveler) slog.Handler {
	return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: jsonAttr})
}

func jsonAttr(groups []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		if a.Key == slog.MessageKey && len(groups) == 0 {
			return a
		}
	case slog.KindTime:
		a.Value = slog.StringValue(a.Value.Time().UTC().Format(timeFormat))
		return a
	case slog.KindDuration:
		a.Value = slog.StringValue(a.Value.Duration().String())
		return a
	case slog.KindAny:
		if level, ok := a.Value.Any().(slog.Level); ok {
			a.Value = slog.StringValue(levelName(level))
			return a
		}
	}
	return redact(groups, a)
}

func levelName(level slog.Level) string {
	switch level {
	case slog.LevelDebug:
		return "debug"
	case slog.LevelInfo:
		return "info"
	case slog.LevelWarn:
		return "warn"
	case slog.LevelError:
		return "error"
	default:
		return strings.ToLower(level.String())
	}
}

// openFile opens the file now rather than at the first record, because slog drops the errors of its handlers.
func openFile(cfg FileConfig) (io.WriteCloser, error) {
	file := &lumberjack.Logger{
		Filename:   cfg.Path,
		MaxSize:    int((cfg.MaxSize + config.MiB - 1) / config.MiB),
		MaxAge:     int((cfg.MaxAge + day - 1) / day),
		MaxBackups: cfg.MaxBackups,
		Compress:   cfg.Compress,
	}
	if _, err := file.Write(nil); err != nil {
		return nil, fmt.Errorf("log.file.path: %w", err)
	}
	return file, nil
}
