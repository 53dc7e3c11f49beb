package analytics

import "time"

// Config is the section modules.analytics.
type Config struct {
	Database      string        `validate:"required"`        // the name of one of databases, of what waits for the warehouse; that of tasks, too
	Warehouse     string        `validate:"required"`        // the name of one of databases; the one above while there is none
	BatchSize     int           `validate:"min=1,max=50000"` // facts that are moved into the warehouse at once
	BatchAge      time.Duration `validate:"min=10ms"`        // after which they are moved though they are fewer
	ReportTimeout time.Duration `validate:"min=1s"`          // how long a report may take
}
