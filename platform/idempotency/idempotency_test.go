package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/trellis-go/trellis/platform/auth"
	"github.com/trellis-go/trellis/platform/database"
	"github.com/trellis-go/trellis/platform/httpapi"
	"github.com/trellis-go/trellis/platform/id"
	"github.com/trellis-go/trellis/platform/idempotency"
	"github.com/trellis-go/trellis/platform/module"
	"github.com/trellis-go/trellis/platform/problem"
	"github.com/trellis-go/trellis/test/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	retention = 24 * time.Hour
	lease     = time.Minute
)

var errSoldOut = problem.Define(http.StatusConflict, "tickets_sold_out", "Sold out", "There is none left.")

// office sells tickets: each sale is a row, and its answer differs from every other.
type office struct {
	*database.DB
	free   bool                            // nothing is written of a sale
	before func(ctx context.Context) error // runs inside of every sale, before it is written
	after  func(ctx context.Context) error // and after it
}

type ticket struct {
	ID    string `json:"id" readOnly:"true"`
	Seat  string `json:"seat"`
	Price *int64 `json:"price,omitempty"`
}

type (
	sellInput struct {
		idempotency.Key
		Row  int `query:"row"`
		Body ticket
	}
	giveInput struct {
		httpapi.Origin
		idempotency.OptionalKey
		Body ticket
	}
	soldOutput struct {
		Status   int
		ETag     string `header:"ETag"`
		Location string `header:"Location"`
		Body     *ticket
	}
)

func (o *office) sell(ctx context.Context, wanted ticket) (*soldOutput, error) {
	wanted.ID = id.New()
	if o.before != nil {
		if err := o.before(ctx); err != nil {
			return nil, err
		}
	}
	err := o.InTx(ctx, func(ctx context.Context) error { // as a service has it: it joins
		if o.free {
			return nil
		}
		return o.Writer(ctx).Exec("INSERT INTO sales (id) VALUES (?)", wanted.ID).Error
	})
	if err == nil && o.after != nil {
		err = o.after(ctx)
	}
	if err != nil {
		return nil, err
	}
	return &soldOutput{Status: http.StatusCreated, ETag: httpapi.ETag(1), Location: "/tickets/" + wanted.ID, Body: &wanted}, nil
}

func (o *office) sales(t *testing.T) int {
	t.Helper()
	var n int64
	require.NoError(t, o.Reader(t.Context()).Table("sales").Count(&n).Error)
	return int(n)
}

// kept is how many keys are stored.
func (o *office) kept(t *testing.T) int {
	t.Helper()
	var n int64
	require.NoError(t, o.Reader(t.Context()).Table("idempotency_keys").Count(&n).Error)
	return int(n)
}

// open is a client of one process that sells the office's tickets.
func (o *office) open(t *testing.T, now *testkit.Clock) testkit.Client {
	t.Helper()
	keys := testkit.KeysAt(t, now.Now)
	routes := func(api *httpapi.API) {
		for _, v := range []*httpapi.Group{api.V(1), api.V(2)} {
			httpapi.Handle(v, httpapi.Operation{
				ID: "sell-ticket", Method: http.MethodPost, Path: "/tickets", Tag: "Tickets", Policy: auth.Authenticated,
				Summary: "Sell a ticket", Status: http.StatusCreated, Problems: append(idempotency.Problems(), idempotency.ErrKeyRequired, errSoldOut),
			}, idempotency.Once(keys, o.DB, func(ctx context.Context, in *sellInput) (*soldOutput, error) { return o.sell(ctx, in.Body) }))
			httpapi.Handle(v, httpapi.Operation{
				ID: "give-ticket", Method: http.MethodPost, Path: "/gifts", Tag: "Tickets", Policy: auth.Authenticated, Summary: "Give a ticket",
			}, idempotency.Once(keys, o.DB, func(ctx context.Context, in *giveInput) (*soldOutput, error) { return o.sell(ctx, in.Body) }))
			httpapi.Handle(v, httpapi.Operation{
				ID: "void-ticket", Method: http.MethodPost, Path: "/void", Tag: "Tickets", Policy: auth.Authenticated, Summary: "Void a ticket",
			}, idempotency.Once(keys, o.DB, func(ctx context.Context, in *giveInput) (*struct{}, error) {
				_, err := o.sell(ctx, in.Body)
				return nil, err
			}))
			httpapi.Handle(v, httpapi.Operation{
				ID: "beg-ticket", Method: http.MethodPost, Path: "/beg", Tag: "Tickets", Policy: auth.Public, Summary: "Beg for a ticket",
			}, idempotency.Once(keys, o.DB, func(ctx context.Context, in *giveInput) (*soldOutput, error) { return o.sell(ctx, in.Body) }))
		}
	}
	return testkit.Serve(t, module.Module{Name: "office", Routes: routes})
}

