package health_test

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/health"
	"github.com/trellis-go/trellis/platform/log"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func up(context.Context) error { return nil }

func failing(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

// heeding is a probe that answers when its context ends.
func heeding(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func required(name string, probe func(context.Context) error) health.Check {
	return health.Check{Name: name, Required: true, Probe: probe}
}

func optional(name string, probe func(context.Context) error) health.Check {
	return health.Check{Name: name, Probe: probe}
}

// ready is the health of a process that has started, in a bubble where time passes only when everyone waits.
func ready(t *testing.T, test func(t *testing.T, h *health.Health), checks ...health.Check) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := health.New(log.Discard(), checks...)
		h.MarkStarted()
		test(t, h)
		require.NoError(t, h.Close(t.Context()))
	})
}

func TestAProcessThatStartsLivesButIsNotReady(t *testing.T) {
	probed := false
	h := health.New(log.Discard(), required("db", func(context.Context) error { probed = true; return nil }))
	assert.Equal(t, health.Report{Status: "ok", Checks: []health.Result{}}, h.Live())
	assert.Equal(t, health.Report{Status: "starting", Checks: []health.Result{}}, h.Started())
	assert.Equal(t, health.Report{Status: "starting", Checks: []health.Result{}}, h.Ready(t.Context()))
	assert.False(t, probed, "a component that is not up yet is not probed")
}

func TestAProcessThatHasStartedIsReadyWhenEveryCheckIsUp(t *testing.T) {
	ready(t, func(t *testing.T, h *health.Health) {
		assert.Equal(t, "ok", h.Started().Status)
		assert.Equal(t, health.Report{Status: "ok", Checks: []health.Result{
			{Name: "db", Status: "up", Required: true}, {Name: "cache", Status: "up"},
		}}, h.Ready(t.Context()))
	}, required("db", up), optional("cache", up))
}

func TestAProcessWithoutChecksIsReady(t *testing.T) {
	ready(t, func(t *testing.T, h *health.Health) {
		assert.Equal(t, health.Report{Status: "ok", Checks: []health.Result{}}, h.Ready(t.Context()))
	})
}

func TestAProcessThatDrainsLivesButIsNotReady(t *testing.T) {
	ready(t, func(t *testing.T, h *health.Health) {
		h.MarkDraining()
		h.MarkStarted()
		assert.Equal(t, "ok", h.Live().Status)
		assert.Equal(t, "ok", h.Started().Status)
		assert.Equal(t, health.Report{Status: "draining", Checks: []health.Result{}}, h.Ready(t.Context()))
	}, required("db", up))
}

func TestTheReportTakesTheWorst(t *testing.T) {
	bad := failing(errors.New("x"))
	for want, checks := range map[string][]health.Check{
		"ok":          {required("a", up), optional("b", up)},
		"degraded":    {required("a", up), optional("b", bad)},
		"unavailable": {required("a", bad), optional("b", bad), required("c", up)},
	} {
		ready(t, func(t *testing.T, h *health.Health) {
			assert.Equal(t, want, h.Ready(t.Context()).Status)
		}, checks...)
	}
}

func TestTrafficShouldComeWhenOKOrDegraded(t *testing.T) {
	for status, want := range map[string]bool{
		"ok": true, "degraded": true, "unavailable": false, "starting": false, "draining": false,
	} {
		assert.Equal(t, want, health.Report{Status: status}.OK(), status)
	}
}

func TestAReportIsJSON(t *testing.T) {
	text, err := json.Marshal(health.Report{Status: "degraded", Checks: []health.Result{
		{Name: "a", Status: "up", Required: true, LatencyMS: 1.5}, {Name: "b", Status: "down", Error: "failed"},
	}})
	require.NoError(t, err)
	assert.JSONEq(t, `{"status":"degraded","checks":[{"name":"a","status":"up","required":true,"latency_ms":1.5},
		{"name":"b","status":"down","required":false,"latency_ms":0,"error":"failed"}]}`, string(text))
}

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

func TestManyWhoAskAtOnceShareOneProbe(t *testing.T) {
	var calls atomic.Int32
	ready(t, func(t *testing.T, h *health.Health) {
		var wait sync.WaitGroup
		for range 100 {
			wait.Go(func() { assert.True(t, h.Ready(t.Context()).OK()) })
		}
		wait.Wait()
		assert.EqualValues(t, 1, calls.Load())
	}, required("db", func(context.Context) error { calls.Add(1); time.Sleep(1500 * time.Millisecond); return nil }))
}

func TestAnAnswerServesForASecond(t *testing.T) {
	var calls atomic.Int32
	ready(t, func(t *testing.T, h *health.Health) {
		h.Ready(t.Context())
		time.Sleep(999 * time.Millisecond)
		h.Ready(t.Context())
		assert.EqualValues(t, 1, calls.Load())
		time.Sleep(time.Millisecond)
		h.Ready(t.Context())
		assert.EqualValues(t, 2, calls.Load())
	}, required("db", func(context.Context) error { calls.Add(1); return nil }))
}

func TestReadyEndsWithItsContext(t *testing.T) {
	ready(t, func(t *testing.T, h *health.Health) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		assert.Equal(t, health.Report{Status: "unavailable", Checks: []health.Result{}}, h.Ready(ctx))
		assert.Equal(t, "timed out", h.Ready(t.Context()).Checks[0].Error, "who gave up does not end the probe of the others")
	}, required("db", heeding))
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

func TestCloseEndsTheProbesThatRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		h := health.New(log.NewTest(&out), required("db", heeding))
		h.MarkStarted()
		var wait sync.WaitGroup
		wait.Go(func() { assert.Equal(t, "unavailable", h.Ready(t.Context()).Status) })
		synctest.Wait()

		begun := time.Now()
		require.NoError(t, h.Close(t.Context()))
		wait.Wait()
		assert.Zero(t, time.Since(begun))
		assert.Empty(t, out.String(), "what Close ended is not down")
		assert.Equal(t, "draining", h.Ready(t.Context()).Status)
	})
}

func TestCloseNamesTheProbesThatHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := health.New(log.Discard(), required("a", up), required("b", func(context.Context) error { <-release; return nil }))
		h.MarkStarted()
		h.Ready(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := h.Close(ctx)
		require.EqualError(t, err, "probes still run: b: context deadline exceeded")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		close(release)
		require.NoError(t, h.Close(t.Context()))
	})
}
