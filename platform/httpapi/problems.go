package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/trellis-go/trellis/platform/problem"
)

// Problem is a problem document as huma documents and writes it.
type Problem struct {
	problem.Document
	header http.Header
}

// Error is the code: the document itself says the rest.
func (p *Problem) Error() string { return p.Code }

// GetStatus is the status that it is answered with.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders is what the answer carries beside it.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType is that of problem documents, whatever was negotiated.
func (p *Problem) ContentType(string) string { return problem.ContentType }

// useProblems makes huma answer in our documents. Its constructors are package variables, so this is done once.
var useProblems = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return newProblem(context.Background(), fromHuma(status, message, errs))
	}
	huma.NewErrorWithContext = func(hctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		ctx := context.Background()
		if hctx != nil {
			ctx = hctx.Context()
		}
		p := newProblem(ctx, fromHuma(status, message, errs))
		if hctx != nil {
			for name, values := range p.header {
				hctx.SetHeader(name, values[0])
			}
		}
		return p
	}
})

// fromHuma reads what huma found wrong with a request.
func fromHuma(status int, message string, errs []error) error {
	var fields []problem.Field
	for _, err := range errs {
		var detail *huma.ErrorDetail
		switch {
		case errors.As(err, &detail):
		case message == "cannot read request body":
			return errBody(err)
		default:
			return err
		}
		in, pointer := pointerTo(detail.Location)
		fields = append(fields, problem.Field{In: in, Pointer: pointer, Detail: detail.Message})
	}
	kind := problem.ForStatus(status)
	if kind == problem.BadRequest && (len(fields) > 0 || strings.Contains(message, "body")) {
		kind = problem.Malformed
	}
	if kind == problem.Invalid {
		message = ""
	}
	if kind == problem.UnsupportedMediaType {
		message, fields = fields[0].Detail, nil
	}
	return kind.New(message).With(fields...)
}

// pointerTo turns huma's location, such as body.items[3].name, into a part of the request and a JSON pointer.
func pointerTo(location string) (in, pointer string) {
	in, path, _ := strings.Cut(location, ".")
	if path == "" {
		return in, ""
	}
	path = strings.NewReplacer("~", "~0", "/", "~1", ".", "/", "[", "/", "]", "").Replace(path)
	return in, "/" + path
}

// newProblem answers err and logs it once.
func newProblem(ctx context.Context, err error) *Problem {
	occurrence := report(ctx, err)
	header := occurrence.Header()
	header.Set("Cache-Control", "no-store")
	return &Problem{Document: occurrence.Document(RequestID(ctx)), header: header}
}

// answerProblem answers err within an operation that writes its answer itself, and has written nothing yet.
func answerProblem(hctx huma.Context, err error) {
	p := newProblem(hctx.Context(), err)
	for name, values := range p.header {
		hctx.SetHeader(name, values[0])
	}
	hctx.SetHeader("Content-Type", problem.ContentType)
	hctx.SetStatus(p.Status)
	_ = jsonFormat.Marshal(hctx.BodyWriter(), p)
}

// report finds the problem that answers err and logs it: a mistake of the client at debug level, one of ours as an
// error with its stack.
func report(ctx context.Context, err error) *problem.Error {
	occurrence, x := problem.From(err), exchangeOf(ctx)
	x.problem = occurrence.Kind.Code
	if occurrence.Kind.Status < http.StatusInternalServerError {
		x.log.LogAttrs(ctx, slog.LevelDebug, "request refused", slog.String("error", err.Error()))
		return occurrence
	}
	stack := problem.Stack(err)
	if stack == nil {
		stack = debug.Stack()
	}
	x.log.LogAttrs(ctx, slog.LevelError, "request failed",
		slog.String("problem", occurrence.Kind.Code), slog.String("error", err.Error()), slog.String("stack", string(stack)))
	return occurrence
}

// writeProblem answers outside an operation.
func writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := newProblem(r.Context(), err)
	header := w.Header()
	for name, values := range p.header {
		header[name] = values
	}
	header.Set("Content-Type", problem.ContentType)
	w.WriteHeader(p.Status)
	_ = jsonFormat.Marshal(w, p)
}

func errNoRoute(r *http.Request) error {
	return problem.NotFound.Errorf("nothing is served under %s", r.URL.Path)
}

func errNoMethod(r *http.Request) error {
	return problem.MethodNotAllowed.Errorf("%s does not serve %s", r.URL.Path, r.Method)
}
