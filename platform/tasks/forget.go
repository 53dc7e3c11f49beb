package tasks

import (
	"context"
	"fmt"
	"time"
)

// forgetKind is the task that deletes finished tasks when their retention is over.
const forgetKind Kind[struct{}, forgotten] = "tasks.forget"

// forgotten is how many were deleted.
type forgotten struct {
	Tasks int64 `json:"tasks"`
}

var forgetting = Every("tasks.forget", 10*time.Minute, forgetKind, struct{}{})

const forgetBatch = 500

func (t *Tasks) forget() Handler {
	return forgetKind.On(func(ctx context.Context, _ *Run, _ struct{}) (gone forgotten, err error) {
		for {
			var ids []string
			err := t.db.Reader(ctx).Model(&row{}).Where("expires_at > 0 AND expires_at <= ?", t.now().UnixMicro()).
				Limit(forgetBatch).Pluck("id", &ids).Error
			if err == nil && len(ids) > 0 {
				err = t.db.Writer(ctx).Where("id IN ?", ids).Delete(&row{}).Error
			}
			if err != nil {
				return gone, fmt.Errorf("forget finished tasks: %w", err)
			}
			gone.Tasks += int64(len(ids))
			if len(ids) < forgetBatch {
				return gone, nil
			}
		}
	}, Options{Retention: time.Hour})
}
