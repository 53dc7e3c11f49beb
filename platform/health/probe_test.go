package health_test

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/health"
	"github.com/trellis-go/trellis/platform/log"
)

func TestOnlyTheClassOfAnErrorIsShown(t *testing.T) {
	for want, errs := range map[string][]error{
		"timed out":   {context.DeadlineExceeded, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}},
		"unreachable": {&net.DNSError{Name: "db.internal"}, &net.OpError{Op: "dial", Err: errors.New("refused")}, driver.ErrBadConn},
		"failed":      {errors.New("ORA-01017: invalid username/password")},
	} {
		for _, err := range errs {
			ready(t, func(t *testing.T, h *health.Health) {
				assert.Equal(t, want, h.Ready(t.Context()).Checks[0].Error, err)
			}, required("db", failing(fmt.Errorf("ping: %w", err))))
		}
	}
}

func TestAPanicIsAFailure(t *testing.T) {
	var out bytes.Buffer
	h := health.New(log.NewTest(&out), required("db", func(context.Context) error { panic("boom") }))
	h.MarkStarted()
	assert.Equal(t, "failed", h.Ready(t.Context()).Checks[0].Error)
	assert.Contains(t, out.String(), `"err":"the probe panicked: boom"`)
	assert.Contains(t, out.String(), `"stack":"goroutine `)
	require.NoError(t, h.Close(t.Context()))
}

func TestChecksAreProbedAtOnce(t *testing.T) {
	slow := func(context.Context) error { time.Sleep(time.Second); return nil }
	ready(t, func(t *testing.T, h *health.Health) {
		begun := time.Now()
		report := h.Ready(t.Context())
		assert.Equal(t, time.Second, time.Since(begun))
		assert.Equal(t, []float64{1000, 1000}, []float64{report.Checks[0].LatencyMS, report.Checks[1].LatencyMS})
	}, required("a", slow), required("b", slow))
}

func TestADatabaseThatStopsAnsweringShowsWithin3Seconds(t *testing.T) {
	var dead atomic.Bool
	ready(t, func(t *testing.T, h *health.Health) {
		require.True(t, h.Ready(t.Context()).OK())
		dead.Store(true)
		begun := time.Now()
		for h.Ready(t.Context()).OK() {
			time.Sleep(10 * time.Millisecond)
		}
		assert.Less(t, time.Since(begun), 3*time.Second)
	}, required("db", func(ctx context.Context) error {
		if dead.Load() {
			return heeding(ctx)
		}
		return nil
	}))
}

func TestAProbeThatIgnoresItsContextDoesNotHangReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var calls atomic.Int32
		h := health.New(log.Discard(), required("db", func(context.Context) error { calls.Add(1); <-release; return nil }))
		h.MarkStarted()
		begun := time.Now()
		assert.Equal(t, "timed out", h.Ready(t.Context()).Checks[0].Error)
		assert.Less(t, time.Since(begun), 2*time.Second)

		time.Sleep(10 * time.Second)
		report := h.Ready(t.Context())
		assert.Equal(t, "timed out", report.Checks[0].Error)
		assert.Equal(t, float64(time.Since(begun).Milliseconds()), report.Checks[0].LatencyMS)
		assert.EqualValues(t, 1, calls.Load(), "none is started while one hangs")

		close(release)
		time.Sleep(time.Second)
		assert.True(t, h.Ready(t.Context()).OK())
		assert.EqualValues(t, 2, calls.Load())
		require.NoError(t, h.Close(t.Context()))
	})
}

func TestTheLogTellsChangesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var err error
		h := health.New(log.NewTest(&out), required("db", func(context.Context) error { return err }))
		h.MarkStarted()
		for _, err = range []error{nil, nil, errors.New("ORA-12541: no listener"), errors.New("ORA-12541: no listener"), nil, nil} {
			h.Ready(t.Context())
			time.Sleep(time.Second)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		require.Len(t, lines, 2)
		assert.Contains(t, lines[0], `"level":"warn","msg":"health check is down","check":"db","required":true,"err":"ORA-12541: no listener"`)
		assert.Contains(t, lines[1], `"level":"info","msg":"health check is up again","check":"db","required":true,"down_for":"2s"`)
		require.NoError(t, h.Close(t.Context()))
	})
}
