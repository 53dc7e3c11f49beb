package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/config"
	"github.com/trellis-go/trellis/platform/log"
	"github.com/trellis-go/trellis/platform/problem"
)

// Operation says how a function is served. What it reads and answers is said by the function's types.
type Operation struct {
	ID          string // unique within a version, verb-noun: get-product
	Method      string
	Path        string          // under the version's prefix: /products/{id}
	Tag         string          // the heading in the documentation
	Summary     string          // one line
	Description string          // Markdown
	Status      int             // of success; zero: 200, or 204 without a body
	Policy      auth.Policy     // who may call it; an operation that does not say it is not served
	Others      auth.Permission // with it, also on what belongs to others: the service asks auth.May
	Problems    []*problem.Kind
	Timeout     time.Duration // zero: http.request_timeout
	MaxBody     config.Size   // zero: http.max_body
	Consumes    string        // media type of an Upload
	Produces    string        // media type of a Download or of Events
	Answers     map[int]any   // other successes by status, each with a value of its body's type; with Body any in the output
}

// Handle serves an operation in one version of the API. It panics on a mistake in the types and on an operation without
// a policy: the program is wrong.
func Handle[I, O any](g *Group, op Operation, handler func(ctx context.Context, in *I) (*O, error)) {
	if !op.Policy.Declared() {
		panic("httpapi: the operation " + op.ID + " does not say who may call it: set its Policy to auth.Public, " +
			"auth.Authenticated or auth.Can(permission)")
	}
	requireExported(reflect.TypeFor[I]())
	g.registering = cmp.Or(reflect.TypeFor[I]().PkgPath(), reflect.TypeFor[O]().PkgPath())
	described := g.describe(op)
	if keepsPayload(reflect.TypeFor[I]()) {
		described.Middlewares = append(described.Middlewares, keepPayload)
	}
	huma.Register(g.huma, described, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		var answer *Answer
		if errors.As(err, &answer) {
			return nil, answer
		}
		if err != nil {
			return nil, newProblem(ctx, err)
		}
		return out, nil
	})
	g.documentInput(op.Method, op.Path)
	g.operations = append(g.operations, Registered{
		Version: g.version, Method: op.Method, Path: g.version.Prefix() + op.Path, ID: op.ID, Summary: op.Summary,
		Tag: op.Tag, Policy: op.Policy, Others: op.Others,
	})
}

// requireExported panics when an input embeds a struct whose fields cannot be set from outside its package: huma would
// pass over them without a word.
func requireExported(input reflect.Type) {
	for i := range input.NumField() {
		field := input.Field(i)
		if field.Anonymous && !field.IsExported() {
			panic(fmt.Sprintf("httpapi: %s embeds %s, which must be exported for its fields to be read", input, field.Type))
		}
	}
}

// describe is the operation in huma's terms.
func (g *Group) describe(op Operation) huma.Operation {
	timeout, maxBody := op.Timeout, op.MaxBody
	if timeout == 0 {
		timeout = g.api.cfg.RequestTimeout
	}
	if maxBody == 0 {
		maxBody = g.api.cfg.MaxBody
	}
	described := huma.Operation{
		OperationID: op.ID, Method: op.Method, Path: op.Path, Summary: op.Summary, Description: op.Description,
		DefaultStatus: op.Status, Tags: []string{op.Tag}, Deprecated: !g.version.Deprecated.IsZero(),
		MaxBodyBytes:    int64(maxBody) + 1, // huma refuses a body of exactly this size
		BodyReadTimeout: timeout,
		Responses:       g.responses(op),
		Middlewares:     huma.Middlewares{g.enter(op, timeout, maxBody)},
	}
	if op.Description == "" {
		described.Description = op.Summary + "."
	}
	restrict(&described, op.Policy, op.Others)
	if op.Consumes != "" {
		described.RequestBody = &huma.RequestBody{Required: true, Content: media(op.Consumes)}
	}
	return described
}

