// Package clock is where the program gets the time from, so that tests can hold it still.
package clock

import "time"

// Clock gives the present time in UTC, cut to microseconds: the finest that every database here can store, so that a
// time read back equals the time written.
type Clock func() time.Time

// System is the clock of the machine.
func System() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// New provides the clock of the machine.
func New() Clock { return System }

// Fixed is a clock that stands still at t.
func Fixed(t time.Time) Clock {
	t = t.UTC().Truncate(time.Microsecond)
	return func() time.Time { return t }
}
