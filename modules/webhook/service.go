package webhook

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/crypto"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/page"
)

// Service is what can be done with webhooks.
type Service struct {
	cfg    Config
	repo   *Repository
	ring   *crypto.Ring
	sender *Sender
	now    clock.Clock
}

// NewService makes the service.
func NewService(cfg Config, repo *Repository, ring *crypto.Ring, sender *Sender, now clock.Clock) *Service {
	return &Service{cfg: cfg, repo: repo, ring: ring, sender: sender, now: now}
}

// Check is asked whether somebody who has read a certain version may change what is stored as version now.
type Check func(version int64) error

// Create adds a webhook and gives its secret, which is not shown again. The error is problem.Invalid for a draft that
// breaks rules.
func (s *Service) Create(ctx context.Context, draft Draft) (w *Webhook, secret string, err error) {
	if err := draft.check(s.cfg, s.sender.guard); err != nil {
		return nil, "", err
	}
	now := s.now()
	w = &Webhook{ID: id.New(), Version: 1, CreatedAt: now, UpdatedAt: now}
	w.apply(draft)
	secret = newSecret()
	if w.Secret, err = s.ring.Seal([]byte(secret), w.purpose()); err != nil {
		return nil, "", fmt.Errorf("seal the secret of a webhook: %w", err)
	}
	// In a transaction nobody is told that nothing was written when the answer got lost.
	return w, secret, s.repo.InTx(ctx, func(ctx context.Context) error { return s.repo.InsertWebhook(ctx, w) })
}

// Webhook finds a webhook. The error is ErrWebhookNotFound when there is none.
func (s *Service) Webhook(ctx context.Context, webhookID string) (*Webhook, error) {
	return s.repo.Webhook(ctx, webhookID)
}

// Webhooks lists webhooks, a page at a time.
func (s *Service) Webhooks(ctx context.Context, wanted page.Request) (page.Page[Webhook], error) {
	return s.repo.Webhooks(ctx, wanted)
}

// Update changes a webhook to what change makes of it. The errors are ErrWebhookNotFound, what check and change answer, and
// problem.Invalid.
func (s *Service) Update(ctx context.Context, webhookID string, check Check, change func(Draft) (Draft, error)) (*Webhook, error) {
	return s.change(ctx, webhookID, check, func(w *Webhook) error {
		draft, err := change(w.draft())
		if err == nil {
			err = draft.check(s.cfg, s.sender.guard)
		}
		if err != nil {
			return err
		}
		w.apply(draft)
		return nil
	})
}

// Rotate gives a webhook a new secret, which is not shown again. The one before signs beside it for a time, and so does the
// one before that when its time is not over: the receiver may know no other, since an answer with a secret can be lost.
func (s *Service) Rotate(ctx context.Context, webhookID string, check Check) (w *Webhook, secret string, err error) {
	secret = newSecret()
	w, err = s.change(ctx, webhookID, check, func(w *Webhook) error {
		now := s.now()
		old, err := s.replaced(w, now)
		if err != nil {
			return err
		}
		sealed, err := s.ring.Seal([]byte(secret), w.purpose())
		if err != nil {
			return fmt.Errorf("seal the secret of a webhook: %w", err)
		}
		until := now.Add(s.cfg.Overlap)
		w.OldSecret, w.OldSecretUntil, w.Secret = old, &until, sealed
		return nil
	})
	return w, secret, err
}

// maxOld is how many old secrets sign at once: as many as there is room for, sealed under the longest id of a key.
const maxOld = 2

// replaced is what signs beside the next secret, sealed: the secret, and the newest of those that sign beside it now.
func (s *Service) replaced(w *Webhook, now time.Time) (string, error) {
	if !w.overlaps(now) {
		return w.Secret, nil
	}
	secret, err := s.ring.Open(w.Secret, w.purpose())
	if err != nil {
		return "", fmt.Errorf("open the secret of a webhook: %w", err)
	}
	old, err := s.ring.Open(w.OldSecret, w.purpose())
	if err != nil && !errors.Is(err, crypto.ErrSealed) { // what cannot be opened is let go: nothing is signed while it is there
		return "", fmt.Errorf("open the old secrets of a webhook: %w", err)
	}
	kept := strings.Fields(strings.ReplaceAll(string(secret)+" "+string(old), secretPrefix, ""))
	sealed, err := s.ring.Seal([]byte(strings.Join(kept[:min(len(kept), maxOld)], " ")), w.purpose())
	if err != nil {
		return "", fmt.Errorf("seal the old secrets of a webhook: %w", err)
	}
	return sealed, nil
}

// change locks a webhook, and stores what fn makes of it as the next version.
func (s *Service) change(ctx context.Context, webhookID string, check Check, fn func(*Webhook) error) (*Webhook, error) {
	var w *Webhook
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		var err error
		if w, err = s.repo.LockWebhook(ctx, webhookID); err != nil {
			return err
		}
		if err := check(w.Version); err != nil {
			return err
		}
		if err := fn(w); err != nil {
			return err
		}
		w.Version, w.UpdatedAt = w.Version+1, s.now()
		return s.repo.UpdateWebhook(ctx, w)
	})
	if err != nil {
		return nil, fmt.Errorf("change the webhook %s: %w", webhookID, err)
	}
	return w, nil
}

// Delete deletes a webhook. What is on its way to it is not sent any more.
func (s *Service) Delete(ctx context.Context, webhookID string, check Check) error {
	err := s.repo.InTx(ctx, func(ctx context.Context) error {
		w, err := s.repo.LockWebhook(ctx, webhookID)
		if err != nil {
			return err
		}
		if err := check(w.Version); err != nil {
			return err
		}
		return s.repo.DeleteWebhook(ctx, webhookID)
	})
	if err != nil {
		return fmt.Errorf("delete the webhook %s: %w", webhookID, err)
	}
	return nil
}
