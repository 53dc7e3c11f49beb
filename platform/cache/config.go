package cache

import (
	"time"

	"github.com/trellis-go/trellis/platform/config"
)

// Config is the section cache. Its times are those of caches that do not set their own.
type Config struct {
	Enabled      bool          // without it every read is a load
	Database     string        // the name of the connection to Redis in databases; without one the cache is in process alone
	Prefix       string        `validate:"required,printascii,excludesall=*?[]\\{}: "` // of the keys in Redis: other applications have others
	MaxSize      config.Size   `validate:"min=1024"`                                   // of what one process holds
	TTL          time.Duration `validate:"gt=0"`                                       // how long a value is fresh
	LocalTTL     time.Duration `validate:"gt=0"`                                       // how long a process holds it before it looks into Redis again, or loads it anew without one
	BlindTTL     time.Duration `validate:"gt=0"`                                       // LocalTTL while Redis cannot tell what others change
	NegativeTTL  time.Duration `validate:"gt=0"`                                       // TTL of "there is none"
	StaleFor     time.Duration `validate:"gte=0"`                                      // after TTL: served while it is loaded anew
	StaleIfError time.Duration `validate:"gte=0"`                                      // after that: served when it cannot be loaded
	Jitter       float64       `validate:"gte=0,lt=1"`                                 // the part of TTL that is left to chance
	LoadTimeout  time.Duration `validate:"gt=0"`                                       // of a load, whoever waits for it
	RedisTimeout time.Duration `validate:"gt=0"`                                       // of one exchange with Redis
	CompressOver config.Size   `validate:"gte=0"`                                      // longer values are compressed in Redis; 0: none are
}
