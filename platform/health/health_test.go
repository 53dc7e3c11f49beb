package health_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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
