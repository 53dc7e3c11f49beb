// Package lease lets one process of many do something: it holds a lease in the database, for a time, under a name.
//
//	l := lease.New(db, "outbox", 10*time.Second, clock.System)
//	held, err := l.Acquire(ctx)    // also renews
//	…                              // until l.Until() at the latest
//	still, err := l.Release(ctx)
//
// Keep and Release in a transaction prove that nobody else has had the lease until then, whatever the clocks say: what
// is written beside them is written by its holder, or not at all.
//
// The times are those of the processes' clocks: let them differ by much less than the lease.
package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/id"
)

// holder is who has a lease. Until is in Unix microseconds, 0 when it was given back.
type holder struct {
	Name   string `gorm:"size:100;primaryKey"`
	Holder string `gorm:"size:36"`
	Until  int64  `gorm:"not null"`
}

// TableName names the table.
func (holder) TableName() string { return "lease_holders" }

// Models are what the table is made for.
func Models() []any { return []any{&holder{}} }

// Lease is one candidate for a lease. It is not for concurrent use.
type Lease struct {
	db    *database.DB
	name  string
	id    string
	ttl   time.Duration
	now   clock.Clock
	until time.Time
}

// New makes a candidate. It has nothing yet.
func New(db *database.DB, name string, ttl time.Duration, now clock.Clock) *Lease {
	return &Lease{db: db, name: name, id: id.New(), ttl: ttl, now: now}
}

// Acquire takes the lease, or renews it, for the whole time from now. It answers false when another one has it.
func (l *Lease) Acquire(ctx context.Context) (bool, error) {
	began, now := time.Now(), l.now()
	until := now.Add(l.ttl).UnixMicro()
	taken := l.db.Writer(ctx).Model(&holder{}).Where("name = ? AND (holder = ? OR until < ?)", l.name, l.id, now.UnixMicro()).
		Updates(map[string]any{"holder": l.id, "until": until})
	if taken.Error != nil {
		return false, fmt.Errorf("acquire the lease %s: %w", l.name, taken.Error)
	}
	if taken.RowsAffected == 0 {
		first, err := l.create(ctx, until)
		if err != nil || !first {
			return false, err
		}
	}
	l.until = began.Add(l.ttl)
	return true, nil
}

// create writes the row of a lease that nobody has had before.
func (l *Lease) create(ctx context.Context, until int64) (bool, error) {
	var there int64
	err := l.db.Reader(database.Fresh(ctx)).Model(&holder{}).Where("name = ?", l.name).Count(&there).Error
	if err == nil && there == 0 {
		err = l.db.Writer(ctx).Create(&holder{Name: l.name, Holder: l.id, Until: until}).Error
	}
	if errors.Is(err, database.ErrDuplicate) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("acquire the lease %s: %w", l.name, err)
	}
	return there == 0, nil
}

// Until is when the lease ends unless it is renewed, by the monotonic clock. It is past when there is none.
func (l *Lease) Until() time.Time { return l.until }

// Keep renews the lease as Acquire does, but only one that nobody else has had since it was acquired. It answers false
// when somebody has.
func (l *Lease) Keep(ctx context.Context) (bool, error) {
	began := time.Now()
	still, err := l.set(ctx, l.now().Add(l.ttl).UnixMicro())
	if err != nil || !still {
		return false, err
	}
	database.AfterCommit(ctx, func(context.Context) { l.until = began.Add(l.ttl) })
	return true, nil
}

// Release gives the lease back, so that others need not wait for its end. It answers false when somebody else has had it
// since, or when there was none.
func (l *Lease) Release(ctx context.Context) (bool, error) {
	l.until = time.Time{}
	return l.set(ctx, 0)
}

// set changes the end of the lease while its holder is still the last who had it.
func (l *Lease) set(ctx context.Context, until int64) (bool, error) {
	changed := l.db.Writer(ctx).Model(&holder{}).Where("name = ? AND holder = ?", l.name, l.id).Update("until", until)
	if changed.Error != nil {
		return false, fmt.Errorf("keep or release the lease %s: %w", l.name, changed.Error)
	}
	return changed.RowsAffected > 0, nil
}
