// Package inbox makes the effect of an event happen once, however often it is delivered: the handler runs in a
// transaction with a receipt for the event.
//
//	handled, err := inbox.Once(ctx, db, "order.stock", message.ID, func(ctx context.Context) error { … })
//
// What the handler does elsewhere than in that database can happen again.
package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trellis-go/trellis/platform/database"
)

// receipt says that a subscription has handled an event. HandledAt is in Unix microseconds.
type receipt struct {
	Subscription string `gorm:"size:80;primaryKey"`
	EventID      string `gorm:"size:64;primaryKey"`
	HandledAt    int64  `gorm:"not null;index:inbox_receipts_handled"`
}

// TableName names the table.
func (receipt) TableName() string { return "inbox_receipts" }

// Models are what the table is made for.
func Models() []any { return []any{&receipt{}} }

var errHandled = errors.New("the event was handled before")

// Once runs fn in a transaction of db, unless it was before for this event and subscription: then it answers false. When
// two come at once one waits for the other.
func Once(ctx context.Context, db *database.DB, subscription, eventID string, fn func(ctx context.Context) error) (handled bool, err error) {
	err = db.InTx(ctx, func(ctx context.Context) error {
		r := receipt{Subscription: subscription, EventID: eventID, HandledAt: time.Now().UnixMicro()}
		err := db.Writer(ctx).Create(&r).Error
		if errors.Is(err, database.ErrDuplicate) {
			return errHandled
		}
		if err != nil {
			return fmt.Errorf("write the receipt of the event %s: %w", eventID, err)
		}
		return fn(ctx)
	})
	if errors.Is(err, errHandled) {
		return false, nil
	}
	return err == nil, err
}

// Sweep deletes up to limit receipts of what was handled before a time, and says how many it found. An event that is
// delivered again after its receipt is gone has its effect again: keep them for longer than the broker may take.
func Sweep(ctx context.Context, db *database.DB, before time.Time, limit int) (int, error) {
	var old []receipt
	err := db.Reader(ctx).Where("handled_at < ?", before.UnixMicro()).Order("handled_at").Limit(limit).Find(&old).Error
	if err == nil && len(old) > 0 {
		bySubscription := map[string][]string{}
		for _, r := range old {
			bySubscription[r.Subscription] = append(bySubscription[r.Subscription], r.EventID)
		}
		for subscription, events := range bySubscription {
			err = errors.Join(err, db.Writer(ctx).Where("subscription = ? AND event_id IN ?", subscription, events).Delete(&receipt{}).Error)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("delete old receipts: %w", err)
	}
	return len(old), nil
}
