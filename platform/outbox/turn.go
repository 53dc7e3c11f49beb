package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/database"
)

const batchBytes = 8 << 20 // of one batch, unless one event alone has more

var errLeaseLost = errors.New("another relay has taken over in the meantime: what was sent last is sent again")

// batch is some of the events that wait, in their order.
type batch struct {
	rows []row
	full bool // there may be more behind it
}

// outcome is what became of a batch.
type outcome struct {
	confirmed []int64
	err       error // of the first that was not
}

// turn sends what waits, and answers false when another relay is doing so. While a batch is on its way to the broker, the
// one before it is taken out of the table and the one behind it is read; no batch is begun before all of the last is
// confirmed. The lease is given back with the last one: whoever commits events can send them at once, in whichever process.
func (r *Relay) turn(ctx context.Context) (held bool, err error) {
	if held, err = r.lease.Acquire(ctx); err != nil || !held {
		return held, err
	}
	var sent []int64 // confirmed, and still in the table
	defer func() { err = errors.Join(err, r.finish(ctx, sent)) }()
	next, err := r.read(ctx, 0, r.limit)
	for err == nil && len(next.rows) > 0 {
		if err = r.renew(ctx); err != nil {
			return true, err
		}
		sending := r.send(ctx, next.rows)
		if err = r.settle(ctx, sent); err == nil {
			sent = nil
		}
		var ahead batch
		if err == nil && next.full {
			ahead, err = r.readBehind(ctx, next.rows)
		}
		came := <-sending
		sent = append(sent, came.confirmed...)
		if err = errors.Join(err, came.err); err != nil || !next.full {
			return true, err
		}
		if len(ahead.rows) == 0 {
			if err = r.settle(ctx, sent); err == nil {
				sent = nil
				ahead, err = r.read(ctx, 0, r.limit)
			}
		}
		next = ahead
	}
	return true, err
}

// renew prolongs the lease when there may be too little of it left for a batch.
func (r *Relay) renew(ctx context.Context) error {
	if time.Until(r.lease.Until()) > r.cfg.Lease/2 {
		return nil
	}
	still, err := r.lease.Keep(ctx)
	if err == nil && !still {
		err = errLeaseLost
	}
	return err
}

// read reads the first events behind a number, up to a limit and to what can be held in memory. It is one query, since it
// stands between a commit and its events' delivery.
func (r *Relay) read(ctx context.Context, after int64, limit int) (found batch, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("read the events to send: %w", err)
		}
	}()
	rows, err := r.db.Reader(database.Fresh(ctx)).Model(&row{}).Select("seq, id, type, subject, happened_at, traceparent, data").
		Where("seq > ?", after).Order("seq").Limit(limit).Rows()
	if err != nil {
		return batch{}, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for size := 0; rows.Next(); {
		var one row
		if err := rows.Scan(&one.Seq, &one.ID, &one.Type, &one.Subject, &one.HappenedAt, &one.Traceparent, &one.Data); err != nil {
			return batch{}, err
		}
		if size += len(one.Data); size > batchBytes && len(found.rows) > 0 {
			r.limit, found.full = len(found.rows), true // as many the next time: to pass over rows is to read them, too
			return found, nil
		}
		found.rows = append(found.rows, one)
	}
	found.full = len(found.rows) == limit
	if found.full {
		r.limit = min(r.cfg.Batch, 2*r.limit)
	}
	return found, rows.Err()
}

// readBehind reads what comes behind a batch that is on its way. It is empty when events were committed late, with a
// number already passed: later ones of their subjects may be behind the batch, and must not go before them.
func (r *Relay) readBehind(ctx context.Context, sending []row) (batch, error) {
	last := sending[len(sending)-1].Seq
	found, err := r.read(ctx, last, r.limit)
	if err != nil {
		return batch{}, err
	}
	var passed int64 // counted after the reading: whatever was committed before what was read is counted
	err = r.db.Reader(database.Fresh(ctx)).Model(&row{}).Where("seq <= ?", last).Count(&passed).Error
	if err != nil {
		return batch{}, fmt.Errorf("look for events that were committed late: %w", err)
	}
	if passed > int64(len(sending)) {
		return batch{}, nil
	}
	return found, nil
}

// waiting says whether there are events to send.
func (r *Relay) waiting(ctx context.Context) (bool, error) {
	var first []int64
	err := r.db.Reader(database.Fresh(ctx)).Model(&row{}).Order("seq").Limit(1).Pluck("seq", &first).Error
	return len(first) > 0, err
}

// send sends a batch beside, while the lease lasts, and gives what became of it.
func (r *Relay) send(ctx context.Context, rows []row) <-chan outcome {
	messages := make([]broker.Message, len(rows))
	for i, one := range rows {
		messages[i] = broker.Message{
			ID: one.ID, Source: r.cfg.Source, Type: one.Type, Subject: one.Subject, Time: time.UnixMicro(one.HappenedAt).UTC(),
			ContentType: broker.JSON, Traceparent: one.Traceparent, Data: one.Data,
		}
	}
	limited, cancel := context.WithDeadline(ctx, r.lease.Until())
	came := make(chan outcome, 1)
	go func() {
		defer cancel()
		var all outcome
		for i, failed := range r.to.Publish(limited, messages) {
			if failed == nil {
				all.confirmed = append(all.confirmed, rows[i].Seq)
			} else if all.err == nil {
				all.err = failed
			}
		}
		r.sent.Add(int64(len(all.confirmed)))
		r.failed.Add(int64(len(rows) - len(all.confirmed)))
		came <- all
	}()
	return came
}
