// Package outbox publishes events with the change that they tell of: they are stored in the same transaction, and a
// relay sends them to the broker once it is committed.
//
//	err := s.repo.InTx(ctx, func(ctx context.Context) error {
//		…
//		return s.events.Publish(ctx, orderapi.PlacedV1{ID: order.ID, …})
//	})
//
// An event is a struct of the module's leaf package with two methods:
//
//	func (PlacedV1) EventType() string      { return "order.placed.v1" }
//	func (e PlacedV1) EventSubject() string { return e.ID }
//
// What is promised: an event is sent at least once when its transaction is committed, and never when it is rolled back.
// Events with the same subject are sent in the order in which they were stored; that is the order of the commits where
// the transactions wait for each other, as those that lock one aggregate do. Any number of processes may relay: they
// take turns by a lease.
package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"go.opentelemetry.io/otel/propagation"

	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/id"
)

// Config is the section outbox.
type Config struct {
	Source    string        `validate:"required"`       // what events say where they come from
	Batch     int           `validate:"min=1,max=1000"` // events sent at once
	Poll      time.Duration `validate:"min=10ms"`       // how often to look for what was missed, such as events of a process that died
	Lease     time.Duration `validate:"min=1s"`         // after which others go on where a relay died
	Retention time.Duration `validate:"min=0"`          // how long events are kept after they were sent
}

// Event is something that has happened. It is encoded as JSON.
type Event interface {
	// EventType is what, with the version of the struct: order.placed.v1. It is a constant of the type.
	EventType() string
	// EventSubject is to what: the id of the aggregate. Events with the same one are in order.
	EventSubject() string
}

// ErrNoTransaction is the error of publishing outside of a transaction.
var ErrNoTransaction = errors.New("events are published in the transaction of the change that they tell of, and there is none")

// MaxSubject is the longest that a subject may be, in bytes.
const MaxSubject = 200

var typePattern = regexp.MustCompile(`^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.v[1-9][0-9]*$`)

// Outbox is where events are stored: in the database of whatever transaction they are published in.
type Outbox struct {
	now clock.Clock

	mu     sync.Mutex
	relays map[*database.DB][]*Relay // that run in this process
}

// New makes an outbox.
func New(now clock.Clock) *Outbox { return &Outbox{now: now, relays: map[*database.DB][]*Relay{}} }

// row is an event that the broker has not confirmed yet. The table has no index but its key, since every change of a
// module pays for it. HappenedAt is in Unix microseconds.
type row struct {
	Seq         int64  `gorm:"primaryKey;autoIncrement"`
	ID          string `gorm:"size:36;not null"`
	Type        string `gorm:"size:200;not null"`
	Subject     string `gorm:"size:200"`
	HappenedAt  int64  `gorm:"not null"`
	Traceparent string `gorm:"size:100"`
	Data        []byte
}

// TableName names the table.
func (row) TableName() string { return "outbox_events" }

// sentRow is an event that was sent, for as long as it is kept. The times are in Unix microseconds.
type sentRow struct {
	ID          string `gorm:"size:36;primaryKey"`
	Type        string `gorm:"size:200;not null"`
	Subject     string `gorm:"size:200"`
	HappenedAt  int64  `gorm:"not null"`
	Traceparent string `gorm:"size:100"`
	Data        []byte
	SentAt      int64 `gorm:"not null;index:outbox_sent_at"`
}

// TableName names the table.
func (sentRow) TableName() string { return "outbox_sent" }

// Models are what the tables are made for.
func Models() []any { return []any{&row{}, &sentRow{}} }

const (
	chunkRows  = 500
	chunkBytes = 4 << 20 // below the packet that a MySQL server takes
)

// MaxData is the longest that the JSON of an event may be, in bytes: one that a server or a broker does not take would be
// stored, and then never be sent.
const MaxData = 8 << 20

// Publish stores events in the transaction of ctx, to be sent once it is committed. Outside of one the error is
// ErrNoTransaction. Those of one call are in the order of the arguments.
func (o *Outbox) Publish(ctx context.Context, events ...Event) error {
	db := database.Joined(ctx)
	if db == nil {
		return ErrNoTransaction
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	now := o.now().UnixMicro()
	rows, size := make([]row, 0, min(len(events), chunkRows)), 0
	for _, event := range events {
		r, err := encode(event)
		if err != nil {
			return err
		}
		r.HappenedAt, r.Traceparent = now, carrier["traceparent"]
		if len(rows) == chunkRows || len(rows) > 0 && size+len(r.Data) > chunkBytes {
			if err := insert(ctx, db, rows); err != nil {
				return err
			}
			rows, size = rows[:0], 0
		}
		rows, size = append(rows, r), size+len(r.Data)
	}
	if err := insert(ctx, db, rows); err != nil {
		return err
	}
	database.AfterCommit(ctx, func(context.Context) { o.wake(db) })
	return nil
}

func encode(event Event) (row, error) {
	eventType, subject := event.EventType(), event.EventSubject()
	if !typePattern.MatchString(eventType) {
		return row{}, fmt.Errorf("publish %T: its type is %q: it must be words with dots between them and end in a version, such as order.placed.v1", event, eventType)
	}
	if len(subject) > MaxSubject {
		return row{}, fmt.Errorf("publish %s: its subject has %d bytes, at most %d are possible", eventType, len(subject), MaxSubject)
	}
	data, err := json.Marshal(event)
	if err != nil {
		return row{}, fmt.Errorf("encode the event %s: %w", eventType, err)
	}
	if len(data) > MaxData {
		return row{}, fmt.Errorf("publish %s: it has %d bytes, at most %d are possible", eventType, len(data), MaxData)
	}
	return row{ID: id.New(), Type: eventType, Subject: subject, Data: data}, nil
}

const insertOne = "INSERT INTO outbox_events (id, type, subject, happened_at, traceparent, data) VALUES (?, ?, ?, ?, ?, ?)"

func insert(ctx context.Context, db *database.DB, rows []row) error {
	var err error
	switch len(rows) {
	case 0:
		return nil
	case 1: // what nearly every change does, spared the reflection
		r := rows[0]
		err = db.Writer(ctx).Exec(insertOne, r.ID, r.Type, r.Subject, r.HappenedAt, r.Traceparent, r.Data).Error
	default:
		err = db.Writer(ctx).Create(&rows).Error
	}
	if err != nil {
		return fmt.Errorf("store %d events: %w", len(rows), err)
	}
	return nil
}

// wake tells the relays of this process that there is something to send.
func (o *Outbox) wake(db *database.DB) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, relay := range o.relays[db] {
		relay.wake()
	}
}

func (o *Outbox) register(r *Relay) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.relays[r.db] = append(o.relays[r.db], r)
}
