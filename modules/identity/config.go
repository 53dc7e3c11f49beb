package identity

import (
	"time"

	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/ratelimit"
)

// Config is the section modules.identity.
type Config struct {
	Database     string          `validate:"required"` // the name of one of databases; that of tasks, too
	Registration bool            // strangers may register, as customers
	RefreshTTL   time.Duration   `validate:"min=1m"`              // a session ends when it was not refreshed for so long
	SessionTTL   time.Duration   `validate:"gtefield=RefreshTTL"` // and after so long at the latest
	Account      ratelimit.Quota // attempts to sign in to one account from one address
	Address      ratelimit.Quota // attempts to sign in, to register and so on from one address
	Factor       ratelimit.Quota // codes that are tried on one account from everywhere, right ones among them
	Admin        AdminConfig
}

// AdminConfig is the account that is made at the start while there is no admin.
type AdminConfig struct {
	Email    string        // empty: none is made
	Password config.Secret // empty: one is made up and printed once
}