// eachEngine runs a specification of an office on every engine.
func eachEngine(t *testing.T, run func(t *testing.T, o *office)) {
	t.Helper()
	testkit.EachEngine(t, func(t *testing.T, m *database.Manager) { run(t, newOffice(t, m)) })
}

func newOffice(t *testing.T, m *database.Manager) *office {
	t.Helper()
	db, err := m.DB(testkit.Name)
	require.NoError(t, err)
	require.NoError(t, db.Writer(t.Context()).Exec("CREATE TABLE sales (id VARCHAR(36))").Error)
	return &office{DB: db}
}

func sell(client testkit.Client, key, body string, header ...string) testkit.Answer {
	return client.Do("POST", "/api/v1/tickets", body, append([]string{"Idempotency-Key", key}, header...)...)
}

const seat = `{"seat":"A1"}`

func TestARequestThatComesAgainHasItsFirstAnswer(t *testing.T) {
	testkit.Shows(t, testkit.Transactions)
	eachEngine(t, func(t *testing.T, o *office) {
		clock := &testkit.Clock{}
		first := sell(o.open(t, clock), "k", seat).Must(http.StatusCreated)
		assert.Empty(t, first.Header.Get(idempotency.ReplayedHeader))
		assert.NotEmpty(t, first.Header.Get("Location"))

		other := o.open(t, clock) // another replica, or the same one after a restart
		for range 2 {
			again := sell(other, "k", seat).Must(http.StatusCreated)
			assert.Equal(t, first.Body, again.Body, "byte by byte")
			assert.Equal(t, "true", again.Header.Get(idempotency.ReplayedHeader))
			for _, name := range []string{"Location", "ETag", "Content-Type", "Api-Version", "Deprecation"} {
				assert.Equal(t, first.Header.Get(name), again.Header.Get(name), name)
			}
		}
		assert.Equal(t, 1, o.sales(t))
	})
}

func TestAnAnswerIsEncodedAsItWouldBeWithoutAKey(t *testing.T) {
	o := newOffice(t, testkit.Database(t))
	client := o.open(t, &testkit.Clock{})
	with := client.Do("POST", "/api/v1/gifts", `{"seat":"<A&1>","price":12}`, "Idempotency-Key", "k").Must(http.StatusCreated)
	without := client.Do("POST", "/api/v1/gifts", `{"seat":"<A&1>","price":12}`).Must(http.StatusCreated)
	normal := func(a testkit.Answer) string {
		return strings.ReplaceAll(a.Body+a.Header.Get("Location"), a.JSON()["id"].(string), "ID")
	}
	assert.Equal(t, normal(without), normal(with))
	for name := range without.Header {
		if name != "X-Request-Id" && name != "Location" {
			assert.Equal(t, without.Header[name], with.Header[name], name)
		}
	}
	assert.Len(t, with.Header, len(without.Header))
	assert.Equal(t, 2, o.sales(t))
	assert.Equal(t, 1, o.kept(t), "without a key nothing is kept")
}

