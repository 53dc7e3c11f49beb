package outbox_test

import (
	"context"
	"testing"

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

// BenchmarkWrite is a transaction that inserts a row, alone and with an event.
func BenchmarkWrite(b *testing.B) {
	for name, open := range map[string]func() *database.Manager{
		"sqlite": func() *database.Manager { return testkit.Database(b) },
		"mysql":  func() *database.Manager { return testkit.MigratedOn(b, testkit.EmptyMySQL(b), migrations.Files) },
	} {
		db, err := open().DB(testkit.Name)
		require.NoError(b, err)
		require.NoError(b, db.Writer(b.Context()).Exec("CREATE TABLE notes (id CHAR(36) PRIMARY KEY, text VARCHAR(500))").Error)
		events := outbox.New(clock.System)
		for _, with := range []string{"alone", "event"} {
			b.Run(name+"/"+with, func(b *testing.B) {
				for b.Loop() {
					require.NoError(b, db.InTx(b.Context(), func(ctx context.Context) error {
						n := note{ID: id.New(), Text: "a description of some length, as products have"}
						if err := db.Writer(ctx).Create(&n).Error; err != nil || with == "alone" {
							return err
						}
						return events.Publish(ctx, placed{n.ID, 1})
					}))
				}
			})
		}
	}
}
