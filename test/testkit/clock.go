package testkit

import (
	"sync/atomic"
	"time"
)

// Clock is a clock that the test moves. Its Now is a clock.Clock.
type Clock struct{ offset atomic.Int64 }

// Now is the time of the machine, as far ahead as the test has moved it.
func (c *Clock) Now() time.Time {
	return time.Now().UTC().Add(time.Duration(c.offset.Load())).Truncate(time.Microsecond)
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) { c.offset.Add(int64(d)) }
