package log

import (
	"time"

	"github.com/trellis-go/trellis/platform/config"
)

// Config says what is logged and where to. Several sinks may be enabled at once; with none the log is discarded.
type Config struct {
	Level   string `validate:"oneof=debug info warn error"` // the least severe level that is logged
	Console ConsoleConfig
	File    FileConfig
}

// ConsoleConfig is the log on standard error.
type ConsoleConfig struct {
	Enabled bool
	Format  string `validate:"oneof=text json"`         // text is for people, json for machines
	Color   string `validate:"oneof=auto always never"` // of the text: auto is on for a terminal, unless NO_COLOR is set
}

// FileConfig is the log in a file, as JSON. The file is rotated when it is full: the old one is renamed with the time
// of the rotation in its name.
type FileConfig struct {
	Enabled    bool
	Path       string        `validate:"required_if=Enabled true"`
	MaxSize    config.Size   `validate:"min=0"` // rotated above it; rounded up to whole MiB; 0 is 100 MiB
	MaxAge     time.Duration `validate:"min=0"` // rotated files older than it are removed; rounded up to whole days; 0 keeps them
	MaxBackups int           `validate:"min=0"` // rotated files beyond the newest so many are removed; 0 keeps them
	Compress   bool          // gzip the rotated files
}
