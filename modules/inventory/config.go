package inventory

import "time"

// Config is the section modules.inventory.
type Config struct {
	Database    string        `validate:"required"` // the name of one of databases
	ExpireEvery time.Duration `validate:"min=1s"`   // how often reservations are looked for whose time is over
}
