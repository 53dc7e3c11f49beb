package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/id"
)

const (
	window   = 4   // times as many jobs are looked at as can be taken: some may be held back by others of their key
	mostKeys = 500 // after so many the rest is left to the next turn
)

// claim is a number of jobs taken at once. Its id is what their rows say the owner is.
type claim struct {
	id    string
	until time.Time // the end of the lease, by the monotonic clock
	runs  [][]row   // those of one key are one run, in order; one without a key is a run by itself
}

// place is what has to be known of a job to tell whether it can be taken.
type place struct {
	Seq      int64
	OrderKey string
	DueAt    int64
	Owner    *string
}

// due tells whether there is anything to be taken, without getting in anybody's way. A replica may not have yet what
// others enqueued.
func (w *Worker) due(ctx context.Context) (bool, error) {
	for class := range w.options.Classes {
		var found []int64
		err := w.db.Reader(database.Fresh(ctx)).Model(&row{}).Where("queue = ? AND priority = ? AND due_at <= ?", w.queue, class, w.now().UnixMicro()).
			Limit(1).Pluck("seq", &found).Error
		if err != nil || len(found) > 0 {
			return len(found) > 0, err
		}
	}
	return false, nil
}

// take takes up to limit jobs that are due. The claim has no runs when there are none.
func (w *Worker) take(ctx context.Context, limit int) (*claim, error) {
	var taken *claim
	err := w.db.InTx(ctx, func(ctx context.Context) error {
		taken = &claim{id: id.New(), until: time.Now().Add(w.options.Lease)}
		if err := w.lock(ctx); err != nil {
			return err
		}
		var seqs []int64
		for class := 0; class < w.options.Classes && len(seqs) < limit; class++ {
			more, err := w.choose(ctx, class, limit-len(seqs))
			if err != nil {
				return err
			}
			seqs = append(seqs, more...)
		}
		return w.mark(ctx, taken, seqs)
	})
	if errors.Is(err, errRenewed) {
		return &claim{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("take jobs of the queue %s: %w", w.queue, err)
	}
	return taken, nil
}

// lock waits for the gate of the queue, and makes it when it is the first to come.
func (w *Worker) lock(ctx context.Context) error {
	err := w.db.Writer(ctx).Scopes(database.ForUpdate).Where("queue = ?", w.queue).Take(&gate{}).Error
	if database.IsNotFound(err) {
		if err := w.db.Writer(ctx).Create(&gate{Queue: w.queue}).Error; !errors.Is(err, database.ErrDuplicate) {
			return err // who made it holds it
		}
		err = w.db.Writer(ctx).Scopes(database.ForUpdate).Where("queue = ?", w.queue).Take(&gate{}).Error
	}
	return err
}

// choose gives the jobs of a class that can be taken. Where the first that it looks at leave room, since others of their
// keys are under way, it looks behind them, without the keys that it has seen.
func (w *Worker) choose(ctx context.Context, class, limit int) ([]int64, error) {
	var seqs []int64
	var seen []string
	due := w.db.Writer(ctx).Model(&row{}).Where("queue = ? AND priority = ? AND due_at <= ?", w.queue, class, w.now().UnixMicro()).
		Order("due_at, seq").Limit(limit * window).Session(&gorm.Session{})
	for next := due; ; {
		var places []place
		if err := next.Find(&places).Error; err != nil {
			return nil, err
		}
		more, keys, err := w.pick(ctx, places, limit-len(seqs))
		seqs, seen = append(seqs, more...), append(seen, keys...)
		if err != nil || len(seqs) >= limit || len(places) < limit*window || len(seen) > mostKeys {
			return seqs, err
		}
		last := places[len(places)-1]
		next = due.Where("due_at > ? OR (due_at = ? AND seq > ?)", last.DueAt, last.DueAt, last.Seq)
		if len(seen) > 0 {
			next = next.Where("order_key IS NULL OR order_key NOT IN ?", seen) // NULL is how Oracle has an empty one
		}
	}
}

// pick gives those of places that can be taken, and the keys that it found. First each key has its share, so that one with
// many jobs does not keep the handlers from the others.
func (w *Worker) pick(ctx context.Context, places []place, limit int) (seqs []int64, keys []string, err error) {
	lanes, err := w.lanes(ctx, places)
	if err != nil {
		return nil, nil, err
	}
	byKey := map[string][]place{}
	for _, p := range places {
		if p.OrderKey != "" && byKey[p.OrderKey] == nil {
			keys = append(keys, p.OrderKey)
		}
		byKey[p.OrderKey] = append(byKey[p.OrderKey], p)
	}
	var blocked []string
	var rest []int64
	share := max(1, limit/w.options.Concurrency)
	for _, p := range places {
		waiting, unseen := byKey[p.OrderKey]
		switch {
		case p.OrderKey == "":
			seqs = append(seqs, p.Seq)
		case !unseen: // its key has been dealt with
		default:
			delete(byKey, p.OrderKey)
			free := lanes[p.OrderKey].free(waiting)
			if len(free) == 0 {
				blocked = append(blocked, p.OrderKey)
			}
			first := min(len(free), share)
			seqs, rest = append(seqs, free[:first]...), append(rest, free[first:]...)
		}
	}
	seqs = append(seqs, rest...)
	seqs = seqs[:min(len(seqs), limit)]
	found, err := w.unblock(ctx, places, lanes, blocked, limit-len(seqs))
	return append(seqs, found...), keys, err
}

// lane is what is known of the jobs of one key up to a certain one.
type lane struct {
	OrderKey string
	Head     int64 // the first
	Jobs     int   // all of them, whether due or not
}

// free gives those of the waiting jobs that can be taken, in order: none when the first of the lane is not among them,
// and the first alone when another one is missing.
func (l lane) free(waiting []place) []int64 {
	slices.SortFunc(waiting, func(a, b place) int { return cmp.Compare(a.Seq, b.Seq) })
	switch {
	case waiting[0].Seq != l.Head:
		return nil
	case len(waiting) != l.Jobs:
		waiting = waiting[:1]
	}
	seqs := make([]int64, len(waiting))
	for i, p := range waiting {
		seqs[i] = p.Seq
	}
	return seqs
}

// lanes looks at all jobs of the keys of places, up to the last of places.
func (w *Worker) lanes(ctx context.Context, places []place) (map[string]lane, error) {
	lanes := map[string]lane{}
	var keys []string
	var last int64
	for _, p := range places {
		if _, known := lanes[p.OrderKey]; p.OrderKey != "" && !known {
			keys = append(keys, p.OrderKey)
			lanes[p.OrderKey] = lane{}
		}
		last = max(last, p.Seq)
	}
	if len(keys) == 0 {
		return lanes, nil
	}
	var found []lane
	err := w.db.Writer(ctx).Model(&row{}).Select("order_key, MIN(seq) AS head, COUNT(*) AS jobs").
		Where("queue = ? AND order_key IN ? AND seq <= ?", w.queue, keys, last).Group("order_key").Find(&found).Error
	for _, l := range found {
		lanes[l.OrderKey] = l
	}
	return lanes, err
}

// unblock looks at what the jobs of blocked keys wait for. One that is due, and was not seen since it became so only after
// many others, is taken with those behind it. For one that waits for its retry those behind it are put off until then, so
// that they are not looked at before, however many there are. For one that is being carried out they stay as they are: it
// may end at any time.
func (w *Worker) unblock(
	ctx context.Context, places []place, lanes map[string]lane, blocked []string, limit int,
) (seqs []int64, err error) {
	if len(blocked) == 0 {
		return nil, nil
	}
	now := w.now().UnixMicro()
	first := make([]int64, len(blocked))
	for i, key := range blocked {
		first[i] = lanes[key].Head
	}
	var heads []place
	if err := w.db.Writer(ctx).Model(&row{}).Where("seq IN ?", first).Find(&heads).Error; err != nil {
		return nil, err
	}
	for _, head := range heads {
		switch {
		case head.DueAt <= now && len(seqs) < limit:
			due, err := w.front(ctx, head, limit-len(seqs), now)
			if err != nil {
				return nil, err
			}
			seqs = append(seqs, due...)
		case head.DueAt > now && head.Owner == nil:
			if err := w.putOff(ctx, places, head); err != nil {
				return nil, err
			}
		}
	}
	return seqs, nil
}

// front gives the first jobs of a key that are due, up to one that is not.
func (w *Worker) front(ctx context.Context, head place, limit int, now int64) ([]int64, error) {
	var places []place
	err := w.db.Writer(ctx).Model(&row{}).Where("queue = ? AND order_key = ?", w.queue, head.OrderKey).
		Order("seq").Limit(limit).Find(&places).Error
	var seqs []int64
	for _, p := range places {
		if p.DueAt > now {
			break
		}
		seqs = append(seqs, p.Seq)
	}
	return seqs, err
}

// putOff makes what was seen of a key due when its first job is.
func (w *Worker) putOff(ctx context.Context, places []place, head place) error {
	var behind []int64
	for _, p := range places {
		if p.OrderKey == head.OrderKey {
			behind = append(behind, p.Seq)
		}
	}
	return w.db.Writer(ctx).Model(&row{}).Where("seq IN ?", behind).Update("due_at", head.DueAt).Error
}

// errRenewed is that a job was not free any more: its owner, whose lease had run out, gave a sign of life in between.
var errRenewed = errors.New("a job is held again")

// mark writes the claim into the rows and reads them. It takes all of them or none: a job must not begin before those in
// front of it.
func (w *Worker) mark(ctx context.Context, taken *claim, seqs []int64) error {
	if len(seqs) == 0 {
		return nil
	}
	slices.Sort(seqs)
	seqs = slices.Compact(seqs) // a key with jobs of several classes was found in each of them
	marked := w.db.Writer(ctx).Model(&row{}).Where("seq IN ? AND due_at <= ?", seqs, w.now().UnixMicro()).Updates(map[string]any{
		"owner": taken.id, "attempt": gorm.Expr("attempt + 1"), "due_at": w.now().Add(w.options.Lease).UnixMicro(),
	})
	if marked.Error != nil {
		return marked.Error
	}
	if marked.RowsAffected != int64(len(seqs)) {
		return errRenewed
	}
	var rows []row
	err := w.db.Writer(ctx).Where("seq IN ?", seqs).
		Clauses(clause.OrderBy{Columns: []clause.OrderByColumn{{Column: clause.Column{Name: "seq"}}}}).Find(&rows).Error
	at := map[string]int{}
	for _, r := range rows {
		i, known := at[r.OrderKey]
		if r.OrderKey == "" || !known {
			at[r.OrderKey] = len(taken.runs)
			taken.runs = append(taken.runs, []row{r})
		} else {
			taken.runs[i] = append(taken.runs[i], r)
		}
	}
	return err
}
