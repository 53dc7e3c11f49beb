package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/id"
)

// settle notes what came of an attempt, and says when the next one is: 0 when there is none.
func (s *Sender) settle(ctx context.Context, webhookID string, made *outcome) (wait time.Duration, err error) {
	err = s.repo.InTx(ctx, func(ctx context.Context) error {
		wait = 0
		locked, err := s.lock(ctx, webhookID, made)
		if err != nil {
			return err
		}
		delivery, err := s.repo.LockDelivery(ctx, made.DeliveryID)
		if err != nil {
			return ignoreGone(err)
		}
		delivery.Attempts++
		made.ID, made.Attempt.Attempt = id.New(), delivery.Attempts
		if err := s.repo.InsertAttempt(ctx, &made.Attempt); err != nil {
			return err
		}
		if delivery.State == Pending { // and not settled by another process, which held it for lost
			delivery.LastStatus, delivery.LastError = made.Status, made.Error
			wait = s.judge(ctx, locked, delivery, made)
		}
		if locked != nil {
			if err := s.repo.UpdateWebhook(ctx, locked); err != nil {
				return err
			}
		}
		return s.repo.UpdateDelivery(ctx, delivery)
	})
	if err != nil {
		return 0, fmt.Errorf("note an attempt of the delivery %s: %w", made.DeliveryID, err)
	}
	return wait, nil
}

// lock locks the webhook when the attempt changes what is known of it: nil when it does not, and when it is gone. The
// webhook is locked before the delivery.
func (s *Sender) lock(ctx context.Context, webhookID string, made *outcome) (*Webhook, error) {
	if made.ok() { // as it is now: another attempt may have failed meanwhile
		found, err := s.repo.Webhook(ctx, webhookID)
		if err != nil || found.FailingSince == nil {
			return nil, ignoreGone(err)
		}
	}
	locked, err := s.repo.LockWebhook(ctx, webhookID)
	return locked, ignoreGone(err)
}

// judge says what becomes of the delivery and of the webhook, and when the next attempt is.
func (s *Sender) judge(ctx context.Context, w *Webhook, d *Delivery, made *outcome) time.Duration {
	now := s.now()
	if made.ok() {
		d.end(Delivered, now)
		if w != nil && w.URL == made.url {
			w.FailingSince = nil
		}
		return 0
	}
	if reason := s.fail(w, made, now); reason != "" {
		w.switchOff(now, reason)
		database.AfterCommit(ctx, func(ctx context.Context) {
			s.logger.WarnContext(ctx, "a webhook was switched off", slog.String("webhook", w.ID), slog.String("reason", reason))
		})
	}
	round := d.Attempts - d.Round
	if w == nil || !w.Active || round >= s.cfg.Attempts {
		d.end(Failed, now)
		return 0
	}
	wait := backoff.Exponential{First: s.cfg.FirstRetry, Last: s.cfg.LastRetry}.After(round)
	wait = max(wait, min(made.retryAfter, s.cfg.LastRetry))
	next := now.Add(wait)
	d.NextAt = &next
	return wait
}

// fail notes a failure of the webhook, and gives the reason to switch it off, "" when there is none. What was sent to a URL that
// it has no more says nothing of it.
func (s *Sender) fail(w *Webhook, made *outcome, now time.Time) string {
	switch {
	case w == nil || !w.Active || w.URL != made.url:
		return ""
	case made.Status == http.StatusGone:
		return "it answered 410 Gone"
	case w.FailingSince == nil:
		w.FailingSince = &now
	case now.Sub(*w.FailingSince) >= s.cfg.DisableAfter:
		return "every delivery has failed since " + w.FailingSince.Format(time.RFC3339)
	}
	return ""
}

// giveUp ends a delivery to a webhook that is switched off or gone.
func (s *Sender) giveUp(ctx context.Context, deliveryID string) error {
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		delivery, err := s.repo.LockDelivery(ctx, deliveryID)
		if err != nil || delivery.State != Pending {
			return err
		}
		delivery.LastError = "the webhook is switched off, or was deleted"
		delivery.end(Failed, s.now())
		return s.repo.UpdateDelivery(ctx, delivery)
	})
	if err = ignoreGone(err); err != nil {
		return fmt.Errorf("give up the delivery %s: %w", deliveryID, err)
	}
	return nil
}

// ignoreGone leaves out that a webhook or a delivery was deleted meanwhile.
func ignoreGone(err error) error {
	if errors.Is(err, ErrWebhookNotFound) || errors.Is(err, ErrDeliveryNotFound) {
		return nil
	}
	return err
}
