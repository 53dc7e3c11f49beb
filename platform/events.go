package platform

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/idempotency"
	"github.com/trellis-go/trellis/platform/inbox"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/subscription"
	"github.com/trellis-go/trellis/platform/sweep"
)

// NewRelays makes a relay for each database that a module works on.
func NewRelays(
	cfg outbox.Config, events *outbox.Outbox, b broker.Broker, databases *database.Manager, modules []module.Module,
	registry *prometheus.Registry, logger *slog.Logger,
) ([]*outbox.Relay, error) {
	used, err := used(databases, modules)
	if err != nil {
		return nil, err
	}
	var relays []*outbox.Relay
	for _, db := range used {
		relays = append(relays, events.NewRelay(cfg, db, b, logger))
	}
	registry.MustRegister(outbox.NewCollector(relays))
	return relays, nil
}

// NewSweeper makes what clears away idempotency keys, receipts of events and events that were sent, in every database that
// a module works on.
func NewSweeper(
	in subscription.Config, out outbox.Config, keys *idempotency.Keys, now clock.Clock, databases *database.Manager,
	modules []module.Module, logger *slog.Logger,
) (*sweep.Sweeper, error) {
	used, err := used(databases, modules)
	if err != nil {
		return nil, err
	}
	return sweep.New(used, logger,
		sweep.Old{What: "idempotency keys", Delete: keys.Sweep},
		sweep.Old{What: "receipts of events", Delete: func(ctx context.Context, db *database.DB, limit int) (int, error) {
			return inbox.Sweep(ctx, db, now().Add(-in.Retention), limit)
		}},
		sweep.Old{What: "events that were sent", Delete: func(ctx context.Context, db *database.DB, limit int) (int, error) {
			return outbox.Sweep(ctx, db, now().Add(-out.Retention), limit)
		}},
	), nil
}

// used are the databases that modules work on, each once.
func used(databases *database.Manager, modules []module.Module) ([]*database.DB, error) {
	var all []*database.DB
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
		all = append(all, db)
	}
	return all, nil
}

// NewRunner makes what runs the subscriptions of all modules.
func NewRunner(
	b broker.Broker, databases *database.Manager, modules []module.Module, registry *prometheus.Registry, logger *slog.Logger,
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
	return subscription.NewRunner(all, b, registry, logger), nil
}
