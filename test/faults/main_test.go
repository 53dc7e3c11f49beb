//go:build faults

// Package faults puts events through what happens to processes and servers: the program is killed and the broker cut off,
// while thousands of events are published and handled. It takes a minute or two, and is run by make test-faults.
package faults

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trellis-go/trellis/platform/backoff"
	"github.com/trellis-go/trellis/platform/broker"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/platform/subscription"
)

// The variables that make the test's binary one of the processes under test.
const (
	roleVariable   = "FAULTS_PROCESS" // its number
	dsnVariable    = "FAULTS_DSN"
	driverVariable = "FAULTS_BROKER"
	urlVariable    = "FAULTS_URL"
	exchangeEnv    = "FAULTS_EXCHANGE"
)

const (
	processes = 2
	subjects  = 20
	total     = 20_000
	each      = total / subjects
	atOnce    = 5                      // events of one transaction
	pace      = 100 * time.Millisecond // between those of a subject: there are some to come whatever happens
	pile      = 500                    // events that are published while the broker is away, at least
	name      = "faults.effects"
)

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := process(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "process:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// changed is the event: the next number of its subject.
type changed struct {
	Subject string
	Number  int
}

func (changed) EventType() string      { return "subject.changed.v1" }
func (e changed) EventSubject() string { return e.Subject }

type made struct {
	Subject string
	Number  int
}

func (made) TableName() string { return "faults_made" }

type effect struct {
	Seq     int64 `gorm:"primaryKey"`
	Subject string
	Number  int
}

func (effect) TableName() string { return "faults_effects" }

// process publishes its share of the events, relays, and handles, until it is told to end: then it drains.
func process(ctx context.Context) error {
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	m, err := database.Open(database.Configs{"primary": {Driver: "mysql", DSN: config.DSN(os.Getenv(dsnVariable))}}, logger)
	if err != nil {
		return err
	}
	rest := context.Background()
	if err := m.Start(ctx); err != nil {
		return err
	}
	db, err := m.DB("primary")
	if err != nil {
		return err
	}
	b, err := broker.Open(broker.Config{
		Driver: os.Getenv(driverVariable), URL: config.DSN(os.Getenv(urlVariable)), Exchange: os.Getenv(exchangeEnv),
		Embedded: broker.Embedded{Database: "primary", Lease: 2 * time.Second, Poll: 100 * time.Millisecond},
	}, m, clock.System, logger)
	if err != nil {
		return err
	}
	events := outbox.New(clock.System)
	relay := events.NewRelay(outbox.Config{Source: "/faults", Batch: 200, Poll: 100 * time.Millisecond, Lease: 2 * time.Second}, db, b, logger)
	handle := func(ctx context.Context, e changed) error {
		return db.Writer(ctx).Create(&effect{Subject: e.Subject, Number: e.Number}).Error
	}
	runner := subscription.NewRunner([]subscription.Bound{{DB: db, Subscription: subscription.On(
		name, handle, subscription.Concurrency(16), subscription.Prefetch(200),
		subscription.Retries(1000, backoff.Exponential{First: 10 * time.Millisecond, Last: 500 * time.Millisecond}),
	)}}, b, prometheus.NewRegistry(), logger)
	if err := b.Start(ctx); err != nil {
		return err
	}
	var running sync.WaitGroup
	running.Go(func() { _ = relay.Run(rest) })
	running.Go(func() { _ = runner.Run(rest) })
	running.Go(func() { publishAll(ctx, db, events) })
	<-ctx.Done()
	limited, cancel := context.WithTimeout(rest, 30*time.Second)
	defer cancel()
	failed := errors.Join(runner.Drain(limited), relay.Drain(limited))
	running.Wait()
	return errors.Join(failed, b.Stop(limited), m.Close(limited))
}

// publishAll publishes what is missing of this process's subjects, all at once.
func publishAll(ctx context.Context, db *database.DB, events *outbox.Outbox) {
	role, _ := strconv.Atoi(os.Getenv(roleVariable))
	var all sync.WaitGroup
	for subject := role; subject < subjects; subject += processes {
		all.Go(func() {
			subject := fmt.Sprint("subject-", subject)
			for more := true; more && ctx.Err() == nil; {
				more = publish(ctx, db, events, subject)
				time.Sleep(pace)
			}
		})
	}
	all.Wait()
}

// publish publishes the next events of a subject, and says whether there are more. How many there are is known from the
// table that is written with them.
func publish(ctx context.Context, db *database.DB, events *outbox.Outbox, subject string) (more bool) {
	err := db.InTx(ctx, func(ctx context.Context) error {
		var next int64
		if err := db.Writer(ctx).Model(&made{}).Where("subject = ?", subject).Count(&next).Error; err != nil {
			return err
		}
		more = next < each
		for number := int(next); number < int(next)+atOnce && more; number++ {
			if err := db.Writer(ctx).Create(&made{subject, number}).Error; err != nil {
				return err
			}
			if err := events.Publish(ctx, changed{subject, number}); err != nil {
				return err
			}
		}
		return nil
	})
	return more || err != nil
}
