package platform

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/ratelimit"
)

// NewLimiter makes the store of rate limits that the configuration names.
func NewLimiter(
	cfg ratelimit.Config, databases *database.Manager, logger *slog.Logger, registry *prometheus.Registry,
) (ratelimit.Limiter, error) {
	if cfg.Store == ratelimit.StoreMemory {
		return ratelimit.NewMemory(), nil
	}
	redis, err := databases.Redis(cfg.Database)
	switch {
	case err == nil:
		return ratelimit.NewGuard(cfg, ratelimit.NewRedis(redis.Client()), logger, registry)
	case cfg.Store == ratelimit.StoreAuto && errors.Is(err, database.ErrNotConfigured):
		return ratelimit.NewMemory(), nil
	default:
		return nil, fmt.Errorf("rate_limit.database: %w", err)
	}
}
