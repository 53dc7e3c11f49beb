package tasks

import (
	"context"
	"errors"
)

// mostFailures is how many errors Each keeps: the others are like them.
const mostFailures = 10

// Each does something to all that is due, and counts where it was done: list gives the names of what is due in their order,
// a batch of those behind the last one, and do deals with one, in a transaction of its own, or finds that it is not due
// any more. One that fails does not keep the others; the error joins the first of theirs.
func Each(
	ctx context.Context, list func(ctx context.Context, after string) ([]string, error), do func(ctx context.Context, name string) (bool, error),
) (done int, err error) {
	var failed []error
	for last := ""; ctx.Err() == nil; {
		names, err := list(ctx, last)
		if err != nil {
			failed = append(failed, err)
			break
		}
		if len(names) == 0 {
			break
		}
		for _, name := range names {
			did, err := do(ctx, name)
			if err != nil && len(failed) < mostFailures {
				failed = append(failed, err)
			}
			if did {
				done++
			}
		}
		last = names[len(names)-1]
	}
	return done, errors.Join(append(failed, ctx.Err())...)
}
