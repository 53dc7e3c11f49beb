// Package platform composes the packages below it into what every application stands on: one configuration, one Wire
// set, and the order in which the parts start and stop.
package platform

import (
	"context"
	"log/slog"

	"github.com/google/wire"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/trellis-go/trellis/platform/app"
	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/cache"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/crypto"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/health"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/httpclient"
	"github.com/trellis-go/trellis/platform/idempotency"
	"github.com/trellis-go/trellis/platform/inbox"
	"github.com/trellis-go/trellis/platform/lease"
	"github.com/trellis-go/trellis/platform/log"
	"github.com/trellis-go/trellis/platform/migrate"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/queue"
	"github.com/trellis-go/trellis/platform/ratelimit"
	"github.com/trellis-go/trellis/platform/subscription"
	"github.com/trellis-go/trellis/platform/sweep"
	"github.com/trellis-go/trellis/platform/tasks"
	"github.com/trellis-go/trellis/platform/telemetry"
)

// Config has a section for each package that has keys.
type Config struct {
	App         app.Config
	Auth        auth.Config
	Crypto      crypto.Config
	HTTP        httpapi.Config
	Log         log.Config
	Databases   database.Configs
	Migrations  migrate.Config
	Cache       cache.Config
	RateLimit   ratelimit.Config
	Broker      broker.Config
	Outbox      outbox.Config
	Inbox       subscription.Config
	Idempotency idempotency.Config
	Tasks       tasks.Config
	Worker      WorkerConfig
}

// Set provides the platform, given a Config, a *log.Logger, a telemetry.Build, the migrations' fs.FS and the modules.
var Set = wire.NewSet(
	wire.FieldsOf(new(Config), "App", "Auth", "Crypto", "HTTP", "Databases", "Migrations", "Cache", "RateLimit", "Broker", "Outbox", "Inbox",
		"Idempotency", "Tasks", "Worker"),
	wire.FieldsOf(new(*log.Logger), "Logger"),
	clock.New,
	database.Open,
	migrate.New,
	telemetry.NewRegistry,
	NewCache,
	NewLimiter,
	broker.Open, outbox.New, NewRelays, NewRunner,
	idempotency.New, NewSweeper,
	auth.NewTokens, auth.NewGate,
	httpclient.NewMetrics,
	crypto.NewRing, crypto.NewPasswords, wire.FieldsOf(new(crypto.Config), "Argon2"),
	NewHealth,
	tasks.New,
	NewWorker,
	NewAPI,
	httpapi.NewServer,
	wire.Struct(new(Parts), "*"),
	NewApp,
	NewWorkerApp,
)

// Tables are the platform's own, by the package that they are named after.
func Tables() []module.Module {
	return []module.Module{
		{Name: "queue", Models: queue.Models()},
		{Name: "broker", Models: broker.Models()},
		{Name: "lease", Models: lease.Models()},
		{Name: "outbox", Models: outbox.Models()},
		{Name: "inbox", Models: inbox.Models()},
		{Name: "tasks", Models: tasks.Models()},
		{Name: "idempotency", Models: idempotency.Models()},
	}
}

// NewHealth watches the databases, and the broker where it is a server of its own.
func NewHealth(logger *slog.Logger, databases *database.Manager, cfg broker.Config, b broker.Broker) *health.Health {
	var checks []health.Check
	for _, check := range databases.Checks() {
		checks = append(checks, health.Check{Name: check.Name, Required: check.Required, Probe: check.Probe})
	}
	if cfg.Driver != broker.DriverEmbedded {
		checks = append(checks, health.Check{Name: "broker", Probe: b.Ping}) // the outbox keeps what it cannot take
	}
	return health.New(logger, checks...)
}