func TestAnAnswerWithoutABodyIsKeptToo(t *testing.T) {
	o := newOffice(t, testkit.Database(t))
	client := o.open(t, &testkit.Clock{})
	for range 2 {
		answer := client.Do("POST", "/api/v1/void", seat, "Idempotency-Key", "k").Must(http.StatusNoContent)
		assert.Empty(t, answer.Body)
	}
	assert.Equal(t, 1, o.sales(t))
}

func TestAKeyBelongsToOneRequest(t *testing.T) {
	o := newOffice(t, testkit.Database(t))
	client := o.open(t, &testkit.Clock{})
	sell(client, "k", `{"seat":"A1","price":10}`).Must(http.StatusCreated)
	for name, again := range map[string]testkit.Answer{
		"another body":    sell(client, "k", `{"seat":"A2","price":10}`),
		"another number":  sell(client, "k", `{"seat":"A1","price":11}`),
		"another query":   client.Do("POST", "/api/v1/tickets?row=2", `{"seat":"A1","price":10}`, "Idempotency-Key", "k"),
		"another version": client.Do("POST", "/api/v2/tickets", `{"seat":"A1","price":10}`, "Idempotency-Key", "k"),
	} {
		assert.Equal(t, "idempotency_key_reused", again.Must(http.StatusUnprocessableEntity).Problem().Code, name)
	}
	for name, again := range map[string]testkit.Answer{
		"JSON that is laid out otherwise": sell(client, "k", "{ \"price\": 10,\n \"seat\": \"A1\" }"),
		"the version in a header":         client.Do("POST", "/api/tickets", `{"seat":"A1","price":10}`, "Idempotency-Key", "k", "API-Version", "1"),
	} {
		assert.Equal(t, "true", again.Must(http.StatusCreated).Header.Get(idempotency.ReplayedHeader), name)
	}
	assert.Equal(t, 1, o.sales(t))
}

func TestAKeyBelongsToWhoSendsItAndToTheOperation(t *testing.T) {
	o := newOffice(t, testkit.Database(t))
	client := o.open(t, &testkit.Clock{})
	sell(client, "k", seat).Must(http.StatusCreated)
	assert.Empty(t, sell(client.As(auth.Customer), "k", seat).Must(http.StatusCreated).Header.Get(idempotency.ReplayedHeader))
	assert.Empty(t, sell(client, "K", seat).Must(http.StatusCreated).Header.Get(idempotency.ReplayedHeader), "in capitals it is another")
	client.Do("POST", "/api/v1/gifts", seat, "Idempotency-Key", "k").Must(http.StatusCreated)
	assert.Equal(t, 4, o.sales(t))
}

func TestAKeyIsAskedFor(t *testing.T) {
	o := newOffice(t, testkit.Database(t))
	client := o.open(t, &testkit.Clock{})
	for _, body := range []string{seat, `{}`} {
		answer := client.Do("POST", "/api/v1/tickets", body).Must(http.StatusBadRequest)
		assert.Equal(t, "idempotency_key_required", answer.Problem().Code)
	}
	for _, key := range []string{"two words", strings.Repeat("k", 256), "schlüssel"} {
		doc := sell(client, key, seat).Must(http.StatusUnprocessableEntity).Problem()
		require.Len(t, doc.Errors, 1, key)
		assert.Equal(t, "header", doc.Errors[0].In)
	}
	sell(client, strings.Repeat("k", 255), seat).Must(http.StatusCreated)
	assert.Equal(t, 1, o.sales(t))
}

func TestStrangersHaveNoKeys(t *testing.T) {
	o := newOffice(t, testkit.Database(t))
	client := o.open(t, &testkit.Clock{}).With("")
	client.Do("POST", "/api/v1/beg", seat, "Idempotency-Key", "k").Must(http.StatusInternalServerError)
	assert.Zero(t, o.sales(t))
}

