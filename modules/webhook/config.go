package webhook

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/trellis-go/trellis/platform/httpclient"
)

// Config is the section modules.webhook.
type Config struct {
	Database     string        `validate:"required"`            // the name of one of databases; that of tasks, too
	Concurrency  int           `validate:"min=1"`               // deliveries at once in a process
	PerWebhook   int           `validate:"min=1"`               // of them, to one webhook, so that a slow one leaves room for others
	Timeout      time.Duration `validate:"min=1ms"`             // of one attempt, from the connection to the end of the answer
	Attempts     int           `validate:"min=1,max=100"`       // until a delivery has failed
	FirstRetry   time.Duration `validate:"min=1ms"`             // after the first attempt, doubled with each
	LastRetry    time.Duration `validate:"gtefield=FirstRetry"` // the longest wait
	DisableAfter time.Duration `validate:"min=1m"`              // a webhook is switched off that has failed for so long without a success
	Overlap      time.Duration `validate:"min=0"`               // for which an old secret signs beside the new one
	Retention    time.Duration `validate:"min=1h"`              // of the log of deliveries
	AllowHTTP    bool          // URLs without TLS
	AllowPrivate bool          // every address, also those that are not public
	Networks     []string      `validate:"dive,cidr"` // that may be called although they are not public
}

// guard says which addresses may be called.
func (c Config) guard() (httpclient.Guard, error) {
	if c.AllowPrivate {
		return func(netip.AddrPort) error { return nil }, nil
	}
	networks := make([]netip.Prefix, len(c.Networks))
	for i, text := range c.Networks {
		var err error
		if networks[i], err = netip.ParsePrefix(text); err != nil {
			return nil, fmt.Errorf("modules.webhook.networks: %w", err)
		}
	}
	return httpclient.PublicOnly(networks...), nil
}
