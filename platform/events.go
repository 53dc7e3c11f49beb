package platform

import (
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/subscription"
)

// NewRelays makes a relay for each database that a module works on.
func NewRelays(
	cfg outbox.Config, events *outbox.Outbox, b broker.Broker, databases *database.Manager, modules []module.Module,
	registry *prometheus.Registry, logger *slog.Logger,
) (outbox.Relays, error) {
	var relays outbox.Relays
	there := map[string]bool{}
	for _, m := range modules {
		if there[m.Database] {
			continue
		}
		there[m.Database] = true
		db, err := databases.DB(m.Database)
		if err != nil {
			return nil, fmt.Errorf("modules.%s.database: %w", m.Name, err)
		}
		relays = append(relays, events.NewRelay(cfg, db, b, logger))
	}
	registry.MustRegister(outbox.NewCollector(relays))
	return relays, nil
}

// NewRunner makes what runs the subscriptions of all modules.
func NewRunner(
	cfg subscription.Config, b broker.Broker, databases *database.Manager, modules []module.Module,
	registry *prometheus.Registry, logger *slog.Logger,
) (*subscription.Runner, error) {
	if err := module.Check(modules); err != nil {
		return nil, err
	}
	var all []subscription.Bound
	for _, m := range modules {
		for _, s := range m.Subscriptions {
			db, err := databases.DB(m.Database)
			if err != nil {
				return nil, fmt.Errorf("modules.%s.database: %w", m.Name, err)
			}
			all = append(all, subscription.Bound{Subscription: s, DB: db})
		}
	}
	return subscription.NewRunner(cfg, all, b, registry, logger), nil
}
