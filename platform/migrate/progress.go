package migrate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"strings"

	"github.com/pressly/goose/v3"
)

// progress listens to what goose says while it works, to log what was applied, and to know which statement failed: its
// error does not say.
type progress struct {
	logger    *slog.Logger
	file      string
	statement string
	count     int
}

// Enabled takes everything.
func (p *progress) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs changes nothing: goose does not use it.
func (p *progress) WithAttrs([]slog.Attr) slog.Handler { return p }

// WithGroup changes nothing: goose does not use it.
func (p *progress) WithGroup(string) slog.Handler { return p }

// Handle takes one thing that goose says.
func (p *progress) Handle(ctx context.Context, record slog.Record) error {
	said := map[string]slog.Value{}
	record.Attrs(func(attr slog.Attr) bool {
		said[attr.Key] = attr.Value
		return true
	})
	switch record.Message {
	case "executing statement":
		if file := said["source"].String(); file != p.file {
			p.file, p.count = file, 0
		}
		p.count++
		p.statement = said["statement"].String()
	case "migration completed":
		p.logger.InfoContext(ctx, "migration applied", slog.String("file", said["source"].String()),
			slog.String("direction", said["direction"].String()))
		p.file, p.count = "", 0
	}
	return nil
}

// explain adds the file and the statement to an error of goose.
func (p *progress) explain(err error) error {
	var partial *goose.PartialError
	if !errors.As(err, &partial) {
		return err
	}
	file := path.Base(partial.Failed.Source.Path)
	if file != p.file {
		return fmt.Errorf("%s: %w", file, partial.Err)
	}
	first, _, _ := strings.Cut(strings.TrimSpace(p.statement), "\n")
	return fmt.Errorf("%s: statement %d (%s): %w", file, p.count, cmp.Or(first, "empty"), partial.Err)
}
