package idempotency

import (
	"context"
	"fmt"

	"github.com/trellis-go/trellis/platform/database"
)

// Sweep deletes up to limit keys of one database that count for nothing any more, and says how many it found.
func (k *Keys) Sweep(ctx context.Context, db *database.DB, limit int) (int, error) {
	now := k.now().UnixMicro()
	var old []string
	err := db.Reader(ctx).Model(&row{}).Where("until <= ?", now).Order("until").Limit(limit).Pluck("id", &old).Error
	if err == nil && len(old) > 0 {
		// Unless a key was taken again since.
		err = db.Writer(ctx).Where("id IN ? AND until <= ?", old, now).Delete(&row{}).Error
	}
	if err != nil {
		return 0, fmt.Errorf("delete old idempotency keys: %w", err)
	}
	return len(old), nil
}
