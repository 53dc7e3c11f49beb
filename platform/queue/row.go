package queue

import (
	"iter"
	"time"
)

// row is a job that is not done. DueAt is the time from which it may be taken: for one that is being carried out that is
// the end of the lease, so that one index finds everything that can be taken. All times are Unix microseconds.
type row struct {
	Seq        int64   `gorm:"primaryKey;autoIncrement"` // the order among those of one key
	Queue      string  `gorm:"size:100;not null;uniqueIndex:queue_jobs_id,priority:1;index:queue_jobs_due,priority:1;index:queue_jobs_key,priority:1"`
	ID         string  `gorm:"size:64;not null;uniqueIndex:queue_jobs_id,priority:2"`
	OrderKey   string  `gorm:"size:200;index:queue_jobs_key,priority:2"` // empty: in no order
	Priority   int     `gorm:"not null;index:queue_jobs_due,priority:2"`
	Payload    []byte  //
	Attempt    int     `gorm:"not null"`
	DueAt      int64   `gorm:"not null;index:queue_jobs_due,priority:3"`
	EnqueuedAt int64   `gorm:"not null"`
	Owner      *string `gorm:"size:36"` // the claim that holds it; NULL: nobody
	LastError  string  `gorm:"type:text"`
}

// TableName names the table.
func (row) TableName() string { return "queue_jobs" }

func (r *row) job() Job {
	return Job{
		ID: r.ID, Queue: r.Queue, Key: r.OrderKey, Priority: r.Priority, Payload: r.Payload, Attempt: r.Attempt,
		DueAt: time.UnixMicro(r.DueAt).UTC(), EnqueuedAt: time.UnixMicro(r.EnqueuedAt).UTC(),
	}
}

// dead is a job that was given up.
type dead struct {
	Seq        int64  `gorm:"primaryKey;autoIncrement"`
	Queue      string `gorm:"size:100;not null;uniqueIndex:queue_dead_id,priority:1"`
	ID         string `gorm:"size:64;not null;uniqueIndex:queue_dead_id,priority:2"`
	OrderKey   string `gorm:"size:200"`
	Priority   int    `gorm:"not null"`
	Payload    []byte //
	Attempt    int    `gorm:"not null"`
	EnqueuedAt int64  `gorm:"not null"`
	DiedAt     int64  `gorm:"not null"`
	LastError  string `gorm:"type:text"`
}

// TableName names the table.
func (dead) TableName() string { return "queue_dead" }

// gate is locked by who takes jobs of its queue, so that one takes after the other: two who looked at once could each
// take a job of the same key. It is held for a few milliseconds and for many jobs.
type gate struct {
	Queue string `gorm:"size:100;primaryKey"`
}

// TableName names the table.
func (gate) TableName() string { return "queue_gates" }

// Models are what the tables are made for.
func Models() []any { return []any{&row{}, &dead{}, &gate{}} }

const (
	chunkRows  = 200     // below the number of parameters that SQLite takes
	chunkBytes = 4 << 20 // below the packet that a MySQL server takes
)

// chunks cuts rows into what one statement can take.
func chunks(rows []row) iter.Seq[[]row] {
	return func(yield func([]row) bool) {
		begin, size := 0, 0
		for i := range rows {
			if i > begin && (i-begin == chunkRows || size+len(rows[i].Payload) > chunkBytes) {
				if !yield(rows[begin:i]) {
					return
				}
				begin, size = i, 0
			}
			size += len(rows[i].Payload)
		}
		if begin < len(rows) {
			yield(rows[begin:])
		}
	}
}
