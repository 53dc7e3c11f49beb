package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/crypto"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/page"
	"github.com/trellis-go/trellis/platform/queue"
	"github.com/trellis-go/trellis/platform/tasks"
)

// enqueue stores deliveries with their jobs.
func (s *Service) enqueue(ctx context.Context, deliveries ...*Delivery) error {
	if len(deliveries) == 0 {
		return nil
	}
	return s.repo.InTx(ctx, func(ctx context.Context) error {
		if err := s.repo.InsertDeliveries(ctx, deliveries); err != nil {
			return err
		}
		return s.sender.queue.Enqueue(ctx, jobs(deliveries...)...)
	})
}

// jobs are those of deliveries. They have ids of their own: when a delivery is sent again, the job before may not yet be
// struck off.
func jobs(deliveries ...*Delivery) []queue.Job {
	all := make([]queue.Job, len(deliveries))
	for i, delivery := range deliveries {
		all[i] = queue.Job{Queue: queueName, Payload: []byte(delivery.ID)}
	}
	return all
}

// Ping sends a webhook an event that means nothing, to try it out. The errors are ErrWebhookNotFound and ErrWebhookInactive.
func (s *Service) Ping(ctx context.Context, webhookID string) (*Delivery, error) {
	w, err := s.repo.Webhook(ctx, webhookID)
	if err != nil {
		return nil, err
	}
	if !w.Active {
		return nil, ErrWebhookInactive.New("")
	}
	now := s.now()
	data, err := json.Marshal(map[string]string{"webhook_id": w.ID})
	if err != nil {
		return nil, fmt.Errorf("encode a ping: %w", err)
	}
	delivery, err := newDelivery(w.ID, broker.Message{ID: id.New(), Type: pingType, Time: now, Data: data}, now)
	if err == nil {
		err = s.enqueue(ctx, delivery)
	}
	if err != nil {
		return nil, fmt.Errorf("ping the webhook %s: %w", webhookID, err)
	}
	return delivery, nil
}

// Delivery finds a delivery to a webhook, with what came of its attempts. The error is ErrDeliveryNotFound when there is none.
func (s *Service) Delivery(ctx context.Context, webhookID, deliveryID string) (*Delivery, []Attempt, error) {
	found, err := s.repo.Delivery(ctx, deliveryID)
	if err == nil && found.WebhookID != webhookID {
		err = ErrDeliveryNotFound.Errorf("the webhook has no delivery with the id %q", deliveryID)
	}
	if err != nil {
		return nil, nil, err
	}
	attempts, err := s.repo.Attempts(ctx, deliveryID)
	return found, attempts, err
}

// Deliveries lists the deliveries to a webhook in a state, "" for any, a page at a time. The error is ErrWebhookNotFound when
// there is no such webhook.
func (s *Service) Deliveries(ctx context.Context, webhookID string, state State, wanted page.Request) (page.Page[Delivery], error) {
	if _, err := s.repo.Webhook(ctx, webhookID); err != nil {
		return page.Page[Delivery]{}, err
	}
	return s.repo.Deliveries(ctx, webhookID, state, wanted)
}

// Replay sends a delivery again that has come to its end, under the same id. The errors are ErrWebhookNotFound,
// ErrWebhookInactive, ErrDeliveryNotFound and ErrDeliveryPending.
func (s *Service) Replay(ctx context.Context, webhookID, deliveryID string) (*Delivery, error) {
	var delivery *Delivery
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		w, err := s.repo.LockWebhook(ctx, webhookID)
		if err != nil {
			return err
		}
		delivery, err = s.repo.LockDelivery(ctx, deliveryID)
		switch {
		case err != nil:
			return err
		case delivery.WebhookID != webhookID:
			return ErrDeliveryNotFound.Errorf("the webhook has no delivery with the id %q", deliveryID)
		case !w.Active:
			return ErrWebhookInactive.New("")
		case delivery.State == Pending:
			return ErrDeliveryPending.New("")
		}
		delivery.again(s.now())
		if err := s.repo.UpdateDelivery(ctx, delivery); err != nil {
			return err
		}
		return s.sender.queue.Enqueue(ctx, jobs(delivery)...)
	})
	if err != nil {
		return nil, fmt.Errorf("send the delivery %s again: %w", deliveryID, err)
	}
	return delivery, nil
}

const cleanKind tasks.Kind[struct{}, cleanResult] = "webhook.clean"

var cleaning = tasks.Every("webhook.clean", time.Hour, cleanKind, struct{}{})

type cleanResult struct {
	Deliveries int `json:"deliveries"`
	Secrets    int `json:"secrets"`
}

const cleanBatch = 500

// cleaner forgets old deliveries and old secrets, and seals with the newest key what was sealed with another.
func (s *Service) cleaner() tasks.Handler {
	return cleanKind.On(func(ctx context.Context, _ *tasks.Run, _ struct{}) (done cleanResult, err error) {
		return s.Clean(ctx)
	}, tasks.Options{Retention: time.Hour})
}

// Clean is what is done from time to time: see cleaner.
func (s *Service) Clean(ctx context.Context) (done cleanResult, err error) {
	before := s.now().Add(-s.cfg.Retention)
	for more := true; more; {
		old, err := s.repo.EndedBefore(ctx, before, cleanBatch)
		if err != nil {
			return done, err
		}
		gone := 0
		err = s.repo.InTx(ctx, func(ctx context.Context) error {
			gone, err = s.repo.DeleteEnded(ctx, old)
			return err
		})
		if err != nil {
			return done, err
		}
		done.Deliveries, more = done.Deliveries+gone, len(old) == cleanBatch
	}
	ids, err := s.repo.All(ctx)
	if err != nil {
		return done, err
	}
	var lost error
	for _, webhookID := range ids {
		renewed, err := s.renew(ctx, webhookID)
		switch {
		case errors.Is(err, crypto.ErrSealed): // it is told of, and keeps no other from being renewed
			lost = errors.Join(lost, err)
		case err != nil:
			return done, errors.Join(lost, err)
		case renewed:
			done.Secrets++
		}
	}
	return done, lost
}

// renew drops old secrets whose time is over, and seals again what a key of before has sealed.
func (s *Service) renew(ctx context.Context, webhookID string) (renewed bool, err error) {
	err = s.repo.InTx(ctx, func(ctx context.Context) error {
		renewed = false
		w, err := s.repo.LockWebhook(ctx, webhookID)
		if err != nil {
			return err
		}
		if w.OldSecretUntil != nil && !s.now().Before(*w.OldSecretUntil) {
			w.OldSecret, w.OldSecretUntil, renewed = "", nil, true
		}
		for _, sealed := range []*string{&w.Secret, &w.OldSecret} {
			if *sealed == "" || !s.ring.Stale(*sealed) {
				continue
			}
			plain, err := s.ring.Open(*sealed, w.purpose())
			if err == nil {
				*sealed, err = s.ring.Seal(plain, w.purpose())
			}
			if err != nil {
				return fmt.Errorf("seal the secret of the webhook %s again: %w", webhookID, err)
			}
			renewed = true
		}
		if !renewed {
			return nil
		}
		return s.repo.UpdateWebhook(ctx, w)
	})
	return renewed, ignoreGone(err)
}
