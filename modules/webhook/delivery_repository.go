package webhook

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/page"
)

const (
	chunkRows  = 200     // below the number of parameters that SQLite takes
	chunkBytes = 4 << 20 // below the packet that a MySQL server takes
)

// InsertDeliveries stores new deliveries. It is called in a transaction: those of one event, each with its body, are more than
// one statement can take.
func (r *Repository) InsertDeliveries(ctx context.Context, deliveries []*Delivery) error {
	longest := 1
	for _, d := range deliveries {
		longest = max(longest, len(d.Body))
	}
	for chunk := range slices.Chunk(deliveries, max(1, min(chunkRows, chunkBytes/longest))) {
		if err := r.Writer(ctx).Create(&chunk).Error; err != nil {
			return fmt.Errorf("store %d deliveries: %w", len(deliveries), err)
		}
	}
	return nil
}

// Delivery finds a delivery. The error is ErrDeliveryNotFound when there is none.
func (r *Repository) Delivery(ctx context.Context, deliveryID string) (*Delivery, error) {
	return findDelivery(r.Reader(ctx), deliveryID)
}

// LockDelivery is Delivery for a transaction that is going to change it.
func (r *Repository) LockDelivery(ctx context.Context, deliveryID string) (*Delivery, error) {
	return findDelivery(r.Writer(ctx).Scopes(database.ForUpdate), deliveryID)
}

func findDelivery(db *gorm.DB, deliveryID string) (*Delivery, error) {
	var found Delivery
	err := db.Where("id = ?", deliveryID).Take(&found).Error
	if database.IsNotFound(err) {
		return nil, ErrDeliveryNotFound.Errorf("no delivery has the id %q", deliveryID)
	}
	if err != nil {
		return nil, fmt.Errorf("find the delivery %s: %w", deliveryID, err)
	}
	return &found, nil
}

// UpdateDelivery stores how far a locked delivery has come.
func (r *Repository) UpdateDelivery(ctx context.Context, d *Delivery) error {
	err := r.Writer(ctx).Model(&Delivery{}).Where("id = ?", d.ID).Updates(map[string]any{
		"state": d.State, "attempts": d.Attempts, "round": d.Round, "last_status": d.LastStatus, "last_error": d.LastError,
		"next_at": d.NextAt, "finished_at": d.FinishedAt,
	}).Error
	if err != nil {
		return fmt.Errorf("store the delivery %s: %w", d.ID, err)
	}
	return nil
}

// Deliveries lists the deliveries to a webhook without their bodies, a page at a time, by the time when they were made; in one
// state, or in any when it is "".
func (r *Repository) Deliveries(ctx context.Context, webhookID string, state State, wanted page.Request) (page.Page[Delivery], error) {
	query := r.Reader(ctx).Omit("body").Where("webhook_id = ?", webhookID).Scopes(wanted.Keyset("created_at").Scope)
	if state != "" {
		query = query.Where("state = ?", state)
	}
	var rows []Delivery
	if err := query.Find(&rows).Error; err != nil {
		return page.Page[Delivery]{}, fmt.Errorf("list the deliveries to the webhook %s: %w", webhookID, err)
	}
	return page.Cut(rows, wanted.Limit, func(d *Delivery) page.Position { return page.Position{Value: d.CreatedAt, ID: d.ID} }), nil
}

// InsertAttempt stores what came of an attempt.
func (r *Repository) InsertAttempt(ctx context.Context, a *Attempt) error {
	if err := r.Writer(ctx).Create(a).Error; err != nil {
		return fmt.Errorf("store an attempt of the delivery %s: %w", a.DeliveryID, err)
	}
	return nil
}

// Attempts are those of a delivery, in their order.
func (r *Repository) Attempts(ctx context.Context, deliveryID string) ([]Attempt, error) {
	var found []Attempt
	if err := r.Reader(ctx).Where("delivery_id = ?", deliveryID).Order("attempt, id").Find(&found).Error; err != nil {
		return nil, fmt.Errorf("find the attempts of the delivery %s: %w", deliveryID, err)
	}
	return found, nil
}

// EndedBefore are the ids of up to limit deliveries that were made before a time and have ended.
func (r *Repository) EndedBefore(ctx context.Context, before time.Time, limit int) ([]string, error) {
	var ids []string
	err := r.Writer(ctx).Model(&Delivery{}).Where("created_at < ? AND state <> ?", before, Pending).
		Order("created_at").Limit(limit).Pluck("id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("find old deliveries: %w", err)
	}
	return ids, nil
}

// DeleteEnded deletes those of the deliveries that have ended, with their attempts, and says how many: one that is sent again
// stays. It is called in a transaction.
func (r *Repository) DeleteEnded(ctx context.Context, ids []string) (int, error) {
	gone := r.Writer(ctx).Where("id IN ? AND state <> ?", ids, Pending).Delete(&Delivery{})
	if gone.Error != nil {
		return 0, fmt.Errorf("delete old deliveries: %w", gone.Error)
	}
	kept := r.Writer(ctx).Model(&Delivery{}).Select("id").Where("id IN ?", ids)
	if err := r.Writer(ctx).Where("delivery_id IN ? AND delivery_id NOT IN (?)", ids, kept).Delete(&Attempt{}).Error; err != nil {
		return 0, fmt.Errorf("delete the attempts of old deliveries: %w", err)
	}
	return int(gone.RowsAffected), nil
}
