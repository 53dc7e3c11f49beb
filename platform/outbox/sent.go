package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/trellis-go/trellis/platform/database"
)

// settle takes events that were sent out of the table, and renews the lease.
func (r *Relay) settle(ctx context.Context, sent []int64) error {
	if len(sent) == 0 {
		return nil
	}
	return r.take(ctx, sent, r.lease.Keep)
}

// finish settles what was sent last and gives the lease back, also when the work has to end.
func (r *Relay) finish(ctx context.Context, sent []int64) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.cfg.Lease)
	defer cancel()
	if len(sent) == 0 {
		_, err := r.lease.Release(ctx)
		return err
	}
	return r.take(ctx, sent, r.lease.Release)
}

// take takes events out of the table together with a change of the lease. Only who has the lease may: SQLite gives the
// number of an event that is gone to a later one, which must not be taken for sent.
func (r *Relay) take(ctx context.Context, sent []int64, lease func(context.Context) (bool, error)) error {
	err := r.db.InTx(ctx, func(ctx context.Context) error {
		still, err := lease(ctx)
		if err != nil {
			return err
		}
		if !still {
			return errLeaseLost
		}
		return r.retire(ctx, sent)
	})
	if err != nil {
		return fmt.Errorf("take %d events that were sent out of the outbox: %w", len(sent), err)
	}
	return nil
}

const keepSent = "INSERT INTO outbox_sent (id, type, subject, happened_at, traceparent, data, sent_at) " +
	"SELECT id, type, subject, happened_at, traceparent, data, ? FROM outbox_events WHERE "

// retire keeps events apart for a while, or forgets them when they are not to be kept.
func (r *Relay) retire(ctx context.Context, seqs []int64) error {
	where, values := "seq IN ?", []any{seqs}
	if first, last := seqs[0], seqs[len(seqs)-1]; last-first == int64(len(seqs))-1 { // then there are no others between them
		where, values = "seq BETWEEN ? AND ?", []any{first, last}
	}
	if r.cfg.Retention > 0 {
		if err := r.db.Writer(ctx).Exec(keepSent+where, append([]any{r.now().UnixMicro()}, values...)...).Error; err != nil {
			return err
		}
	}
	return r.db.Writer(ctx).Where(where, values...).Delete(&row{}).Error
}

// Sweep deletes up to limit of the events that were sent before a time, and says how many it found.
func Sweep(ctx context.Context, db *database.DB, before time.Time, limit int) (int, error) {
	var old []string
	err := db.Reader(ctx).Model(&sentRow{}).Where("sent_at < ?", before.UnixMicro()).Order("sent_at").Limit(limit).Pluck("id", &old).Error
	if err == nil && len(old) > 0 {
		err = db.Writer(ctx).Where("id IN ?", old).Delete(&sentRow{}).Error
	}
	if err != nil {
		return 0, fmt.Errorf("delete events that were sent: %w", err)
	}
	return len(old), nil
}
