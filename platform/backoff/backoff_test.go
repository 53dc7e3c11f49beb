package backoff_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/trellis-go/trellis/platform/backoff"
)

func TestTheWaitDoublesUpToTheLast(t *testing.T) {
	policy := backoff.Exponential{First: time.Second, Last: 10 * time.Second}
	for attempts, longest := range map[int]time.Duration{
		1: time.Second, 2: 2 * time.Second, 4: 8 * time.Second, 5: 10 * time.Second, 1 << 30: 10 * time.Second,
	} {
		for range 100 {
			wait := policy.After(attempts)
			assert.LessOrEqual(t, wait, longest)
			assert.GreaterOrEqual(t, wait, longest/2)
		}
	}
}

func TestThoseWhoFailTogetherDoNotComeBackTogether(t *testing.T) {
	waits := map[time.Duration]bool{}
	for range 100 {
		waits[backoff.Jitter(time.Second)] = true
	}
	assert.Greater(t, len(waits), 50)
	assert.Zero(t, backoff.Jitter(0))
}
