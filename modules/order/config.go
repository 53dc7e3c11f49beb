package order

import "time"

// Config is the section modules.order.
type Config struct {
	Database      string        `validate:"required"` // the name of one of databases
	PaymentWindow time.Duration `validate:"min=1s"`   // how long an order waits to be paid
	ExpireEvery   time.Duration `validate:"min=1s"`   // how often orders are looked for whose time is over
	Payment       PaymentConfig
}

// PaymentConfig says who takes the money.
type PaymentConfig struct {
	Provider string        `validate:"oneof=simulated"`
	Timeout  time.Duration `validate:"min=10ms"` // for the provider to answer
	Delay    time.Duration `validate:"min=0"`    // that the simulated provider takes to answer
}
