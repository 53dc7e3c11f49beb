package httpapi

import (
	"github.com/gin-gonic/gin"

	"github.com/trellis-go/trellis/platform/problem"
)

// routeProblems serves the page that the type of a problem document points to.
func (a *API) routeProblems() {
	a.engine.GET("/problems", func(c *gin.Context) { a.servePage(c, "problems.html", pagePolicy, problem.Kinds()) })
	a.engine.GET("/problems/:code", func(c *gin.Context) {
		kind, ok := problem.ByCode(c.Param("code"))
		if !ok {
			writeProblem(c.Writer, c.Request, errNoRoute(c.Request))
			return
		}
		a.servePage(c, "problem.html", pagePolicy, kind)
	})
}
