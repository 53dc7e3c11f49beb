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
	Workers   []Worker                    // what else works in the background, such as a queue.Worker
	Start     func(context.Context) error // what it does before the first request, nil for nothing; the schema is up to date
	Models    []any                       // its entities, a pointer to a zero value each: what its tables are made for

	Subscriptions []subscription.Subscription // what it does about events, in transactions of its database
}

// Worker works in the background from the start of the program to its end.
type Worker struct {
	// Run works until Drain, or until ctx ends, which it does once all parts of the program have drained. It is called once.
	Run func(ctx context.Context) error
	// Drain begins nothing new and waits for what runs, until ctx ends. Nil is for what works to the end.
	Drain func(ctx context.Context) error
}

// Subscriptions are those of all modules.
func Subscriptions(modules []Module) []subscription.Subscription {
	var all []subscription.Subscription
	for _, m := range modules {
		all = append(all, m.Subscriptions...)
	}
	return all
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
	for _, m := range modules {
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
	return errors.Join(append(failed, subscription.Check(Subscriptions(modules)))...)
}
