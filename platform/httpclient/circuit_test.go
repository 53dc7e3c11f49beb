package httpclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/httpclient"
)

// repeats is the counter of repetitions of the client named test.
func repeats(s *service) prometheus.Collector {
	return only{s.registry, "trellis_http_client_repeats_total"}
}

// only is one metric of a registry, for testutil.
type only struct {
	registry *prometheus.Registry
	name     string
}

func (o only) Describe(chan<- *prometheus.Desc) {}

func (o only) Collect(into chan<- prometheus.Metric) {
	families, _ := o.registry.Gather()
	value := 0.0
	for _, family := range families {
		if family.GetName() == o.name {
			value = family.GetMetric()[0].GetCounter().GetValue()
		}
	}
	into <- prometheus.MustNewConstMetric(prometheus.NewDesc(o.name, "", nil, nil), prometheus.CounterValue, value)
}

func TestAHostThatFailsIsLeftAloneAndTriedAgainLater(t *testing.T) {
	var healthy atomic.Bool
	s := serve(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
		if !healthy.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	client := s.client(t, httpclient.Config{Attempts: 1, Failures: 2, OpenFor: 20 * time.Millisecond})
	failures := 0
	for {
		_, err := client.Do(s.request(t, http.MethodPost, ""))
		if err != nil {
			require.ErrorIs(t, err, httpclient.ErrOpen)
			break
		}
		failures++
		require.LessOrEqual(t, failures, 4)
	}
	assert.Len(t, s.seen(), failures, "a call that the circuit refuses does not reach the host")
	assert.InDelta(t, 1, testutil.ToFloat64(only{s.registry, "trellis_http_client_circuit_opened_total"}), 0)

	healthy.Store(true)
	require.Eventually(t, func() bool {
		_, err := client.Do(s.request(t, http.MethodPost, ""))
		return err == nil
	}, 10*time.Second, 5*time.Millisecond)
	for range 5 {
		_, err := client.Do(s.request(t, http.MethodPost, ""))
		require.NoError(t, err, "one success closes the circuit")
	}
}

func TestACallerWhoLeavesDoesNotKeepTheCircuitOpen(t *testing.T) {
	var away, slow atomic.Bool
	away.Store(true)
	leaving, leave := context.WithCancel(t.Context())
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		switch {
		case away.Load():
			w.WriteHeader(http.StatusInternalServerError)
		case slow.Load():
			leave()
			<-r.Context().Done()
		}
	})
	client := s.client(t, httpclient.Config{Attempts: 1, Failures: 2, OpenFor: 20 * time.Millisecond})
	calls := func(ctx context.Context, until func(error) bool) {
		t.Helper()
		require.Eventually(t, func() bool {
			_, err := client.Do(s.request(t, http.MethodPost, "").WithContext(ctx))
			return until(err)
		}, 10*time.Second, time.Millisecond)
	}
	calls(t.Context(), func(err error) bool { return errors.Is(err, httpclient.ErrOpen) })
	slow.Store(true)
	away.Store(false)
	calls(leaving, func(err error) bool { return errors.Is(err, context.Canceled) })
	slow.Store(false)
	calls(t.Context(), func(err error) bool { return err == nil })
}

func TestAHostThatAnswersNoCallerInTimeIsLeftAlone(t *testing.T) {
	s := serve(t, func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	client := s.client(t, httpclient.Config{Attempts: 1, Failures: 2, AttemptTimeout: time.Hour, OpenFor: time.Hour})
	call := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		_, err := client.Do(s.request(t, http.MethodPost, "").WithContext(ctx))
		return err
	}
	for range 4 {
		if err := call(); errors.Is(err, httpclient.ErrOpen) {
			break
		}
	}
	require.ErrorIs(t, call(), httpclient.ErrOpen)
}

func TestACallWhoseTimeIsOverBeforeItBeginsSaysNothingOfTheHost(t *testing.T) {
	s := statuses(t, 200)
	client := s.client(t, httpclient.Config{Attempts: 1, Failures: 1, OpenFor: time.Hour})
	late, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	for range 4 {
		_, err := client.Do(s.request(t, http.MethodPost, "").WithContext(late))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	_, err := client.Do(s.request(t, http.MethodPost, ""))
	require.NoError(t, err)
	assert.Len(t, s.seen(), 1)
}

func TestRefusalsOfTheServiceDoNotOpenTheCircuit(t *testing.T) {
	s := statuses(t, 400, 404, 409, 422, 429, 501)
	client := s.client(t, httpclient.Config{Attempts: 1, Failures: 1})
	for range 8 {
		_, err := client.Do(s.request(t, http.MethodPost, ""))
		require.NoError(t, err)
	}
}

func TestEveryHostHasItsOwnCircuit(t *testing.T) {
	down, up := statuses(t, 500), statuses(t, 200)
	client := up.client(t, httpclient.Config{Attempts: 1, Failures: 1, OpenFor: time.Hour})
	for range 3 {
		_, _ = client.Do(down.request(t, http.MethodPost, ""))
	}
	_, err := client.Do(down.request(t, http.MethodPost, ""))
	require.ErrorIs(t, err, httpclient.ErrOpen)
	_, err = client.Do(up.request(t, http.MethodPost, ""))
	require.NoError(t, err)
}

func TestAnAnswerIsNotLostWhenTheCircuitOpensBehindIt(t *testing.T) {
	s := statuses(t, 503)
	response, err := s.client(t, httpclient.Config{Failures: 1, OpenFor: time.Hour}).Do(s.request(t, http.MethodGet, ""))
	require.NoError(t, err)
	assert.Equal(t, 503, response.StatusCode)
}

func TestCircuitsOfManyHostsDoNotPileUp(t *testing.T) {
	const hosts, kept = 1100, 1024
	s := statuses(t, 200)
	client := s.client(t, httpclient.Config{Attempts: 1, Failures: 1, AttemptTimeout: time.Nanosecond, OpenFor: time.Hour})
	call := func(host int) error {
		request := s.request(t, http.MethodGet, "")
		request.URL.Host = fmt.Sprintf("host%d.invalid", host)
		_, err := client.Do(request)
		require.Error(t, err)
		return err
	}
	for host := range hosts {
		for !errors.Is(call(host), httpclient.ErrOpen) {
		}
	}
	forgotten := 0
	for host := range hosts {
		if !errors.Is(call(host), httpclient.ErrOpen) {
			forgotten++
		}
	}
	assert.GreaterOrEqual(t, forgotten, hosts-kept)
}

func TestEndpointsOfOneHostMayHaveCircuitsOfTheirOwn(t *testing.T) {
	s := statuses(t, 500)
	client := s.client(t, httpclient.Config{Attempts: 1, Failures: 1, OpenFor: time.Hour})
	call := func(name string) error {
		request := s.request(t, http.MethodPost, "")
		_, err := client.Do(request.WithContext(httpclient.WithCircuit(request.Context(), name)))
		return err
	}
	for range 3 {
		_ = call("one")
	}
	require.ErrorIs(t, call("one"), httpclient.ErrOpen)
	require.NoError(t, call("other"))
	_, err := client.Do(s.request(t, http.MethodPost, ""))
	require.NoError(t, err, "the circuit of the host is another one")
}
