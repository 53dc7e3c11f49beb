package webhook

import (
	"context"
	"fmt"

	"github.com/trellis-go/trellis/modules/catalog/catalogapi"
	"github.com/trellis-go/trellis/modules/inventory/inventoryapi"
	"github.com/trellis-go/trellis/modules/order/orderapi"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/outbox"
)

// told are the events that webhooks may be told of.
var told = []outbox.Event{
	catalogapi.CreatedV1{}, catalogapi.UpdatedV1{}, catalogapi.DeletedV1{},
	orderapi.PlacedV1{}, orderapi.PaidV1{}, orderapi.ShippedV1{}, orderapi.CanceledV1{}, orderapi.ExpiredV1{},
	inventoryapi.ChangedV1{},
}

// Types are the types of events that webhooks may be told of.
func Types() []string {
	types := make([]string, len(told))
	for i, event := range told {
		types[i] = event.EventType()
	}
	return types
}

// pingType is the type of the event that is sent to try a webhook out.
const pingType = "webhook.ping"

// Deliver makes a delivery of an event for each webhook that wants it. It runs in the transaction that takes note of the
// event, and sends nothing.
func (s *Service) Deliver(ctx context.Context, event broker.Message) error {
	webhooks, err := s.repo.Active(ctx)
	if err != nil {
		return err
	}
	var deliveries []*Delivery
	for i := range webhooks {
		if !webhooks[i].wants(event.Type) {
			continue
		}
		delivery, err := newDelivery(webhooks[i].ID, event, s.now())
		if err != nil {
			return broker.Dead(err)
		}
		deliveries = append(deliveries, delivery)
	}
	if err := s.enqueue(ctx, deliveries...); err != nil {
		return fmt.Errorf("deliver the event %s: %w", event.ID, err)
	}
	return nil
}
