package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/problem"
)

const (
	bearerScheme = "bearer"
	othersMember = "x-policy-others" // the permission that is needed for what belongs to others
	policyMember = "x-policy"        // in the document: public, authenticated, or the permission that is needed
)

// securitySchemes documents how clients say who they are.
func securitySchemes() map[string]*huma.SecurityScheme {
	return map[string]*huma.SecurityScheme{bearerScheme: {
		Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "The access token that signing in gives.",
	}}
}

// restrict documents who may call an operation.
func restrict(described *huma.Operation, policy auth.Policy, others auth.Permission) {
	described.Extensions = map[string]any{policyMember: policy.String()}
	if policy.Open() {
		described.Security = []map[string][]string{}
		return
	}
	described.Security = []map[string][]string{{bearerScheme: {}}}
	if others != "" {
		described.Extensions[othersMember] = string(others)
		described.Description += "\n\nWorks on what is yours, and with the permission `" + string(others) + "` on what belongs to others, too."
	}
	if needed := policy.Permission(); needed != "" {
		described.Description += "\n\nNeeds the permission `" + string(needed) + "`."
	}
}

// refusals are the problems that the gate answers with.
func refusals(policy auth.Policy) []*problem.Kind {
	switch {
	case policy.Open():
		return nil
	case policy.Permission() == "":
		return []*problem.Kind{auth.ErrUnauthenticated}
	default:
		return []*problem.Kind{auth.ErrUnauthenticated, auth.ErrForbidden}
	}
}

// routeKeys serves the public keys of the access tokens, for other services that verify them.
func (a *API) routeKeys() {
	a.engine.GET("/.well-known/jwks.json", func(c *gin.Context) {
		document, err := a.gate.JWKS()
		if err != nil {
			writeProblem(c.Writer, c.Request, problem.Unavailable.Because(err))
			return
		}
		c.Header("Cache-Control", "public, max-age=300")
		c.Data(http.StatusOK, "application/jwk-set+json", document)
	})
}
