package httpapi_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/ratelimit"
)

func TestADrainingServerFinishesWhatIsInFlight(t *testing.T) {
	api := newAPI(t, nil)
	arrived, release := make(chan struct{}), make(chan struct{})
	httpapi.Handle(api.V(1), operation("wait", http.MethodGet, "/wait"),
		func(context.Context, *struct{}) (*struct{}, error) { close(arrived); <-release; return nil, nil })
	server := httpapi.NewServer(api)
	require.NoError(t, server.Start(t.Context()))
	served := make(chan error, 1)
	go func() { served <- server.Run(context.Background()) }()

	status := make(chan int, 1)
	go func() {
		answer, err := http.Get("http://" + server.Addr() + "/api/v1/wait")
		if err != nil {
			status <- 0
			return
		}
		_ = answer.Body.Close()
		status <- answer.StatusCode
	}()
	<-arrived
	drained := make(chan error, 1)
	go func() { drained <- server.Drain(context.Background()) }()
	require.Eventually(t, func() bool {
		_, err := http.Get("http://" + server.Addr() + "/livez")
		return err != nil
	}, 5*time.Second, time.Millisecond, "no new connection is accepted")
	close(release)

	assert.Equal(t, http.StatusNoContent, <-status)
	require.NoError(t, <-drained)
	require.NoError(t, <-served)
	require.NoError(t, server.Stop(context.Background()))
	http.DefaultClient.CloseIdleConnections()
}

func TestAnAddressThatIsTakenIsNamed(t *testing.T) {
	first := httpapi.NewServer(newAPI(t, nil))
	require.NoError(t, first.Start(t.Context()))
	t.Cleanup(func() { _ = first.Stop(context.Background()) })
	second := httpapi.NewServer(newAPI(t, func(s *settings) { s.http.Addr = first.Addr() }))
	require.ErrorContains(t, second.Start(t.Context()), "http.addr "+first.Addr())
}

func TestABadProxyIsNamed(t *testing.T) {
	_, err := httpapi.New(httpapi.Config{TrustedProxies: []string{"10.0.0.0/99"}}, ratelimit.Config{}, nil, nil, nil, nil, nil)
	require.ErrorContains(t, err, `http.trusted_proxies: "10.0.0.0/99"`)
}
