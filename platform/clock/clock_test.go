package clock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/trellis-go/trellis/platform/clock"
)

func TestTimesAreInUTCAndMicroseconds(t *testing.T) {
	now := clock.New()()
	assert.Equal(t, time.UTC, now.Location())
	assert.Zero(t, now.Nanosecond()%1000)
}

func TestAFixedClockStandsStill(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 1234, time.FixedZone("", 3600))
	now := clock.Fixed(at)
	assert.Equal(t, now(), now())
	assert.Equal(t, "2025-12-31T23:00:00.000001Z", now().Format(time.RFC3339Nano))
}