// enter is the first that an operation does: it names itself in the log and the metrics and sets its limits.
func (g *Group) enter(op Operation, timeout time.Duration, maxBody config.Size) func(huma.Context, func(huma.Context)) {
	named := []slog.Attr{slog.String("operation", op.ID), slog.String("route", op.Method+" "+g.version.Prefix()+op.Path)}
	return func(hctx huma.Context, next func(huma.Context)) {
		ctx, cancel := context.WithTimeout(hctx.Context(), timeout)
		defer cancel()
		x := exchangeOf(ctx)
		x.group, x.operation, x.success = g, op.ID, hctx.Operation().DefaultStatus
		log.Set(ctx, named...)
		request := humagin.Unwrap(hctx)
		if err := checkQuery(request.Request.URL.RawQuery); err != nil {
			writeProblem(request.Writer, request.Request, err)
			return
		}
		ctx, err := g.api.gate.Enter(ctx, op.Policy, request.Request.Header.Values("Authorization"))
		if err != nil {
			writeProblem(request.Writer, request.Request, err)
			return
		}
		if who := auth.PrincipalOf(ctx); !who.Anonymous() {
			log.Set(ctx, slog.String("user", who.UserID))
			hctx.SetHeader("Cache-Control", "private, no-cache") // what one may see another may not
			hctx.AppendHeader("Vary", "Authorization")
		}
		if op.Consumes != "" {
			request.Request.Body = http.MaxBytesReader(request.Writer, request.Request.Body, int64(maxBody))
		}
		if op.Timeout > 0 {
			connection, end := http.NewResponseController(request.Writer), time.Now().Add(timeout)
			_ = connection.SetReadDeadline(end)
			_ = connection.SetWriteDeadline(end.Add(time.Second)) // time to say that it took too long
		}
		next(huma.WithContext(hctx, ctx))
	}
}

// checkQuery refuses a query that could be read in part only: a filter that gets lost would choose everything, and no
// database finds text that is not UTF-8.
func checkQuery(raw string) error {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return problem.BadRequest.New("the query string is not well-formed").Because(err)
	}
	for name, values := range query {
		if !utf8.ValidString(name) {
			return problem.BadRequest.New("the query string is not UTF-8")
		}
		if len(values) > 1 {
			return problem.BadRequest.Errorf("the parameter %q is given %d times", name, len(values)).
				With(problem.Field{In: "query", Pointer: "/" + name, Detail: "must be given once"})
		}
		if !utf8.ValidString(values[0]) {
			return problem.BadRequest.Errorf("the parameter %q is not text", name).
				With(problem.Field{In: "query", Pointer: "/" + name, Detail: "must be UTF-8"})
		}
	}
	return nil
}

func media(contentType string) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{contentType: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
}

// everywhere are the problems that any operation may answer with.
var everywhere = []*problem.Kind{
	problem.BadRequest, problem.Malformed, problem.Invalid, problem.RateLimited, problem.Internal, problem.Unavailable,
	problem.Timeout,
}

// responses documents what the operation may answer with beside its success, by status, naming the codes.
func (g *Group) responses(op Operation) map[string]*huma.Response {
	schema := g.problemSchema()
	responses := map[string]*huma.Response{}
	for _, kind := range slices.Concat(everywhere, refusals(op.Policy), op.Problems) {
		status := strconv.Itoa(kind.Status)
		line := fmt.Sprintf("`%s`: %s.", kind.Code, kind.Title)
		if known, ok := responses[status]; ok {
			if !strings.Contains(known.Description, line) {
				known.Description += "\n\n" + line
			}
			continue
		}
		responses[status] = &huma.Response{
			Description: line,
			Content:     map[string]*huma.MediaType{problem.ContentType: {Schema: schema}},
		}
	}
	for status, body := range op.Answers {
		responses[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status),
			Content: map[string]*huma.MediaType{"application/json": {
				Schema: g.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(body), true, ""),
			}},
		}
	}
	if op.Produces != "" {
		responses["200"] = &huma.Response{Description: "The stream", Content: media(op.Produces)}
	}
	return responses
}