// NewAPI makes the API with the operations of every module. It refuses modules that cannot work together.
func NewAPI(
	cfg httpapi.Config, limits ratelimit.Config, limiter ratelimit.Limiter, gate *auth.Gate, logger *slog.Logger,
	health *health.Health, registry *prometheus.Registry, background *tasks.Tasks, b broker.Broker, modules []module.Module,
) (*httpapi.API, error) {
	if err := module.Check(modules); err != nil {
		return nil, err
	}
	api, err := httpapi.New(cfg, limits, limiter, gate, logger, health, registry)
	if err != nil {
		return nil, err
	}
	for _, m := range modules {
		m.Routes(api)
	}
	background.Routes(api)
	subscription.NewLetters(b, module.Subscriptions(modules)).Routes(api)
	return api, nil
}

// Parts are what the program is made of, whichever kind of process it is, and how it starts and ends.
type Parts struct {
	Life          app.Config
	Schema        migrate.Config
	Logger        *slog.Logger
	Health        *health.Health
	Databases     *database.Manager
	Migrator      *migrate.Migrator
	Caches        *cache.Store
	Broker        broker.Broker
	Relays        []*outbox.Relay
	Subscriptions *subscription.Runner
	Tasks         *tasks.Worker
	Sweeper       *sweep.Sweeper
	Tokens        *auth.Tokens
	Ring          *crypto.Ring
	Modules       []module.Module
}

// NewApp lists the parts of the program in the order in which they start. They stop in the reverse order.
func NewApp(p Parts, cfg WorkerConfig, server *httpapi.Server, registry *prometheus.Registry) *app.App {
	registry.MustRegister(database.NewCollector(p.Databases))
	if own, has := p.Broker.(prometheus.Collector); has {
		registry.MustRegister(own)
	}
	parts := p.ground()
	if cfg.Enabled {
		parts = append(parts, p.work()...)
	}
	return app.New(p.Life, p.Logger, p.Health, append(parts,
		app.Component{Name: "health", Stop: p.Health.Close},
		app.Component{Name: "http", Start: server.Start, Run: server.Run, Drain: server.Drain, Stop: server.Stop},
	)...)
}

// ground is what every kind of process has. The relays of the outbox are here, since they are woken by the commits of
// their own process.
func (p Parts) ground() []app.Component {
	parts := []app.Component{
		{Name: "signing keys", Start: configured(p.Tokens.Start)},
		{Name: "encryption keys", Start: configured(p.Ring.Start)},
		{Name: "databases", Start: p.Databases.Start, Stop: p.Databases.Close},
		{Name: "migrations", Slow: p.Schema.Auto, Start: func(ctx context.Context) error { return p.Migrator.Ensure(ctx, p.Schema.Auto) }},
		{Name: "cache", Start: p.Caches.Start, Stop: p.Caches.Close},
		{Name: "broker", Start: p.Broker.Start, Stop: p.Broker.Stop},
		{Name: "modules", Start: func(ctx context.Context) error { return module.Start(ctx, p.Modules) }},
	}
	for _, relay := range p.Relays {
		parts = append(parts, app.Component{Name: "outbox", Run: relay.Run, Drain: relay.Drain})
	}
	return parts
}

// work is what carries out what waits in the background. Workers without a Drain work until all parts have drained.
func (p Parts) work() []app.Component {
	parts := []app.Component{
		{Name: "subscriptions", Run: p.Subscriptions.Run, Drain: p.Subscriptions.Drain},
		{Name: "tasks", Run: p.Tasks.Run, Drain: p.Tasks.Drain},
		{Name: "sweeper", Run: p.Sweeper.Run},
	}
	for _, m := range p.Modules {
		for _, worker := range m.Workers {
			parts = append(parts, app.Component{Name: m.Name, Run: worker.Run, Drain: worker.Drain})
		}
	}
	return parts
}

// configured makes a failure to start one of the configuration.
func configured(start func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := start(ctx); err != nil {
			return app.WithExitCode(err, app.ExitConfig)
		}
		return nil
	}
}

// Reload puts those parts of a new configuration in force that may change while the program runs.
func Reload(_ context.Context, cfg Config, logger *log.Logger, api *httpapi.API) error {
	api.Limit(cfg.RateLimit)
	return logger.SetLevel(cfg.Log.Level)
}