func TestASecondRequestIsToldAtOnceThatTheFirstIsInFlight(t *testing.T) {
	eachEngine(t, func(t *testing.T, o *office) {
		client := o.open(t, &testkit.Clock{})
		selling, done := make(chan struct{}), make(chan struct{})
		o.after = func(context.Context) error { // the transaction has written, and is open
			close(selling)
			<-done
			return nil
		}
		var first sync.WaitGroup
		end := sync.OnceFunc(func() { close(done); first.Wait() })
		defer end()
		first.Go(func() { sell(client, "k", seat).Must(http.StatusCreated) })
		<-selling
		for range 4 {
			second := sell(client, "k", seat).Must(http.StatusConflict)
			assert.Equal(t, "idempotency_in_flight", second.Problem().Code)
			assert.Equal(t, "1", second.Header.Get("Retry-After"))
		}
		other := sell(client, "k", `{"seat":"A2"}`).Must(http.StatusUnprocessableEntity)
		assert.Equal(t, "idempotency_key_reused", other.Problem().Code)
		end()
		assert.Equal(t, "true", sell(client, "k", seat).Must(http.StatusCreated).Header.Get(idempotency.ReplayedHeader))
		assert.Equal(t, 1, o.sales(t))
	})
}

func TestOfManyRequestsAtOnceOneHasTheEffect(t *testing.T) {
	eachEngine(t, func(t *testing.T, o *office) {
		clock := &testkit.Clock{}
		clients := []testkit.Client{o.open(t, clock), o.open(t, clock)}
		for round := range 10 {
			var all sync.WaitGroup
			var bodies sync.Map
			for i := range 5 {
				all.Go(func() {
					for {
						answer := sell(clients[i%2], fmt.Sprint("k", round), seat)
						if answer.Status == http.StatusCreated {
							bodies.Store(answer.Body, true)
							return
						}
						if !assert.Equal(t, http.StatusConflict, answer.Status, answer.Body) {
							return
						}
					}
				})
			}
			all.Wait()
			different := 0
			bodies.Range(func(any, any) bool { different++; return true })
			assert.Equal(t, 1, different)
			assert.Equal(t, round+1, o.sales(t))
		}
	})
}

func TestAfterAnErrorTheKeyIsFree(t *testing.T) {
	eachEngine(t, func(t *testing.T, o *office) {
		client := o.open(t, &testkit.Clock{})
		for _, failure := range []struct {
			err    error
			status int
		}{
			{errSoldOut, http.StatusConflict},
			{errors.New("no"), http.StatusInternalServerError},
			{context.DeadlineExceeded, http.StatusGatewayTimeout},
		} {
			o.after = func(context.Context) error { return failure.err }
			sell(client, "k", seat).Must(failure.status)
			assert.Zero(t, o.sales(t), "what was written is rolled back")
			assert.Zero(t, o.kept(t))
		}
		o.after = nil
		sell(client, "k", `{"seat":"B7"}`).Must(http.StatusCreated)
		assert.Equal(t, 1, o.sales(t))
	})
}

func TestAfterAPanicTheKeyIsFree(t *testing.T) {
	eachEngine(t, func(t *testing.T, o *office) {
		client := o.open(t, &testkit.Clock{})
		o.after = func(context.Context) error { panic("no") }
		sell(client, "k", seat).Must(http.StatusInternalServerError)
		o.after = nil
		sell(client, "k", seat).Must(http.StatusCreated)
		assert.Equal(t, 1, o.sales(t))
	})
}

func TestAKeyIsFreeAgainWhenItsClientHasGone(t *testing.T) {
	eachEngine(t, func(t *testing.T, o *office) {
		ctx, goAway := context.WithCancel(t.Context())
		o.after = func(ctx context.Context) error {
			goAway()
			return ctx.Err()
		}
		client := o.open(t, &testkit.Clock{})
		client.DoIn(ctx, "POST", "/api/v1/tickets", seat, "Idempotency-Key", "k").Must(499)
		assert.Zero(t, o.kept(t))
	})
}

// die ends a process in the middle of a sale: the transaction is gone, and nobody lets go of the key.
func (o *office) die(t *testing.T, client testkit.Client, key string) {
	t.Helper()
	gone := errors.New("the process is gone")
	o.after = func(context.Context) error { return gone }
	require.NoError(t, o.Writer(t.Context()).Exec(o.refuseDeletes()).Error)
	sell(client, key, seat).Must(http.StatusInternalServerError)
	require.NoError(t, o.Writer(t.Context()).Exec("DROP TRIGGER keep_keys").Error)
	o.after = nil
	require.Equal(t, 1, o.kept(t), "the key is taken")
}

