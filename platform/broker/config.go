package broker

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/database"
)

// The kinds of broker.
const (
	DriverEmbedded = "embedded" // in a database of the program
	DriverRabbitMQ = "rabbitmq"
)

// Config is the section broker.
type Config struct {
	Driver   string     `validate:"oneof=embedded rabbitmq"`
	URL      config.DSN `validate:"required_if=Driver rabbitmq"` // of RabbitMQ: amqp:// or amqps://, user:password@host:port/vhost
	Exchange string     `validate:"required"`                    // of RabbitMQ: where events are published; its queues begin with this name, too
	Embedded Embedded
}

// Embedded is the section broker.embedded.
type Embedded struct {
	Database string        `validate:"required"` // the name of one of databases
	Lease    time.Duration `validate:"min=1s"`   // after which others deliver what a process that died had
	Poll     time.Duration `validate:"min=10ms"` // how often to look for what other processes published
}

// Open makes the configured broker. It connects nothing: that is for Start.
func Open(cfg Config, databases *database.Manager, now clock.Clock, logger *slog.Logger) (Broker, error) {
	if cfg.Driver == DriverRabbitMQ {
		return NewRabbitMQ(cfg, logger)
	}
	db, err := databases.DB(cfg.Embedded.Database)
	if err != nil {
		return nil, fmt.Errorf("broker.embedded.database: %w", err)
	}
	return NewEmbedded(db, now, cfg.Embedded, logger), nil
}
