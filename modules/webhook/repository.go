package webhook

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
)

// Repository has every query of the module. Its methods join the transaction of their context.
type Repository struct{ *database.DB }

// NewRepository takes the database that the configuration names.
func NewRepository(cfg Config, databases *database.Manager) (*Repository, error) {
	db, err := databases.DB(cfg.Database)
	if err != nil {
		return nil, fmt.Errorf("modules.webhook.database: %w", err)
	}
	return &Repository{DB: db}, nil
}

// InsertWebhook stores a new webhook.
func (r *Repository) InsertWebhook(ctx context.Context, w *Webhook) error {
	if err := r.Writer(ctx).Create(w).Error; err != nil {
		return fmt.Errorf("store the webhook %s: %w", w.ID, err)
	}
	return nil
}

// Webhook finds a webhook. The error is ErrWebhookNotFound when there is none.
func (r *Repository) Webhook(ctx context.Context, webhookID string) (*Webhook, error) {
	return findWebhook(r.Reader(ctx), webhookID)
}

// LockWebhook is Webhook for a transaction that is going to change it: others who want to change it wait.
func (r *Repository) LockWebhook(ctx context.Context, webhookID string) (*Webhook, error) {
	return findWebhook(r.Writer(ctx).Scopes(database.ForUpdate), webhookID)
}

func findWebhook(db *gorm.DB, webhookID string) (*Webhook, error) {
	var found Webhook
	err := db.Where("id = ?", webhookID).Take(&found).Error
	if database.IsNotFound(err) {
		return nil, ErrWebhookNotFound.Errorf("no webhook has the id %q", webhookID)
	}
	if err != nil {
		return nil, fmt.Errorf("find the webhook %s: %w", webhookID, err)
	}
	return &found, nil
}

// UpdateWebhook stores what was changed of a locked webhook.
func (r *Repository) UpdateWebhook(ctx context.Context, w *Webhook) error {
	err := r.Writer(ctx).Model(&Webhook{}).Where("id = ?", w.ID).Updates(map[string]any{
		"url": w.URL, "description": w.Description, "events": w.Events, "active": w.Active, "secret": w.Secret,
		"old_secret": w.OldSecret, "old_secret_until": w.OldSecretUntil, "failing_since": w.FailingSince,
		"disabled_at": w.DisabledAt, "disabled_reason": w.DisabledReason, "version": w.Version, "updated_at": w.UpdatedAt,
	}).Error
	if err != nil {
		return fmt.Errorf("store the webhook %s: %w", w.ID, err)
	}
	return nil
}

// DeleteWebhook deletes a locked webhook. What was delivered to it is forgotten in its time.
func (r *Repository) DeleteWebhook(ctx context.Context, webhookID string) error {
	if err := r.Writer(ctx).Where("id = ?", webhookID).Delete(&Webhook{}).Error; err != nil {
		return fmt.Errorf("delete the webhook %s: %w", webhookID, err)
	}
	return nil
}

// Webhooks lists webhooks, a page at a time, by the time when they were created.
func (r *Repository) Webhooks(ctx context.Context, wanted page.Request) (page.Page[Webhook], error) {
	var rows []Webhook
	if err := r.Reader(ctx).Scopes(wanted.Keyset("created_at").Scope).Find(&rows).Error; err != nil {
		return page.Page[Webhook]{}, fmt.Errorf("list webhooks: %w", err)
	}
	return page.Cut(rows, wanted.Limit, func(w *Webhook) page.Position { return page.Position{Value: w.CreatedAt, ID: w.ID} }), nil
}

// Active are the webhooks that are told of events.
func (r *Repository) Active(ctx context.Context) ([]Webhook, error) {
	var found []Webhook
	if err := r.Reader(ctx).Where("active = ?", true).Order("id").Find(&found).Error; err != nil {
		return nil, fmt.Errorf("find the active webhooks: %w", err)
	}
	return found, nil
}

// All are the ids of all webhooks.
func (r *Repository) All(ctx context.Context) ([]string, error) {
	var ids []string
	if err := r.Reader(ctx).Model(&Webhook{}).Order("id").Pluck("id", &ids).Error; err != nil {
		return nil, fmt.Errorf("find all webhooks: %w", err)
	}
	return ids, nil
}
