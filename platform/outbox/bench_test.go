package outbox_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/migrations"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/outbox"
	"github.com/trellis-go/trellis/test/testkit"
)

// note is a row like that of a product.
type note struct {
	ID   string `gorm:"primaryKey"`
	Text string
}

// BenchmarkWrite is a transaction that inserts a row, alone and with an event, in turns: the machine may be busy. It
// reports what an event makes of the time.
func BenchmarkWrite(b *testing.B) {
	for name, open := range map[string]func(b *testing.B) *database.Manager{
		"sqlite": func(b *testing.B) *database.Manager { return testkit.Database(b) },
		"mysql": func(b *testing.B) *database.Manager {
			return testkit.MigratedOn(b, testkit.EmptyMySQL(b), migrations.Files)
		},
	} {
		for _, relaying := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/relaying=%t", name, relaying), func(b *testing.B) {
				db, err := open(b).DB(testkit.Name)
				require.NoError(b, err)
				require.NoError(b, db.Writer(b.Context()).Exec("CREATE TABLE notes (id CHAR(36) PRIMARY KEY, text VARCHAR(500))").Error)
				events := outbox.New(clock.System)
				if relaying {
					startRelay(b, events.NewRelay(settings, db, newPost(), testkit.Quiet()))
				}
				var took [2][]float64 // microseconds a write, alone and with an event
				for b.Loop() {
					for event := range took {
						took[event] = append(took[event], write(b, db, events, event == 1))
					}
				}
				for event := range took {
					slices.Sort(took[event])
				}
				middle := len(took[0]) / 2
				b.ReportMetric(took[0][middle], "alone-µs")
				b.ReportMetric(took[1][middle]/took[0][middle], "times")
			})
		}
	}
}

// write makes some writes in a row, and gives the time of one.
func write(b *testing.B, db *database.DB, events *outbox.Outbox, event bool) float64 {
	b.Helper()
	const writes = 50
	began := time.Now()
	for range writes {
		require.NoError(b, db.InTx(b.Context(), func(ctx context.Context) error {
			n := note{ID: id.New(), Text: "a description of some length, as products have"}
			if err := db.Writer(ctx).Create(&n).Error; err != nil || !event {
				return err
			}
			return events.Publish(ctx, placed{n.ID, 1})
		}))
	}
	return float64(time.Since(began).Microseconds()) / writes
}

func startRelay(b *testing.B, relay *outbox.Relay) {
	b.Helper()
	var running sync.WaitGroup
	running.Go(func() { _ = relay.Run(context.Background()) })
	b.Cleanup(func() {
		_ = relay.Drain(context.Background())
		running.Wait()
	})
}
