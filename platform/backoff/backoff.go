// Package backoff says how long to wait before trying again: longer with every attempt, and never the same for all, so
// that those who failed together do not come back together.
package backoff

import (
	"math/rand/v2"
	"time"
)

// Exponential doubles the wait with every attempt. Both fields are needed.
type Exponential struct {
	First time.Duration // the wait after the first attempt
	Last  time.Duration // the longest wait
}

// After is the wait after so many attempts, of which there was at least one: between half of the doubled wait and all of it.
func (e Exponential) After(attempts int) time.Duration {
	wait := e.First
	for i := 1; i < attempts && wait < e.Last; i++ {
		wait *= 2
	}
	return Jitter(min(wait, e.Last))
}

// Jitter is a random time between half of wait and all of it.
func Jitter(wait time.Duration) time.Duration {
	if wait <= 1 {
		return wait
	}
	return wait/2 + rand.N(wait/2+1) //nolint:gosec // nobody gains by foreseeing it
}
