package broker

import (
	"time"

	"github.com/trellis-go/trellis/platform/config"
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
