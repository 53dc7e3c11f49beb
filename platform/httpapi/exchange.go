package httpapi

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/log"
)

// exchange is what is known about one request and its answer. The parts of the chain fill it in as they learn it, so
// that those outside see what was found out further in. It is used by one goroutine.
type exchange struct {
	id        string // the request id
	client    string // the client's address
	started   time.Time
	path      string       // as the client sent it, escaped
	head      bool         // the client wants no body
	version   string       // of the API, "" outside it
	group     *Group       // of the operation, nil when none was reached
	operation string       // its id, "" when none was reached
	success   int          // the status that it answers with unless it says otherwise
	sent      bytes.Buffer // the body, where the operation keeps it
	problem   string       // the code of the problem that was answered, "" when none
	answer    *recorder
	log       *slog.Logger
}

type exchangeKey struct{}

// exchangeOf gives the request's exchange. A context that never came through the chain has an empty one.
func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{log: slog.New(slog.DiscardHandler), answer: &recorder{}}
}

// RequestID is the id of the request that ctx belongs to, "" outside one.
func RequestID(ctx context.Context) string { return exchangeOf(ctx).id }

// ClientIP is the address of the client that sent the request, as the trusted proxies tell it.
func ClientIP(ctx context.Context) string { return exchangeOf(ctx).client }

// beginExchange gives the request its exchange, a scope for its log attributes, and a session on the databases: it reads
// what it has written.
func (a *API) beginExchange(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{
			started: time.Now(),
			client:  a.proxies.client(r),
			path:    r.URL.EscapedPath(),
			head:    r.Method == http.MethodHead,
			answer:  &recorder{ResponseWriter: w},
			log:     a.log,
		}
		ctx := context.WithValue(database.WithSession(log.NewScope(r.Context())), exchangeKey{}, x)
		next.ServeHTTP(x.answer, r.WithContext(ctx))
	})
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= http.StatusOK {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Flush sends what is buffered, for streams.
func (r *recorder) Flush() { _ = http.NewResponseController(r.ResponseWriter).Flush() }

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) begun() bool { return r.status != 0 }
