package queue

import (
	"context"
	"errors"
)

// Turn takes up to limit jobs, carries them out one after the other, and writes down what became of them: what a worker
// does, in an order that is the same each time. Jobs for which the handler's error is NotBegun are given back.
func (w *Worker) Turn(ctx context.Context, limit int) (int, error) {
	if due, err := w.due(ctx); err != nil || !due {
		return 0, err
	}
	taken, err := w.take(ctx, limit)
	if err != nil {
		return 0, err
	}
	var batch []outcome
	var seqs []int64
	for _, rows := range taken.runs {
		for _, r := range rows {
			batch, seqs = append(batch, outcome{claim: taken, rows: []row{r}, err: w.handler(ctx, r.job())}), append(seqs, r.Seq)
		}
	}
	if len(batch) == 0 {
		return 0, nil
	}
	err = w.prolong(ctx, map[*claim][]int64{taken: seqs})
	return len(batch), errors.Join(err, w.db.InTx(ctx, func(ctx context.Context) error { return w.write(ctx, batch) }))
}

// NotBegun is the outcome of a job that is given back as it was taken.
var NotBegun = errNotBegun