func (o *office) refuseDeletes() string {
	if o.Driver() == "sqlite" {
		return "CREATE TRIGGER keep_keys BEFORE DELETE ON idempotency_keys BEGIN SELECT RAISE(ABORT, 'kept'); END"
	}
	return "CREATE TRIGGER keep_keys BEFORE DELETE ON idempotency_keys FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'kept'"
}

func TestTheKeyOfAProcessThatDiedIsFreeAfterItsLease(t *testing.T) {
	eachEngine(t, func(t *testing.T, o *office) {
		clock := &testkit.Clock{}
		client := o.open(t, clock)
		o.die(t, client, "k")
		sell(client, "k", seat).Must(http.StatusConflict)
		clock.Advance(lease + time.Second)
		sell(client, "k", `{"seat":"another, since it is free"}`).Must(http.StatusCreated)
		sell(client, "k", `{"seat":"another, since it is free"}`).Must(http.StatusCreated)
		assert.Equal(t, 1, o.sales(t))
	})
}

func TestARequestThatOutlivedItsLeaseCommitsNothing(t *testing.T) {
	clock := &testkit.Clock{}
	o := newOffice(t, testkit.Database(t))
	client := o.open(t, clock)
	var stalled atomic.Bool
	o.before = func(ctx context.Context) error {
		if stalled.CompareAndSwap(false, true) {
			clock.Advance(lease + time.Second) // and another process takes the key meanwhile
			return o.Writer(ctx).Exec("UPDATE idempotency_keys SET run = 'another'").Error
		}
		return nil
	}
	answer := sell(client, "k", seat).Must(http.StatusConflict)
	assert.Equal(t, "idempotency_in_flight", answer.Problem().Code)
	assert.Zero(t, o.sales(t))
}

func TestAnAnswerIsForgottenAfterItsRetention(t *testing.T) {
	eachEngine(t, func(t *testing.T, o *office) {
		clock := &testkit.Clock{}
		client := o.open(t, clock)
		sell(client, "k", seat).Must(http.StatusCreated)
		clock.Advance(retention - time.Minute)
		sell(client, "k", `{"seat":"A2"}`).Must(http.StatusUnprocessableEntity)
		clock.Advance(2 * time.Minute)
		assert.Empty(t, sell(client, "k", `{"seat":"A2"}`).Must(http.StatusCreated).Header.Get(idempotency.ReplayedHeader))
		assert.Equal(t, 2, o.sales(t))
	})
}

func TestWhatCountsForNothingIsSweptAFewAtATime(t *testing.T) {
	eachEngine(t, func(t *testing.T, o *office) {
		clock := &testkit.Clock{}
		keys, client := testkit.KeysAt(t, clock.Now), o.open(t, clock)
		for _, key := range []string{"1", "2", "3"} {
			sell(client, key, seat).Must(http.StatusCreated)
		}
		clock.Advance(retention)
		sell(client, "4", seat).Must(http.StatusCreated)
		for _, want := range []int{2, 1, 0} {
			found, err := keys.Sweep(t.Context(), o.DB, 2)
			require.NoError(t, err)
			assert.Equal(t, want, found)
		}
		assert.Equal(t, "true", sell(client, "4", seat).Must(http.StatusCreated).Header.Get(idempotency.ReplayedHeader))
	})
}

func TestAnOutputThatCannotBeKeptIsAMistakeInTheProgram(t *testing.T) {
	o := newOffice(t, testkit.Database(t))
	assert.PanicsWithValue(t, "httpapi: the field Body of httpapi.Download cannot be kept and sent again", func() {
		idempotency.Once(testkit.Keys(t), o.DB, func(context.Context, *giveInput) (*httpapi.Download, error) { return nil, nil })
	})
}
