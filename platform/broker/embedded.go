package broker

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"

	"gorm.io/gorm/clause"

	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/queue"
)

// embedded keeps messages in the queue of a database, a job for each subscription that wants them.
type embedded struct {
	db       *database.DB
	queue    *queue.Queue
	cfg      Embedded
	logger   *slog.Logger
	declared []Subscription
}

// binding is a pattern of a subscription. They are stored so that a process which does not have a subscription, since it
// is of an earlier version, keeps messages for it all the same.
type binding struct {
	Subscription string `gorm:"size:80;primaryKey"`
	Pattern      string `gorm:"size:200;primaryKey"`
	Unordered    bool   `gorm:"not null"`
}

// TableName names the table.
func (binding) TableName() string { return "broker_bindings" }

// Models are what the tables of the embedded broker are made for, beside those of the queue.
func Models() []any { return []any{&binding{}} }

// NewEmbedded makes the broker that is in a database. All processes that have this database share it.
func NewEmbedded(db *database.DB, now clock.Clock, cfg Embedded, logger *slog.Logger) Broker {
	return &embedded{db: db, queue: queue.New(db, now, logger), cfg: cfg, logger: logger}
}

// Declare is part of Broker.
func (e *embedded) Declare(subscriptions ...Subscription) {
	e.declared = append(e.declared, subscriptions...)
}

// Start stores the bindings of what was declared. It takes none away: a process of an earlier version, which does not have
// them, may start at any time.
func (e *embedded) Start(ctx context.Context) error {
	var wanted []binding
	for _, s := range e.declared {
		for _, pattern := range slices.Compact(slices.Sorted(slices.Values(s.Patterns))) {
			wanted = append(wanted, binding{Subscription: s.Name, Pattern: pattern, Unordered: s.Unordered})
		}
	}
	err := e.db.InTx(ctx, func(ctx context.Context) error {
		var all []binding
		if err := e.db.Writer(ctx).Find(&all).Error; err != nil {
			return err
		}
		var missing []binding
		for _, b := range wanted {
			i := slices.IndexFunc(all, b.same)
			switch {
			case i < 0:
				missing = append(missing, b)
			case all[i].Unordered && !b.Unordered:
				if err := e.db.Writer(ctx).Save(&b).Error; err != nil {
					return err
				}
			}
		}
		e.report(ctx, all, wanted)
		if len(missing) == 0 {
			return nil
		}
		return e.db.Writer(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&missing).Error
	})
	if err != nil {
		return fmt.Errorf("store the bindings of the subscriptions: %w", err)
	}
	return nil
}

func (b binding) same(other binding) bool {
	return b.Subscription == other.Subscription && b.Pattern == other.Pattern
}

// report says what is stored and was not declared.
func (e *embedded) report(ctx context.Context, stored, declared []binding) {
	for _, b := range stored {
		about := []any{slog.String("subscription", b.Subscription), slog.String("pattern", b.Pattern)}
		i := slices.IndexFunc(declared, b.same)
		switch {
		case i < 0:
			e.logger.WarnContext(ctx, "messages are kept for a subscription that this program does not have; when none has it "+
				"any more, delete its row of broker_bindings", about...)
		case declared[i].Unordered && !b.Unordered:
			e.logger.WarnContext(ctx, "messages are kept in order for a subscription that does not need it; when no program "+
				"does, set unordered in its row of broker_bindings", about...)
		}
	}
}

// Publish stores all messages in one transaction, or none. It joins that of ctx.
func (e *embedded) Publish(ctx context.Context, messages []Message) []error {
	failed := make([]error, len(messages))
	if err := e.enqueue(ctx, messages); err != nil {
		for i := range failed {
			failed[i] = fmt.Errorf("publish: %w", err)
		}
	}
	return failed
}

func (e *embedded) enqueue(ctx context.Context, messages []Message) error {
	var bindings []binding
	if err := e.db.Reader(database.Fresh(ctx)).Find(&bindings).Error; err != nil {
		return err
	}
	var jobs []queue.Job
	for _, message := range messages {
		var payload []byte
		seen := map[string]bool{}
		for _, b := range bindings {
			if seen[b.Subscription] || !Matches(b.Pattern, message.Type) {
				continue
			}
			seen[b.Subscription] = true
			if payload == nil {
				var err error
				if payload, err = json.Marshal(message); err != nil {
					return fmt.Errorf("encode the message %s: %w", message.ID, err)
				}
			}
			job := queue.Job{Queue: queueOf(b.Subscription), ID: message.ID, Payload: payload}
			if !b.Unordered {
				job.Key = message.Subject
			}
			jobs = append(jobs, job)
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	return e.queue.Enqueue(ctx, jobs...)
}

// queueOf is the queue of a subscription's messages, apart from those of jobs of other kinds.
func queueOf(subscription string) string { return "events." + subscription }

// Consumer is a worker of the queue.
func (e *embedded) Consumer(s Subscription, handle Handler) Consumer {
	o := s.WithDefaults()
	return e.queue.Worker(queueOf(s.Name), func(ctx context.Context, job queue.Job) error {
		var message Message
		if err := json.Unmarshal(job.Payload, &message); err != nil {
			return queue.Dead(fmt.Errorf("decode the message: %w", err))
		}
		err := handle(ctx, Delivery{Message: message, Attempt: job.Attempt})
		switch {
		case IsDead(err):
			return queue.Dead(err)
		case IsPostponed(err):
			return queue.Postpone(o.Backoff.After(job.Attempt), err)
		}
		return err
	}, queue.Options{
		Concurrency: o.Concurrency, Prefetch: o.Prefetch, Attempts: o.Attempts, Backoff: o.Backoff, Timeout: o.Timeout,
		Lease: e.cfg.Lease, Poll: e.cfg.Poll,
	})
}

// Ping asks the database.
func (e *embedded) Ping(ctx context.Context) error { return e.db.Ping(ctx) }

// Stop has nothing to give back.
func (e *embedded) Stop(context.Context) error { return nil }

// Dead is part of DeadLetters.
func (e *embedded) Dead(ctx context.Context, subscription string, limit int) ([]DeadLetter, error) {
	jobs, err := e.queue.Dead(ctx, queueOf(subscription), 0, limit)
	if err != nil {
		return nil, err
	}
	letters := make([]DeadLetter, len(jobs))
	for i := range jobs {
		letters[i] = deadLetter(subscription, &jobs[i])
	}
	return letters, nil
}

// DeadByID is part of DeadLetters.
func (e *embedded) DeadByID(ctx context.Context, subscription, messageID string) (*DeadLetter, error) {
	job, err := e.queue.DeadByID(ctx, queueOf(subscription), messageID)
	if err != nil || job == nil {
		return nil, err
	}
	letter := deadLetter(subscription, job)
	return &letter, nil
}

func deadLetter(subscription string, job *queue.DeadJob) DeadLetter {
	letter := DeadLetter{Subscription: subscription, Attempts: job.Attempt, Error: job.Error, DiedAt: job.DiedAt}
	if err := json.Unmarshal(job.Payload, &letter.Message); err != nil {
		letter.Message = Message{ID: job.ID, Subject: job.Key, Time: job.EnqueuedAt, Data: job.Payload}
	}
	return letter
}

// Retry is part of DeadLetters.
func (e *embedded) Retry(ctx context.Context, subscription, messageID string) (bool, error) {
	return e.queue.Retry(ctx, queueOf(subscription), messageID)
}

// Discard is part of DeadLetters.
func (e *embedded) Discard(ctx context.Context, subscription, messageID string) (bool, error) {
	return e.queue.Discard(ctx, queueOf(subscription), messageID)
}
