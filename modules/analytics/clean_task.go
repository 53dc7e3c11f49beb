package analytics

import (
	"context"
	"time"

	"github.com/trellis-go/trellis/platform/tasks"
)

const cleanKind tasks.Kind[struct{}, cleanResult] = "analytics.clean"

var cleaning = tasks.Every("analytics.clean", time.Hour, cleanKind, struct{}{})

type cleanResult struct {
	Payments int `json:"payments"`
}

const (
	// paidKept is how long it is known when an order was paid. Nothing is told of an order again so long after.
	paidKept   = 365 * 24 * time.Hour
	cleanBatch = 500
)

func (r *Recorder) cleaner() tasks.Handler {
	return cleanKind.On(func(ctx context.Context, _ *tasks.Run, _ struct{}) (done cleanResult, err error) {
		done.Payments, err = r.Clean(ctx)
		return done, err
	}, tasks.Options{Retention: time.Hour})
}

// Clean forgets when orders were paid that were paid long ago, and says of how many.
func (r *Recorder) Clean(ctx context.Context) (payments int, err error) {
	for gone := cleanBatch; gone == cleanBatch; payments += gone {
		if gone, err = r.repo.ForgetPaid(ctx, r.now().Add(-paidKept), cleanBatch); err != nil {
			return payments, err
		}
	}
	return payments, nil
}
