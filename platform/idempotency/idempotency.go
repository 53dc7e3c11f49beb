// Package idempotency lets a client send a request again that it got no answer to: what was done once is not done again,
// and the answer is the one of the first time.
//
// An operation that creates something embeds Key in its input and is wrapped by Once:
//
//	type placeInput struct {
//		idempotency.Key
//		Body order
//	}
//
//	httpapi.Handle(v, httpapi.Operation{
//		ID: "place-order", Method: http.MethodPost, Path: "/orders", …
//		Problems: append(idempotency.Problems(), idempotency.ErrKeyRequired, ErrOutOfStock),
//	}, idempotency.Once(h.keys, h.service.repo.DB, h.place))
//
// The handler runs in a transaction of the database, which what the service does joins, and its answer is encoded and
// stored in that transaction: there is never an effect without its answer, nor the reverse. For a key that comes again
//
//   - with the same request, the answer is the stored one, byte by byte, with the header Idempotency-Replayed: true;
//   - with another request, it is 422 idempotency_key_reused. The request is its method, path with version, query and body;
//   - while the first is being carried out, it is 409 idempotency_in_flight with Retry-After, at once.
//
// A key belongs to whoever has signed in, and to the operation; an operation that is Public cannot have one. It is known
// for the retention. Only successes are stored: after an error nothing was done, and the key is free again. When a process
// dies between taking a key and its commit, the key is free once the lease has run out; one that is merely slow
// cannot commit any more then.
//
// The handler may run several times when the database asks for it, and changes nothing outside of the transaction. Its
// answer is stored as it is: an operation that shows a secret takes no key.
package idempotency

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/clock"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/problem"
)

// Config is the section idempotency.
type Config struct {
	Retention time.Duration `validate:"min=1m"` // how long an answer is kept, and its key known
	Lease     time.Duration `validate:"min=1s"` // after which a key is free whose request was never brought to an end
}

// The problems of keys.
var (
	ErrKeyRequired = problem.Define(http.StatusBadRequest, "idempotency_key_required", "The request needs an Idempotency-Key",
		"Send a header Idempotency-Key with a value that you make up for what you want to be done, such as a UUID, and the "+
			"same one when you send the request again. Nothing was done.")
	ErrKeyReused = problem.Define(http.StatusUnprocessableEntity, "idempotency_key_reused", "The Idempotency-Key belongs to another request",
		"You have sent this key with another path, query or body before. A key is for one request and its repetitions: make "+
			"up a new one for a new request. Nothing was done.")
	ErrInFlight = problem.Define(http.StatusConflict, "idempotency_in_flight", "The request is still being carried out",
		"A request with this Idempotency-Key has come before and has no answer yet. Send it again after the time in "+
			"Retry-After, with the same key, to get its answer.")
)

// Problems are those that an operation with a key may answer with, beside ErrKeyRequired where it must have one.
func Problems() []*problem.Kind { return []*problem.Kind{ErrKeyReused, ErrInFlight} }

// ReplayedHeader says that an answer was given before.
const ReplayedHeader = "Idempotency-Replayed"

// retryAfter is when to come again for an answer that is not there yet.
const retryAfter = time.Second

// Keys takes keys and keeps answers, in the databases where the effects are.
type Keys struct {
	cfg      Config
	now      clock.Clock
	logger   *slog.Logger
	requests *prometheus.CounterVec
}

// New makes it.
func New(cfg Config, now clock.Clock, registry *prometheus.Registry, logger *slog.Logger) *Keys {
	k := &Keys{cfg: cfg, now: now, logger: logger, requests: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "trellis_idempotency_requests_total",
		Help: "Requests with an Idempotency-Key, by what became of them: done, failed, replayed, in_flight, reused.",
	}, []string{"outcome"})}
	registry.MustRegister(k.requests)
	return k
}

// Once makes a handler that does what it does once for each key, in a transaction of db, which is the database of the
// module. It panics when the output cannot be kept: its headers are of type string, and it is no stream. Without a key, of
// an input with OptionalKey, the handler runs as it would without Once.
func Once[I, O any, In interface {
	*I
	keyed
}](
	keys *Keys, db *database.DB, handler func(ctx context.Context, in *I) (*O, error),
) func(ctx context.Context, in *I) (*O, error) {
	httpapi.CheckAnswer[O]()
	return func(ctx context.Context, in *I) (*O, error) {
		key, payload := In(in).keyed()
		if key == "" {
			return handler(ctx, in)
		}
		answer, err := keys.once(ctx, db, key, payload, func(ctx context.Context) (*httpapi.Answer, error) {
			out, err := handler(ctx, in)
			if err != nil {
				return nil, err
			}
			return httpapi.Render(ctx, out)
		})
		if err != nil {
			return nil, err
		}
		return nil, answer
	}
}

var (
	errAnonymous  = errors.New("an operation with an Idempotency-Key has to know who calls it: its Policy must not be auth.Public")
	errUnresolved = errors.New("the fingerprint of the request was not taken: embed the key in the input itself")
)

// once gives the answer of an earlier request with the key, or that of do.
func (k *Keys) once(
	ctx context.Context, db *database.DB, key string, payload *httpapi.Payload, do func(context.Context) (*httpapi.Answer, error),
) (*httpapi.Answer, error) {
	who := auth.PrincipalOf(ctx)
	if who.Anonymous() {
		return nil, problem.Trace(errAnonymous)
	}
	if payload.Fingerprint() == "" {
		return nil, problem.Trace(errUnresolved)
	}
	claim := &row{ID: scoped(who.UserID, payload.Operation(), key), Fingerprint: payload.Fingerprint(), Run: id.New()}
	stored, err := k.claim(ctx, db, claim)
	if err != nil || stored != nil {
		k.count(stored, err)
		return stored, err
	}
	return k.run(ctx, db, claim, do)
}

// scoped is the id of a key of somebody's for an operation: a hash, since keys are case-sensitive and long.
func scoped(user, operation, key string) string {
	sum := sha256.Sum256([]byte(user + "\n" + operation + "\n" + key))
	return hex.EncodeToString(sum[:])
}

// run does what the key was claimed for, and lets go of the key when nothing came of it.
func (k *Keys) run(
	ctx context.Context, db *database.DB, claim *row, do func(context.Context) (*httpapi.Answer, error),
) (answer *httpapi.Answer, err error) {
	outcome := "failed"
	defer func() { // also after a panic
		if k.requests.WithLabelValues(outcome).Inc(); outcome == "failed" {
			k.release(ctx, db, claim)
		}
	}()
	err = db.InTx(ctx, func(ctx context.Context) error {
		var err error
		if answer, err = do(ctx); err != nil {
			return err
		}
		return k.keep(ctx, db, claim, answer)
	})
	if err != nil {
		return nil, err
	}
	outcome = "done"
	return answer, nil
}

// count tells the metrics what became of a request whose key was taken.
func (k *Keys) count(stored *httpapi.Answer, err error) {
	switch {
	case stored != nil:
		k.requests.WithLabelValues("replayed").Inc()
	case errors.Is(err, ErrKeyReused):
		k.requests.WithLabelValues("reused").Inc()
	case errors.Is(err, ErrInFlight):
		k.requests.WithLabelValues("in_flight").Inc()
	}
}

// inFlight refuses a request whose key is taken.
func inFlight(detail string) error { return ErrInFlight.New(detail).After(retryAfter) }
