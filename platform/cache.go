package platform

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trellis-go/trellis/platform/cache"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
)

// NewCache makes the store of every cache: with Redis when the one that the configuration names is there, or else in
// process alone.
func NewCache(
	cfg cache.Config, databases *database.Manager, now clock.Clock, logger *slog.Logger, registry *prometheus.Registry,
) (*cache.Store, error) {
	store, err := openCache(cfg, databases, now, logger)
	if err == nil {
		registry.MustRegister(cache.NewCollector(store))
	}
	return store, err
}

func openCache(cfg cache.Config, databases *database.Manager, now clock.Clock, logger *slog.Logger) (*cache.Store, error) {
	if cfg.Database == "" {
		return cache.Open(cfg, nil, now, logger)
	}
	redis, err := databases.Redis(cfg.Database)
	switch {
	case err == nil:
		return cache.Open(cfg, redis.Client(), now, logger)
	case errors.Is(err, database.ErrNotConfigured):
		return cache.Open(cfg, nil, now, logger)
	default:
		return nil, fmt.Errorf("cache.database: %w", err)
	}
}
