package httpapi

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/trellis-go/trellis/platform/health"
)

// routeProbes serves what orchestrators and Prometheus ask for.
func (a *API) routeProbes() {
	a.engine.GET("/livez", func(c *gin.Context) { answerProbe(c, a.health.Live()) })
	a.engine.GET("/startupz", func(c *gin.Context) { answerProbe(c, a.health.Started()) })
	a.engine.GET("/readyz", func(c *gin.Context) { answerProbe(c, a.health.Ready(c.Request.Context())) })
	a.engine.GET("/metrics", gin.WrapH(promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{})))
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
