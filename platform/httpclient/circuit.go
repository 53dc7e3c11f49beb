package httpclient

import (
	"sync"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// maxHosts bounds the memory of a client that calls hosts which strangers choose.
const maxHosts = 1024

type circuit = circuitbreaker.CircuitBreaker[any]

// circuits has a breaker for each host.
type circuits struct {
	name    string
	cfg     Config
	metrics *Metrics

	mu     sync.Mutex
	byHost map[string]circuit
}

func newCircuits(name string, cfg Config, metrics *Metrics) *circuits {
	return &circuits{name: name, cfg: cfg, metrics: metrics, byHost: map[string]circuit{}}
}

func (c *circuits) of(host string) circuit {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.byHost[host]; ok {
		return known
	}
	if len(c.byHost) >= maxHosts {
		c.forget()
	}
	made := circuitbreaker.NewBuilder[any]().
		WithFailureThresholdRatio(c.cfg.Failures, 2*c.cfg.Failures).
		WithSuccessThreshold(1).
		WithDelay(c.cfg.OpenFor).
		OnOpen(func(circuitbreaker.StateChangedEvent) { c.metrics.opened(c.name) }).
		Build()
	c.byHost[host] = made
	return made
}

// forget makes room: it drops any circuit that is closed, or any at all when none is.
func (c *circuits) forget() {
	var dropped string
	for host, known := range c.byHost {
		dropped = host
		if known.IsClosed() {
			break
		}
	}
	delete(c.byHost, dropped)
}
