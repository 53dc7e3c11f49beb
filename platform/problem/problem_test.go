package problem_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/trellis-go/trellis/platform/problem"
)

var errSoldOut = problem.Define(http.StatusConflict, "sold_out", "It is sold out", "Come again tomorrow.")

func TestAnyErrorIsMappedToAProblem(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		kind *problem.Kind
	}{
		"an occurrence":         {errSoldOut.New("no tea"), errSoldOut},
		"a wrapped occurrence":  {fmt.Errorf("order: %w", errSoldOut.New("no tea")), errSoldOut},
		"a kind itself":         {fmt.Errorf("order: %w", errSoldOut), errSoldOut},
		"one among several":     {errors.Join(errors.New("x"), errSoldOut.New("")), errSoldOut},
		"a body over its limit": {fmt.Errorf("read: %w", &http.MaxBytesError{Limit: 9}), problem.TooLarge},
		"a passed deadline":     {fmt.Errorf("query: %w", context.DeadlineExceeded), problem.Timeout},
		"a client that left":    {context.Canceled, problem.ClientClosed},
		"anything else":         {errors.New("boom"), problem.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Same(t, test.kind, problem.From(test.err).Kind)
		})
	}
}

func TestADocumentShowsNothingOfTheCause(t *testing.T) {
	err := errSoldOut.New("no tea").Because(errors.New("SELECT secret"))
	assert.Equal(t, problem.Document{
		Type: "/problems/sold_out", Title: "It is sold out", Status: 409, Detail: "no tea", Code: "sold_out", RequestID: "r1",
	}, err.Document("r1"))
}

func TestTheLogSeesEverything(t *testing.T) {
	err := errSoldOut.New("no tea").
		With(problem.Field{In: "body", Pointer: "/lines/0", Detail: "must be in stock"}).Because(errors.New("0 rows"))
	assert.Equal(t, "sold_out: no tea; body /lines/0: must be in stock: 0 rows", err.Error())
}

func TestAnOccurrenceIsItsKindAndItsCause(t *testing.T) {
	cause := errors.New("cause")
	err := fmt.Errorf("order: %w", errSoldOut.Because(cause))
	require.ErrorIs(t, err, errSoldOut)
	require.ErrorIs(t, err, cause)
	require.NotErrorIs(t, err, problem.Internal)
}

func TestRetryAfterIsInWholeSecondsRoundedUp(t *testing.T) {
	assert.Equal(t, "2", problem.Unavailable.New("").After(1100*time.Millisecond).Header().Get("Retry-After"))
	assert.Empty(t, problem.Unavailable.New("").Header())
}

func TestACodeIsDefinedOnce(t *testing.T) {
	assert.PanicsWithValue(t, "problem: the code sold_out is defined twice", func() {
		problem.Define(500, "sold_out", "", "")
	})
}

func TestKindsAreFoundByCodeAndListedInOrder(t *testing.T) {
	found, ok := problem.ByCode("sold_out")
	assert.True(t, ok)
	assert.Same(t, errSoldOut, found)
	_, ok = problem.ByCode("nonsense")
	assert.False(t, ok)
	var codes []string
	for _, kind := range problem.Kinds() {
		codes = append(codes, kind.Code)
		assert.NotEmpty(t, kind.Title)
		assert.NotEmpty(t, kind.Doc)
	}
	assert.IsNonDecreasing(t, codes)
}

func TestStatusesOfLibrariesHaveKindsOfTheSameStatus(t *testing.T) {
	for _, status := range []int{400, 404, 405, 408, 409, 413, 415, 422, 500} {
		assert.Equal(t, status, problem.ForStatus(status).Status)
	}
	assert.Same(t, problem.Internal, problem.ForStatus(599))
}

func TestTheStackIsTakenWhereTheErrorCameIn(t *testing.T) {
	err := fmt.Errorf("outer: %w", comeIn(errors.New("boom")))
	assert.Contains(t, string(problem.Stack(err)), "comeIn")
	assert.Equal(t, "outer: boom", err.Error())
	again := problem.Trace(err)
	assert.Same(t, err, again, "the first stack stays")
}

func comeIn(err error) error { return problem.Trace(err) }

func TestNoErrorHasNoStack(t *testing.T) {
	require.NoError(t, problem.Trace(nil))
	assert.Nil(t, problem.Stack(errors.New("x")))
}
