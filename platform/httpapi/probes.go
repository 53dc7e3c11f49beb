package httpapi

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/trellis-go/trellis/platform/health"
)

// routeProbes serves what orchestrators and Prometheus ask for.
func (a *API) routeProbes(engine *gin.Engine) {
	engine.GET("/livez", func(c *gin.Context) { answerProbe(c, a.health.Live()) })
	engine.GET("/startupz", func(c *gin.Context) { answerProbe(c, a.health.Started()) })
	engine.GET("/readyz", func(c *gin.Context) { answerProbe(c, a.health.Ready(c.Request.Context())) })
	engine.GET("/metrics", gin.WrapH(promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{})))
}

// probesOnly answers probes and the request for metrics, and nothing else.
func (a *API) probesOnly() http.Handler {
	engine := newEngine()
	a.routeProbes(engine)
	return stack(engine, a.beginExchange, a.recoverPanics, a.identifyRequest, a.secureHeaders, a.logAccess)
}

func answerProbe(c *gin.Context, report health.Report) {
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Type", "application/json")
	c.Status(http.StatusOK)
	if !report.OK() {
		c.Status(http.StatusServiceUnavailable)
	}
	_ = jsonFormat.Marshal(c.Writer, report)
}
