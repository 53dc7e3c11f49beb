// Package module says what a business domain brings to the application. The list of modules stands in wire_gen.
package module

import (
	"context"
	"errors"
	"fmt"

	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/subscription"
	"github.com/trellis-go/trellis/platform/tasks"
)

// Module is one business domain as the application sees it.
type Module struct {
	Name      string                      // of its folder, and the prefix of its tables
	Database  string                      // the name of the connection that it is configured to use
	Joins     []string                    // the modules that it calls inside its transactions
	Routes    func(*httpapi.API)          // registers its operations
	Tasks     []tasks.Handler             // who carries out its background tasks
	Schedules []tasks.Schedule            // what it starts by the clock
	Start     func(context.Context) error // what it does before the first request, nil for nothing; the schema is up to date
	Models    []any                       // its entities, a pointer to a zero value each: what its tables are made for

	Subscriptions []subscription.Subscription // what it does about events, in transactions of its database
}

// Start lets each module do what it does before the first request, in the order of the list.
func Start(ctx context.Context, modules []Module) error {
	for _, m := range modules {
		if m.Start == nil {
			continue
		}
		if err := m.Start(ctx); err != nil {
			return fmt.Errorf("module %s: %w", m.Name, err)
		}
	}
	return nil
}

// Check finds modules that cannot work together as they are configured: one that joins a module on another database,
// since no transaction spans two, and subscriptions that are wrong or have the name of another. The error names the keys.
func Check(modules []Module) error {
	byName := make(map[string]Module, len(modules))
	for _, m := range modules {
		byName[m.Name] = m
	}
	var failed []error
	var subscriptions []subscription.Subscription
	for _, m := range modules {
		subscriptions = append(subscriptions, m.Subscriptions...)
		for _, name := range m.Joins {
			joined, found := byName[name]
			switch {
			case !found:
				failed = append(failed, fmt.Errorf("the module %s joins %s, which is not among the modules", m.Name, name))
			case joined.Database != m.Database:
				failed = append(failed, fmt.Errorf(
					"modules.%s.database is %s and modules.%s.database is %s: they share transactions, so both must name the same one",
					m.Name, m.Database, name, joined.Database))
			}
		}
	}
	return errors.Join(append(failed, subscription.Check(subscriptions))...)
}
