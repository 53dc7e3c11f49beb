package catalog

import (
	"time"

	"github.com/trellis-go/trellis/platform/config"
)

// Config is the section modules.catalog.
type Config struct {
	Database        string        `validate:"required"` // the name of one of databases
	ImportMaxBody   config.Size   `validate:"min=1"`    // of an imported file
	StreamTimeout   time.Duration `validate:"min=1s"`   // how long an import or export may take
	UploadRetention time.Duration `validate:"min=1m"`   // how long the file of an import in the background is kept that did not end well; at least StreamTimeout
}
