package testkit

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/idempotency"
)

// Keys takes the idempotency keys of a module's operations.
func Keys(t testing.TB) *idempotency.Keys {
	t.Helper()
	return KeysAt(t, clock.System)
}

// KeysAt is Keys by a clock of the test's.
func KeysAt(t testing.TB, now clock.Clock) *idempotency.Keys {
	t.Helper()
	cfg := idempotency.Config{Retention: 24 * time.Hour, Lease: time.Minute}
	return idempotency.New(cfg, now, prometheus.NewRegistry(), Quiet())
}
