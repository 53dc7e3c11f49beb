package outbox

import (
	"context"
	"errors"
	"sync"
)

// Relays are those of all databases of the program.
type Relays []*Relay

// Run runs all of them until Drain, or until ctx ends.
func (r Relays) Run(ctx context.Context) error {
	if len(r) == 0 {
		<-ctx.Done()
	}
	return r.each(func(relay *Relay) error { return relay.Run(ctx) })
}

// Drain drains all of them.
func (r Relays) Drain(ctx context.Context) error {
	return r.each(func(relay *Relay) error { return relay.Drain(ctx) })
}

func (r Relays) each(do func(*Relay) error) error {
	failed := make([]error, len(r))
	var all sync.WaitGroup
	for i, relay := range r {
		all.Go(func() { failed[i] = do(relay) })
	}
	all.Wait()
	return errors.Join(failed...)
}
