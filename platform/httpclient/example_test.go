package httpclient_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trellis-go/trellis/platform/httpclient"
)

func ExampleClient_Do() {
	failures := 1
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if failures > 0 {
			failures--
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer service.Close()
	client := httpclient.New("example", httpclient.Config{}, httpclient.NewMetrics(prometheus.NewRegistry()))
	defer client.Close()
	request, err := http.NewRequest(http.MethodGet, service.URL, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	response, err := client.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.StatusCode)
	// Output: 200
}
