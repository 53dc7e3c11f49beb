package webhook

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/id"
)

// State is how far a delivery has come.
type State string

// The states of a delivery. One that is tried again is pending meanwhile.
const (
	Pending   State = "pending"
	Delivered State = "delivered"
	Failed    State = "failed"
)

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID         string     `gorm:"size:36;primaryKey;index:webhook_deliveries_webhook,priority:3"`
	WebhookID  string     `gorm:"size:36;not null;index:webhook_deliveries_webhook,priority:1"`
	EventID    string     `gorm:"size:64;not null"` // what it is known by to the receiver, also when it comes again
	EventType  string     `gorm:"size:200;not null"`
	Body       []byte     // what is sent
	State      State      `gorm:"size:10;not null"`
	Attempts   int        `gorm:"not null"` // in all
	Round      int        `gorm:"not null"` // the attempts when it was last sent again by hand
	LastStatus int        `gorm:"not null"` // of the last answer; 0: there was none
	LastError  string     `gorm:"size:500;not null"`
	NextAt     *time.Time `gorm:"precision:6"` // when it is tried again
	CreatedAt  time.Time  `gorm:"precision:6;not null;autoCreateTime:false;index:webhook_deliveries_webhook,priority:2;index:webhook_deliveries_created"`
	FinishedAt *time.Time `gorm:"precision:6"`
}

// TableName names the table.
func (Delivery) TableName() string { return "webhook_deliveries" }

// Attempt is one try to deliver.
type Attempt struct {
	ID         string    `gorm:"size:36;primaryKey"`
	DeliveryID string    `gorm:"size:36;not null;index:webhook_attempts_delivery,priority:1"`
	Attempt    int       `gorm:"not null"` // counted from 1
	StartedAt  time.Time `gorm:"precision:6;not null"`
	DurationMS int64     `gorm:"not null"`
	Status     int       `gorm:"not null"`           // of the answer; 0: there was none
	Error      string    `gorm:"size:500;not null"`  // why there was none, or why it is no success
	Response   string    `gorm:"size:1024;not null"` // the beginning of its body
}

// TableName names the table.
func (Attempt) TableName() string { return "webhook_attempts" }

// envelope is what is sent: what has happened, when, and the data of the event.
type envelope struct {
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// newDelivery is a delivery of an event that has not begun.
func newDelivery(webhookID string, event broker.Message, now time.Time) (*Delivery, error) {
	body, err := json.Marshal(envelope{Type: event.Type, Timestamp: event.Time.UTC(), Data: event.Data})
	if err != nil {
		return nil, fmt.Errorf("encode the event %s: %w", event.ID, err)
	}
	return &Delivery{
		ID: id.New(), WebhookID: webhookID, EventID: event.ID, EventType: event.Type, Body: body, State: Pending, NextAt: &now, CreatedAt: now,
	}, nil
}

// end brings the delivery to its end.
func (d *Delivery) end(state State, now time.Time) {
	d.State, d.NextAt, d.FinishedAt = state, nil, &now
}

// again makes a delivery that has ended pending once more, with as many attempts as it had at first.
func (d *Delivery) again(now time.Time) {
	d.State, d.NextAt, d.FinishedAt, d.Round = Pending, &now, nil, d.Attempts
}

const (
	maxError    = 500
	maxResponse = 1 << 10
)
