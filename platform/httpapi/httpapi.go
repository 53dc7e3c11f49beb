// Package httpapi is the HTTP edge: the Gin router, the chain of middlewares before it, the API versions with their
// OpenAPI documents, the documentation pages, the probes and the metrics.
//
// A module registers operations, which are plain functions of a context and a typed input. The types say everything:
// they are decoded and validated before the function runs, and the OpenAPI document is made from them.
//
//	func (h *handler) routes(api *httpapi.API) {
//		httpapi.Handle(api.V(1), httpapi.Operation{
//			ID: "get-product", Method: http.MethodGet, Path: "/products/{id}", Tag: "Products",
//			Summary: "Read a product", Policy: auth.Public, Problems: []*problem.Kind{ErrProductNotFound},
//		}, h.get)
//	}
//
//	type getInput struct {
//		ID string `path:"id" doc:"The product's id"`
//	}
//
//	func (h *handler) get(ctx context.Context, in *getInput) (*productOutput, error)
//
// An operation returns errors as they are; package problem turns them into answers. Input fields carry huma's tags
// (path, query, header, doc, example, minimum, maxLength, enum, format …); a field named Body is the JSON body. The
// types Conditional, Precondition, PageInput, MergePatch, Upload and Download cover what many operations share.
package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/health"
	"github.com/trellis-go/trellis/platform/ratelimit"
)

// Config is the section http.
type Config struct {
	Addr              string        `validate:"required"`     // host:port to listen on; an empty host is every interface
	RequestTimeout    time.Duration `validate:"min=1ms"`      // how long an operation may take, unless it sets its own
	ReadHeaderTimeout time.Duration `validate:"min=1ms"`      // how long a client may take to send its headers
	ReadTimeout       time.Duration `validate:"min=1ms"`      // and to send the whole request
	WriteTimeout      time.Duration `validate:"min=1ms"`      // how long the answer may take, reading included
	IdleTimeout       time.Duration `validate:"min=1ms"`      // how long an unused connection stays open
	MaxBody           config.Size   `validate:"min=1"`        // of a request, unless the operation sets its own
	MaxHeader         config.Size   `validate:"min=1024"`     // of a request's headers together
	TrustedProxies    []string      `validate:"dive,cidr|ip"` // whose X-Forwarded-For is believed
	HSTS              bool          // tell browsers to come by HTTPS only; set it where TLS ends in front of the server
	CORS              CORSConfig
}

// CORSConfig says which web pages of other origins may call the API.
type CORSConfig struct {
	AllowedOrigins   []string      // exact origins, patterns such as https://*.example.com, or *; empty: none
	AllowCredentials bool          // let them send cookies; not together with the origin *
	MaxAge           time.Duration // how long a browser may remember the answer
}

// Validate holds the fields against each other.
func (c Config) Validate() error {
	if c.WriteTimeout <= c.RequestTimeout {
		return errors.New("write_timeout must be longer than request_timeout, or answers are cut off")
	}
	if c.CORS.AllowCredentials && slices.Contains(c.CORS.AllowedOrigins, "*") {
		return errors.New("cors.allow_credentials must not go with the origin *")
	}
	return nil
}

// API is what is served over HTTP. Modules register their operations with the groups of V.
type API struct {
	cfg      Config
	limits   atomic.Pointer[ratelimit.Config]
	limiter  ratelimit.Limiter
	gate     *auth.Gate
	log      *slog.Logger
	health   *health.Health
	metrics  *metrics
	registry *prometheus.Registry
	engine   *gin.Engine
	groups   []*Group
	proxies  proxies
	chained  func() http.Handler
	draining context.Context // ended when no more requests are accepted, for streams to end
	drain    context.CancelFunc
}

// New makes the API with its versions, documentation, probes and metrics, and no operation.
func New(
	cfg Config, limits ratelimit.Config, limiter ratelimit.Limiter, gate *auth.Gate, logger *slog.Logger,
	health *health.Health, registry *prometheus.Registry,
) (*API, error) {
	trusted, err := parseProxies(cfg.TrustedProxies)
	if err != nil {
		return nil, err
	}
	useProblems()
	api := &API{
		cfg: cfg, limiter: limiter, gate: gate, log: logger, health: health, registry: registry,
		metrics: newMetrics(registry), engine: newEngine(), proxies: trusted,
	}
	api.draining, api.drain = context.WithCancel(context.Background())
	api.Limit(limits)
	for _, version := range Versions {
		api.groups = append(api.groups, newGroup(api, version))
	}
	api.routeProbes(api.engine)
	api.routeDocs()
	api.routeProblems()
	api.routeKeys()
	api.chained = sync.OnceValue(func() http.Handler { return api.chain(api.engine) })
	return api, nil
}

// newEngine makes a router that answers in problem documents and redirects nobody.
func newEngine() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.UseRawPath = true
	engine.UnescapePathValues = true
	engine.NoRoute(func(c *gin.Context) { writeProblem(c.Writer, c.Request, errNoRoute(c.Request)) })
	engine.NoMethod(func(c *gin.Context) { answerOtherMethod(c.Writer, c.Request) })
	return engine
}

// V is the group of one version. It panics on a version that is not in Versions: that is a mistake in the program.
func (a *API) V(number int) *Group {
	i := slices.IndexFunc(a.groups, func(g *Group) bool { return g.version.Number == number })
	if i < 0 {
		panic("httpapi: there is no version " + Version{Number: number}.String())
	}
	return a.groups[i]
}

// Limit replaces the rate limits, also while requests are served.
func (a *API) Limit(limits ratelimit.Config) { a.limits.Store(&limits) }

// ServeHTTP answers a request, through the whole chain.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.chained().ServeHTTP(w, r) }

// Operations lists every operation of every version, in the order they were registered.
func (a *API) Operations() []Registered {
	var all []Registered
	for _, group := range a.groups {
		all = append(all, group.operations...)
	}
	return all
}

// Group is one version of the API.
type Group struct {
	api        *API
	version    Version
	huma       huma.API
	operations []Registered
	document   func() (documents, error)

	registering string // the path of the package whose operation it is
}

// Registered is an operation as it is served.
type Registered struct {
	Version Version
	Method  string
	Path    string
	ID      string
	Summary string
	Tag     string
	Policy  auth.Policy
	Others  auth.Permission // with it, also on what belongs to others; "" when there is none
}
